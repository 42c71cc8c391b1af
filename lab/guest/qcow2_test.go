package guest

import (
	"encoding/binary"
	"strings"
	"testing"
)

func TestAnOverlayMapsNothingOfItsBase(t *testing.T) {
	const base = "/a/path, with: anything/disk.raw"
	b, err := emptyOverlay(base, 5<<29+1) // five tables of 512 MiB, and a byte
	if err != nil {
		t.Fatal(err)
	}
	be := binary.BigEndian
	name := be.Uint64(b[8:])
	if got := string(b[name : name+uint64(be.Uint32(b[16:]))]); got != base {
		t.Errorf("the base is %q", got)
	}
	if got := be.Uint32(b[36:]); got != 6 {
		t.Errorf("%d tables", got)
	}
	if strings.Trim(string(b[be.Uint64(b[40:]):]), "\x00") != "" {
		t.Error("it maps something")
	}
	block := be.Uint64(b[be.Uint64(b[48:]):])
	for i := range len(b) / cluster {
		if be.Uint16(b[int(block)+2*i:]) != 1 {
			t.Errorf("cluster %d would be overwritten", i)
		}
	}
}

func TestABaseThatIsTooLargeIsRefused(t *testing.T) {
	for size, name := range map[int64]string{1: "/" + strings.Repeat("x", 1023), -1: "/disk", 1 << 62: "/disk"} {
		if _, err := emptyOverlay(name, size); err == nil {
			t.Errorf("%d bytes and a path of %d were taken", size, len(name))
		}
	}
}

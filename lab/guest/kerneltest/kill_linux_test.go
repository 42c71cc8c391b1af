package kerneltest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab/clock"
	"crashcart/lab/guest"
	"crashcart/lab/guest/guesttest"
	"crashcart/lab/guest/image"
)

// helper is the environment variable that makes this test's program one that starts a
// guest, says its process id, and waits to be killed. It has the guest's kernel and disk.
const helper = "CRASHCART_GUEST_HELPER"

// TestHelper is not a test but that program.
func TestHelper(t *testing.T) {
	kernel, disk, asked := strings.Cut(os.Getenv(helper), ",")
	if !asked {
		return // an ordinary run of the tests
	}
	if _, err := guest.Start(t.Context(), guest.Options{Image: image.Image{Kernel: kernel, Disk: disk}, Clock: clock.NewScaled(1)}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("started", qemu(t))
	<-t.Context().Done()
}

func TestNoGuestOutlivesAProcessThatIsKilled(t *testing.T) {
	img := built(t)
	dir := filepath.Dir(img.Disk)
	before := files(t, dir)
	guesttest.Ends(t, guesttest.Killed(t, helper+"="+img.Kernel+","+img.Disk))
	if after := files(t, dir); !maps.Equal(after, before) {
		t.Errorf("it left %v of %v", after, before)
	}
}

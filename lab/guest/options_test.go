package guest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/guest"
	"crashcart/lab/guest/image"
)

func TestAGuestThatCouldNotBeInterruptedIsRefused(t *testing.T) {
	for _, arch := range []string{"arm64", "aarch64", "i386"} {
		_, err := guest.Start(t.Context(), guest.Options{Arch: arch})
		if !errors.Is(err, guest.ErrArch) || !strings.Contains(err.Error(), arch) || !strings.Contains(err.Error(), "Graviton") {
			t.Errorf("%s: %v", arch, err)
		}
	}
}

func TestWithoutQEMUTheErrorSaysHowToGetIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := guest.Start(t.Context(), guest.Options{
		Arch: "amd64", Clock: clock.NewManual(time.Now()), Image: image.Image{Kernel: "vmlinuz", Disk: "disk.raw"},
	})
	if !errors.Is(err, guest.ErrMissing) || !strings.Contains(err.Error(), "apt-get install") {
		t.Error(err)
	}
}

func TestAnIncompleteGuestIsRefused(t *testing.T) {
	if _, err := guest.Start(t.Context(), guest.Options{}); err == nil {
		t.Error("a guest without image and clock was started")
	}
}

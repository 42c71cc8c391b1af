package hosts

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"crashcart/lambda/domain/dump"
)

func TestAFileThatChangesIsNeverTakenForWhole(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"written to": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		},
		"shortened": func(path string) error { return os.Truncate(path, 2*mib+5) },
		"replaced": func(path string) error {
			if err := os.Rename(path, path+".old"); err != nil {
				return err
			}
			return os.WriteFile(path, flattened(3*mib+12345), 0o600)
		},
		"removed": os.Remove,
	} {
		for _, during := range []string{"/1/2", "/1/4"} { // the last part, too
			t.Run(name+" during "+during, func(t *testing.T) {
				t.Parallel()
				h, b, files, bodies := crashed(t, "curl")
				b.before = func(path string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
					if path == during {
						if err := change(files[1].Path); err != nil {
							t.Error(err)
						}
					}
					return false
				}
				r := h.send(b.serve(mib, nil, files...), nil)
				got, _ := r.File(files[1].Path)
				if got.State == dump.StateSent || got.SHA256 != "" || got.State.Again() {
					t.Errorf("%+v", got)
				}
				if during != "/1/4" && b.tries["/1/4"] > 0 {
					t.Errorf("it was sent to its end: %v", b.tries)
				}
				home(t, b, r, files[:1], bodies[:1])
			})
		}
	}
}

func TestAFileThatIsNotTheSurveyedOneIsNeverSent(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	url := b.serve(mib, nil, files...)
	h.write("var/crash/202611220527/dump.202611220527", flattened(3*mib+12345), 2*time.Minute) // as large, but another
	if err := os.Remove(files[0].Path); err != nil {
		t.Fatal(err)
	}
	r := h.send(url, nil)
	gone, _ := r.File(files[0].Path)
	changed, _ := r.File(files[1].Path)
	if gone.State != dump.StateGone || changed.State != dump.StateChanged || len(b.arrived()) > 0 {
		t.Errorf("%+v, and %q arrived", r, b.arrived())
	}
}

// A shell ends when it cannot open a file for good, and what was sent before were not told.
func TestAFileThatVanishesNeverEndsTheScript(t *testing.T) {
	t.Parallel()
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil {
		t.Fatal(err)
	}
	for shell, args := range shells(t) {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, "curl")
			h.shell = args
			h.stub("mkfifo", "[ -s "+h.root+"/run/crashcart-collect/sum ] && rm "+files[1].Path+"\nexec "+mkfifo+` "$@"`)
			r := h.send(b.serve(mib, nil, files...), nil)
			if got, _ := r.File(files[1].Path); got.State != dump.StateGone {
				t.Errorf("%+v", got)
			}
			home(t, b, r, files[:1], bodies[:1])
		})
	}
}

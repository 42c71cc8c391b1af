package hosts

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/dump"
)

const mib = 1 << 20

// crashed is a host with a dmesg and a dump of three parts and a bit, its survey, and a
// bucket.
func crashed(t *testing.T, also ...string) (*host, *bucket, []dump.File, [][]byte) {
	t.Helper()
	h, b := newHost(t, also...), newBucket(t)
	h.bucket = b
	bodies := [][]byte{[]byte("Kernel panic - not syncing: NMI: Not continuing\n"), flattened(3*mib + 12345)}
	h.write("var/crash/202611220527/dmesg.202611220527", bodies[0], time.Minute)
	h.write("var/crash/202611220527/dump.202611220527", bodies[1], time.Minute)
	files := h.survey().Files
	if len(files) != 2 {
		t.Fatalf("surveyed %v", files)
	}
	return h, b, files, bodies
}

// home fails the test unless every file has arrived as it is on the host.
func home(t *testing.T, b *bucket, r dump.Report, files []dump.File, bodies [][]byte) {
	t.Helper()
	for i, f := range files {
		got, _ := r.File(f.Path)
		if got.State != dump.StateSent || got.SHA256 != sumOf(bodies[i]) {
			t.Errorf("%s is %+v, want the sum %s", f.Path, got, sumOf(bodies[i]))
		}
		if !bytes.Equal(b.object(i), bodies[i]) {
			t.Errorf("%s has %d bytes in the bucket, and differs from the %d on the host", f.Path, len(b.object(i)), len(bodies[i]))
		}
	}
}

func TestNoByteOfADumpIsLostOnItsWay(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		for shell, args := range shells(t) {
			if tool == "wget" && shell == "busybox" {
				continue // busybox runs a wget of its own, which cannot put: the script says so
			}
			t.Run(tool+"/"+shell, func(t *testing.T) {
				t.Parallel()
				h, b, files, bodies := crashed(t, tool)
				h.shell = args
				r := h.send(b.serve(mib, nil, files...), nil)
				home(t, b, r, files, bodies)
				if got, _ := r.File(files[1].Path); got.Parts != 4 {
					t.Errorf("%d parts", got.Parts)
				}
				if len(b.seen) > 0 {
					t.Errorf("every user can read %q", b.seen)
				}
				if left := h.leftovers(); len(left) > 0 {
					t.Errorf("left on the host: %q", left)
				}
			})
		}
	}
}

func TestTheDmesgIsNeverBehindTheDump(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	var order []string
	b.before = func(path string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
		order = append(order, path)
		return false
	}
	h.send(b.serve(mib, nil, files...), nil)
	if want := []string{"/0/1", "/1/1", "/1/2", "/1/3", "/1/4"}; !slices.Equal(order, want) {
		t.Errorf("sent in the order %q", order)
	}
}

func TestAPartThatHasArrivedIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, tool)
			h.send(b.serve(mib, nil, files...), nil)
			b.parts["/1/2"], b.tries = nil, map[string]int{}
			r := h.send(b.serve(mib, []string{"/0/1", "/1/1", "/1/3", "/1/4"}, files...), nil)
			home(t, b, r, files, bodies)
			if len(b.tries) != 1 || b.tries["/1/2"] != 1 {
				t.Errorf("sent again: %v", b.tries)
			}
		})
	}
}

func TestAConnectionThatBreaksCostsNothing(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, tool)
			b.before = func(path string, nth int, w http.ResponseWriter, r *http.Request) bool {
				switch {
				case path == "/1/2" && nth == 1: // breaks in the middle
					_, _ = r.Body.Read(make([]byte, 1000))
					hangUp(t, w)
				case path == "/1/3" && nth < 3:
					http.Error(w, "SlowDown", http.StatusServiceUnavailable)
				default:
					return false
				}
				return true
			}
			home(t, b, h.send(b.serve(mib, nil, files...), nil), files, bodies)
		})
	}
}

func hangUp(t *testing.T, w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

func TestAnExpiredURLLosesNothingThatHasArrived(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, tool)
			b.before = func(path string, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if path != "/1/3" {
					return false
				}
				http.Error(w, "<Code>AccessDenied</Code><Message>Request has expired</Message>", http.StatusForbidden)
				return true
			}
			r := h.send(b.serve(mib, nil, files...), nil)
			got, _ := r.File(files[1].Path)
			if got.State != dump.StateRefused || got.HTTP != 403 || got.Parts != 2 || b.tries["/1/3"] != 1 || !got.State.Again() {
				t.Errorf("%+v after %v", got, b.tries)
			}
			if want := []string{"/0/1", "/1/1", "/1/2"}; !slices.Equal(b.arrived(), want) {
				t.Errorf("arrived %q", b.arrived())
			}
			b.before = nil // a new manifest
			home(t, b, h.send(b.serve(mib, b.arrived(), files...), nil), files, bodies)
		})
	}
}

func TestAStoreThatDoesNotAnswerIsNeverAskedForEver(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, tool)
			b.before = func(path string, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if path == "/1/1" {
					hangUp(t, w)
				}
				return path == "/1/1"
			}
			r := h.send(b.serve(mib, nil, files...), nil)
			if got, _ := r.File(files[1].Path); got.State != dump.StateUnreachable || !got.State.Again() {
				t.Errorf("%+v", got)
			}
			if b.tries["/1/1"] < 3 || b.tries["/1/2"] > 0 {
				t.Errorf("asked %v", b.tries)
			}
			home(t, b, r, files[:1], bodies[:1])
		})
	}
}

func TestASendWithoutItsMeansNeverSaysThatItSent(t *testing.T) {
	t.Parallel()
	t.Run("no tool", func(t *testing.T) {
		t.Parallel()
		h, b, files, _ := crashed(t)
		if r := h.send(b.serve(mib, nil, files...), nil); r.Stopped != dump.StoppedNoTool || len(r.Files) > 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a wget that cannot put", func(t *testing.T) {
		t.Parallel()
		h, b, files, _ := crashed(t)
		h.stub("wget", "echo 'GNU Wget 1.14'") // of Red Hat 7: it has no --body-file
		if r := h.send(b.serve(mib, nil, files...), nil); r.Stopped != dump.StoppedNoTool || len(r.Files) > 0 {
			t.Errorf("%+v", r)
		}
	})
	for _, tool := range []string{"curl", "wget"} {
		t.Run("no manifest with "+tool, func(t *testing.T) {
			t.Parallel()
			h, b, _, _ := crashed(t, tool)
			for _, url := range []string{b.url + "/nothing", "http://127.0.0.1:1/manifest", ""} {
				if r := h.send(url, nil); r.Stopped != dump.StoppedNoManifest || len(r.Files) > 0 {
					t.Errorf("%s: %+v", url, r)
				}
			}
			for _, other := range []string{"<html>", "<html>\n<p>\n", "", "{\"crashcart\":2,\"case\":\"c\",\"files\":[\n]}\n"} {
				b.manifest = []byte(other)
				if r := h.send(b.url+"/manifest", nil); r.Stopped != dump.StoppedNoManifest {
					t.Errorf("%q: %+v", other, r)
				}
			}
		})
	}
}

package collect_test

import (
	"net/http"
	"testing"

	"crashcart/lambda/domain/dump"
)

// Whoever lists commands has its URL, and may ask for it later.
func TestASealedManifestHasNoURLs(t *testing.T) {
	w := newWorld(t)
	c := w.start(files(3 * mib))
	url, _, err := w.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Seal(t.Context(), caseID); err != nil {
			t.Fatal(err)
		}
	}
	status, body := w.ask(http.MethodGet, url, nil)
	if _, err := dump.ParseManifest(body); status != http.StatusOK || string(body) != "{}\n" || err == nil {
		t.Errorf("%d %s, %v", status, body, err)
	}
}

func TestASealThatS3DoesNotTakeSaysSo(t *testing.T) {
	w := newWorld(t)
	w.fault = func(rw http.ResponseWriter, _ *http.Request) bool {
		refuseWith(rw, http.StatusForbidden, "KMS.DisabledException")
		return true
	}
	if err := w.Seal(t.Context(), caseID); err == nil {
		t.Error("it seems to be sealed")
	}
}

func TestWhatHasArrivedIsCountedWhileItComes(t *testing.T) {
	w := newWorld(t)
	c := w.start(files(3*mib, 2*mib))
	m, c := w.sign(c)
	w.host(m, 3) // the log and two parts of the first dump
	c, err := w.Count(t.Context(), c)
	if err != nil || c.Uploads[0].Arrived != 1 || c.Uploads[1].Arrived != 2 || c.Uploads[2].Arrived != 0 {
		t.Errorf("%+v, %v", c.Uploads, err)
	}
}

// What is gone is for others to find out, and must not hide what has arrived of the rest.
func TestAnUploadThatIsGoneNeverHidesTheOthers(t *testing.T) {
	w := newWorld(t)
	c := w.start(files(3 * mib))
	m, c := w.sign(c)
	c = w.finish(c, w.host(m, 1)) // the log is home
	c.Uploads[0].Done = false
	w.host(m, 3)
	c, err := w.Count(t.Context(), c)
	if err != nil || c.Uploads[1].Arrived != 2 {
		t.Errorf("%+v, %v", c.Uploads, err)
	}
}

func TestACountThatS3DoesNotAnswerKeepsTheOldOne(t *testing.T) {
	w := newWorld(t)
	c := w.start(files(3 * mib))
	c.Uploads[1].Arrived = 2
	w.fault = func(rw http.ResponseWriter, _ *http.Request) bool {
		refuseWith(rw, http.StatusServiceUnavailable, "SlowDown")
		return true
	}
	if c, err := w.Count(t.Context(), c); err == nil || c.Uploads[1].Arrived != 2 {
		t.Errorf("%+v, %v", c.Uploads, err)
	}
}

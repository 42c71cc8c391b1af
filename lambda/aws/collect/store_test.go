package collect_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/dump"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestADumpOfManyPartsArrivesWhole(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(3*mib + 5)))
	if len(m.Files) != 2 || len(m.Files[1].Parts) != 4 || m.Files[0].Kind != dump.KindDmesg {
		t.Fatalf("%+v", m)
	}
	w.home(w.finish(c, w.host(m, -1)))
}

func TestTwoDumpsOfOneNameNeverBecomeOneObject(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(mib+1, mib+2, mib+3)))
	c = w.finish(c, w.host(m, -1))
	w.home(c)
	if len(w.objects()) != 4 {
		t.Errorf("%q", w.objects())
	}
}

func TestADumpOverTheLimitNeverCostsItsDmesg(t *testing.T) {
	w := newWorld(t)
	c, err := w.Start(t.Context(), caseID, files(3*mib), 2*mib)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Left) != 1 || c.Left[0].File.Kind != dump.KindDump || !strings.Contains(c.Left[0].Why, "limit of 2097152") {
		t.Errorf("left %+v", c.Left)
	}
	m, c := w.sign(c)
	w.home(w.finish(c, w.host(m, -1)))
	if want := []string{dump.Key(caseID, 0, c.Uploads[0].File)}; !slices.Equal(w.objects(), want) {
		t.Errorf("%q", w.objects())
	}
}

func TestTheEndOfASessionLosesNothingThatHasArrived(t *testing.T) {
	w := newWorld(t)
	first, c := w.sign(w.start(files(4 * mib)))
	w.host(first, 3) // the dmesg, and two parts
	w.renew()
	r := w.host(first, -1)
	if got, _ := r.File(c.Uploads[1].File.Path); got.State != dump.StateRefused || got.HTTP != http.StatusBadRequest {
		t.Fatalf("a URL of a session that has ended: %+v", got)
	}
	c = w.finish(c, dump.Report{Files: r.Files[1:]})
	second, c := w.sign(c)
	var sent []bool
	for _, p := range second.Files[1].Parts {
		sent = append(sent, p.Sent)
	}
	if !second.Files[0].Parts[0].Sent || !slices.Equal(sent, []bool{true, true, false, false}) {
		t.Errorf("the second manifest asks again for what has arrived: %v", sent)
	}
	w.home(w.finish(c, w.host(second, -1)))
}

func TestAnExpiredURLLosesNothingThatHasArrived(t *testing.T) {
	w := newWorld(t)
	first, c := w.sign(w.start(files(2 * mib)))
	w.host(first, 2)
	w.later(collect.Life + time.Minute)
	r := w.host(first, -1)
	if got, _ := r.File(c.Uploads[1].File.Path); got.State != dump.StateRefused || got.HTTP != http.StatusForbidden {
		t.Fatalf("an expired URL: %+v", got)
	}
	w.later(0)
	second, c := w.sign(w.finish(c, dump.Report{Files: r.Files[1:]}))
	if !second.Files[1].Parts[0].Sent {
		t.Error("the first part is asked for again")
	}
	w.home(w.finish(c, w.host(second, -1)))
}

func TestAURLIsNeverGoodForAnythingElse(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(2 * mib)))
	url := m.Files[1].Parts[0].URL
	for name, other := range map[string]string{
		"another part": strings.Replace(url, "partNumber=1", "partNumber=2", 1),
		"another key":  strings.Replace(url, "/1-vmcore", "/0-vmcore", 1),
		"the object":   strings.Split(url, "?")[0],
	} {
		if status, _ := w.ask(http.MethodPut, other, make([]byte, mib)); other == url || status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := w.ask(http.MethodPut, url, make([]byte, mib-1)); status < 400 {
		t.Errorf("a part of another size: %d", status)
	}
	if status, _ := w.ask(http.MethodGet, url, nil); status < 400 {
		t.Errorf("reading: %d", status)
	}
	if strings.Contains(strings.ToLower(url), "checksum") {
		t.Errorf("the script would have to send a checksum: %s", url)
	}
	c = w.finish(c, w.host(m, -1))
	if status, _ := w.ask(http.MethodPut, url, make([]byte, mib)); status < 400 {
		t.Errorf("after its end: %d", status)
	}
	w.home(c)
}

func TestNoFileIsCompleteByTheWordOfItsHost(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(3 * mib)))
	r := w.host(m, 3)
	r.Files[1].State, r.Files[1].SHA256 = dump.StateSent, sumOf(nil) // one part is missing
	c = w.finish(c, r)
	if c.Uploads[1].Done || !c.Uploads[1].Open() || len(w.objects()) != 1 {
		t.Errorf("%+v, %q", c.Uploads[1], w.objects())
	}
	m, c = w.sign(c)
	w.home(w.finish(c, w.host(m, -1)))
}

func TestAFileThatHasChangedNeverBecomesAnObject(t *testing.T) {
	for _, state := range []dump.State{dump.StateChanged, dump.StateGone, dump.StateUnread} {
		w := newWorld(t)
		m, c := w.sign(w.start(files(3 * mib)))
		r := w.host(m, -1)
		r.Files[1].State, r.Files[1].SHA256 = state, ""
		c = w.finish(c, r)
		if u := c.Uploads[1]; u.Done || u.Open() || !strings.Contains(u.Lost, string(state)) {
			t.Errorf("%s: %+v", state, u)
		}
		kept := map[bool]int{true: 0, false: 1}[state == dump.StateChanged] // of two files nothing is worth keeping
		if !c.Uploads[0].Done || len(w.objects()) != 1 || w.unfinished() != kept {
			t.Errorf("%s: %q, %d unfinished", state, w.objects(), w.unfinished())
		}
	}
}

func TestAScriptThatSaysNothingLosesNothing(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(3 * mib)))
	w.host(m, -1) // every part has arrived, and the script was killed before it said so
	c = w.finish(c, dump.Report{})
	if c.Uploads[0].Done || !c.Open() || len(w.objects()) > 0 {
		t.Errorf("%+v, %q", c, w.objects())
	}
	m, c = w.sign(c)
	for _, f := range m.Files {
		for _, p := range f.Parts {
			if !p.Sent {
				t.Errorf("part %d of %s is asked for again", p.Number, f.Path)
			}
		}
	}
	w.home(w.finish(c, w.host(m, -1)))
}

func TestAnUploadThatCannotBeOpenedLeavesNoneBehind(t *testing.T) {
	w := newWorld(t)
	opened := 0
	w.fault = func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !r.URL.Query().Has("uploads") {
			return false
		}
		if opened++; opened < 3 {
			return false
		}
		refuseWith(rw, http.StatusForbidden, "AccessDenied")
		return true
	}
	c, err := w.Start(t.Context(), caseID, files(mib, mib), 1<<30)
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") || len(c.Uploads) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if opened != 3 || w.unfinished() != 0 {
		t.Errorf("%d asked for, %d unfinished", opened, w.unfinished())
	}
}

// fail answers requests of a kind in place of S3, as often as it is told.
func (w *world) fail(times int, status int, code string, is func(*http.Request) bool) {
	w.fault = func(rw http.ResponseWriter, r *http.Request) bool {
		if times == 0 || !is(r) {
			return false
		}
		times--
		refuseWith(rw, status, code)
		return true
	}
}

func completes(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
}

func lists(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Query().Has("uploadId") }

func signs(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/parts.json")
}

func TestAnS3ThatFailsCostsOnlyTime(t *testing.T) {
	for name, is := range map[string]func(*http.Request) bool{"completing": completes, "listing": lists} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m, c := w.sign(w.start(files(3 * mib)))
			r := w.host(m, -1)
			w.fail(1, http.StatusServiceUnavailable, "SlowDown", is)
			half, err := w.Finish(t.Context(), c, r)
			if err == nil || !half.Open() {
				t.Fatalf("%+v, %v", half, err)
			}
			if !half.Uploads[1].Done {
				t.Error("one upload that failed has kept the other from its end")
			}
			w.home(w.finish(half, r))
		})
	}
	t.Run("signing", func(t *testing.T) {
		w := newWorld(t)
		c := w.start(files(mib))
		w.fail(1, http.StatusForbidden, "KMS.DisabledException", signs)
		if url, _, err := w.Sign(t.Context(), c); err == nil || url != "" {
			t.Fatalf("%q, %v", url, err)
		}
		m, c := w.sign(c)
		w.home(w.finish(c, w.host(m, -1)))
	})
}

// The key is disabled while the host sends: every part is refused.
func TestAKeyThatIsDisabledLosesNothingThatHasArrived(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(3 * mib)))
	w.host(m, 2)
	w.fail(-1, http.StatusBadRequest, "KMS.DisabledException", func(r *http.Request) bool { return r.Method == http.MethodPut })
	r := w.host(m, -1)
	if r.Files[1].State != dump.StateRefused {
		t.Fatalf("%+v", r)
	}
	w.fault = nil
	m, c = w.sign(w.finish(c, dump.Report{Files: r.Files[1:]}))
	if !m.Files[0].Parts[0].Sent || !m.Files[1].Parts[0].Sent || m.Files[1].Parts[1].Sent {
		t.Errorf("%+v", m)
	}
	w.home(w.finish(c, w.host(m, -1)))
}

// lost carries out a request and gives its sender no answer.
func (w *world) lost(is func(*http.Request) bool) {
	inner := w.fault
	w.fault = func(rw http.ResponseWriter, r *http.Request) bool {
		if !is(r) {
			return inner != nil && inner(rw, r)
		}
		w.lab.ServeHTTP(httptest.NewRecorder(), r)
		refuseWith(rw, http.StatusInternalServerError, "InternalError")
		return true
	}
}

func TestACompletionWhoseAnswerIsLostIsNeverTakenForALoss(t *testing.T) {
	for name, again := range map[string]func(*world, dump.Collection, dump.Report) dump.Collection{
		"it is tried again": (*world).finish,
		"a new manifest is asked for": func(w *world, c dump.Collection, _ dump.Report) dump.Collection {
			_, c, err := w.Sign(w.t.Context(), c)
			if !errors.Is(err, collect.ErrNothingOpen) {
				w.t.Errorf("%v", err)
			}
			for i := range c.Uploads {
				c.Uploads[i].SHA256 = sumOf(content(c.Uploads[i].File)) // nobody said it
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m, c := w.sign(w.start(files(2 * mib)))
			r := w.host(m, -1)
			w.lost(completes)
			c, err := w.Finish(t.Context(), c, r)
			if err == nil || !c.Uploads[0].Open() || !c.Uploads[1].Open() {
				t.Fatalf("%+v, %v", c, err)
			}
			w.fault = nil
			w.home(again(w, c, r))
		})
	}
}

func TestAnUploadThatSomebodyAbortedIsNeverWaitedFor(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(2 * mib)))
	r := w.host(m, -1)
	u := c.Uploads[1]
	if _, err := w.Uploads.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadInput{Bucket: aws.String(bucket), Key: &u.Key, UploadId: &u.ID}); err != nil {
		t.Fatal(err)
	}
	c = w.finish(c, r)
	if !c.Uploads[0].Done || c.Uploads[1].Done || c.Uploads[1].Open() || !strings.Contains(c.Uploads[1].Lost, "aborted") {
		t.Errorf("%+v", c.Uploads)
	}
}

// Whoever has the function's rights can send anything.
func TestAPartOfAnotherSizeHasNeverArrived(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(2 * mib)))
	r := w.host(m, -1)
	w.putPart(c.Uploads[1], 2, mib-1)
	c = w.finish(c, r)
	if c.Uploads[1].Done || c.Uploads[1].Arrived != 1 || len(w.objects()) != 1 {
		t.Errorf("%+v, %q", c.Uploads[1], w.objects())
	}
	m, c = w.sign(c)
	w.home(w.finish(c, w.host(m, -1)))
}

func TestAnObjectOfAnotherSizeIsNeverTakenForTheFile(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(2 * mib)))
	r := w.host(m, -1)
	u := c.Uploads[1]
	if _, err := w.Uploads.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadInput{Bucket: aws.String(bucket), Key: &u.Key, UploadId: &u.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Objects.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String(bucket), Key: &u.Key, Body: strings.NewReader("another")}); err != nil {
		t.Fatal(err)
	}
	c = w.finish(c, r)
	if c.Uploads[1].Done || !strings.Contains(c.Uploads[1].Lost, "the object has 7 bytes") {
		t.Errorf("%+v", c.Uploads[1])
	}
}

// A host that is terminated half-way never answers again.
func TestAHostThatIsTerminatedLosesNothingThatHasArrived(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(3 * mib)))
	w.host(m, 3)
	r := dump.Report{Files: []dump.Sent{{Path: c.Uploads[0].File.Path, State: dump.StateSent, SHA256: sumOf(content(c.Uploads[0].File))}}}
	_, c = w.sign(w.finish(c, r)) // counts what has arrived
	c = collect.Abandon(c, "the instance was terminated")
	if u := c.Uploads[1]; u.Open() || u.Done || !strings.Contains(u.Lost, "terminated; 2 of 3 parts") {
		t.Errorf("%+v", u)
	}
	if !c.Uploads[0].Done || len(w.objects()) != 1 || w.unfinished() != 1 {
		t.Errorf("%q, %d unfinished", w.objects(), w.unfinished())
	}
}

// paged gives parts two at a time. The lab's S3 cannot: its second page is wrong.
type paged struct {
	collect.ObjectAPI
	calls int
	stuck bool // the next page is always the same
}

func (p *paged) ListParts(ctx context.Context, in *sdk.ListPartsInput, o ...func(*sdk.Options)) (*sdk.ListPartsOutput, error) {
	p.calls++
	all := *in
	all.PartNumberMarker = nil
	out, err := p.ObjectAPI.ListParts(ctx, &all, o...)
	if err != nil {
		return nil, err
	}
	after := 0
	if in.PartNumberMarker != nil && !p.stuck {
		if after, err = strconv.Atoi(*in.PartNumberMarker); err != nil {
			return nil, err
		}
	}
	out.Parts = slices.DeleteFunc(out.Parts, func(p types.Part) bool { return int(*p.PartNumber) <= after })
	if len(out.Parts) > 2 {
		out.Parts = out.Parts[:2]
		out.IsTruncated, out.NextPartNumberMarker = aws.Bool(true), aws.String(strconv.Itoa(int(*out.Parts[1].PartNumber)))
	}
	return out, nil
}

func TestNoPartIsOverlookedBehindAPage(t *testing.T) {
	w := newWorld(t)
	p := &paged{ObjectAPI: w.Objects}
	w.Objects = p
	m, c := w.sign(w.start(files(5 * mib)))
	r := w.host(m, -1)
	p.calls = 0
	w.home(w.finish(c, r))
	if p.calls != 4 { // one for the dmesg, three for the dump
		t.Errorf("%d pages", p.calls)
	}
}

func TestAnS3ThatTurnsInCirclesIsNeverAskedForEver(t *testing.T) {
	w := newWorld(t)
	m, c := w.sign(w.start(files(5 * mib)))
	r := w.host(m, -1)
	w.Objects = &paged{ObjectAPI: w.Objects, stuck: true}
	if c, err := w.Finish(t.Context(), c, r); err == nil || c.Uploads[1].Done || !c.Uploads[1].Open() {
		t.Errorf("%+v, %v", c, err)
	}
}

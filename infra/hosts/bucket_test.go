package hosts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crashcart/lambda/domain/dump"
)

// signature is what makes a URL a secret.
const signature = "X-Amz-Signature=0a1b2c3d"

// bucket stands in for S3: it keeps the parts that are sent to it. A test may have it do
// otherwise for a request.
type bucket struct {
	t        *testing.T
	url      string
	manifest []byte

	// before is called for each PUT with its path and how many there have been of it, from
	// 1. When it gives true, it has answered. What it writes, a test may read once the script
	// has ended. One that breaks the connection must write first.
	before func(path string, nth int, w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	parts map[string][]byte // by path
	tries map[string]int
	seen  []string // secrets in the arguments of processes
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{t: t, parts: map[string][]byte{}, tries: map[string]int{}}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

// fence orders what the handlers do with what the test does. It is the script that orders
// them, and the race detector does not see through a process. net/http sends an answer as
// short as ours only when the handler has returned, so a handler's last fence always comes
// before the script's end.
func (b *bucket) fence() {
	b.mu.Lock()
	defer b.mu.Unlock()
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer b.fence()
	b.mu.Lock()
	b.seen = append(b.seen, exposed(b.t)...)
	b.mu.Unlock()
	if r.Method == http.MethodGet && r.URL.Path == "/manifest" {
		_, _ = w.Write(b.manifest)
		return
	}
	b.mu.Lock()
	b.tries[r.URL.Path]++
	nth := b.tries[r.URL.Path]
	b.mu.Unlock()
	if b.before != nil && b.before(r.URL.Path, nth, w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	switch {
	case r.Method != http.MethodPut || r.ContentLength < 0:
		http.Error(w, "S3 takes no such request", http.StatusNotImplemented)
	case err != nil || !strings.Contains(r.URL.RawQuery, signature):
		http.Error(w, "no signature", http.StatusForbidden)
	default:
		b.mu.Lock()
		b.parts[r.URL.Path] = body
		b.mu.Unlock()
	}
}

// exposed are the secrets that any user of the host can read: those among the arguments
// of its processes.
func exposed(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Error(err)
	}
	var out []string
	for _, at := range all {
		if text, err := os.ReadFile(at); err == nil && strings.Contains(string(text), signature) {
			out = append(out, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return out
}

// serve makes the manifest for files of a host, and gives its URL. Parts named in arrived
// have been sent before.
func (b *bucket) serve(part int64, arrived []string, files ...dump.File) string {
	b.t.Helper()
	m := dump.Manifest{Version: dump.Version, CaseID: "i-0a1b2c3d4e5f60718-0123456789abcdef"}
	for i, f := range files {
		mf := dump.ManifestFile{File: f, PartSize: part}
		for _, p := range dump.Parts(f.Size, part) {
			path := fmt.Sprintf("/%d/%d", i, p.Number)
			mp := dump.ManifestPart{Number: p.Number, Size: p.Size, Sent: slices.Contains(arrived, path)}
			if !mp.Sent {
				mp.URL = b.url + path + "?partNumber=" + strconv.Itoa(p.Number) + "&uploadId=a%2Fb&" + signature
			}
			mf.Parts = append(mf.Parts, mp)
		}
		m.Files = append(m.Files, mf)
	}
	text, err := m.Encode()
	if err != nil {
		b.t.Fatal(err)
	}
	b.manifest = text
	return b.url + "/manifest?" + signature
}

// object is what has arrived of the nth file, as S3 puts it together.
func (b *bucket) object(n int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []byte
	for i := 1; b.parts[fmt.Sprintf("/%d/%d", n, i)] != nil; i++ {
		out = append(out, b.parts[fmt.Sprintf("/%d/%d", n, i)]...)
	}
	return out
}

func (b *bucket) arrived() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for path := range b.parts {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

func sumOf(body []byte) string {
	s := sha256.Sum256(body)
	return hex.EncodeToString(s[:])
}

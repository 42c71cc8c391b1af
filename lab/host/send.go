package host

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"crashcart/lambda/domain/dump"
)

const (
	// maxTries of a part: a connection that breaks is tried again.
	maxTries = 3
	// putLimit is how long a part may take on the wall. The script has none but its own end.
	putLimit = time.Minute
)

// send is the script's step send.
type send struct {
	manifest string // its URL
	seconds  int64  // that the script may take
	rate     int64  // bytes a second; 0 for as many as it can
	places   []string
	windows  bool
	disk     func() Disk
	client   *http.Client

	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	begun time.Time
	sent  []dump.Sent
}

// result is the file that is being sent.
type result struct {
	dump.Sent
	want dump.File
	rest []byte // of the file, not read yet
	sum  hash.Hash
}

// answer gives the answer's line. The error is ctx's: the script was killed and says
// nothing.
func (s *send) answer(ctx context.Context) (string, error) {
	s.begun = s.now()
	stopped, err := s.carryOut(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return "", err
	}
	var files []string
	for _, f := range s.sent {
		text := fmt.Sprintf(`{"path":%s,"state":%q,"parts":%d`, quoted(f.Path), f.State, f.Parts)
		if f.SHA256 != "" {
			text += fmt.Sprintf(`,"sha256":%q`, f.SHA256)
		}
		if f.HTTP != 0 {
			text += fmt.Sprintf(`,"http":%d`, f.HTTP)
		}
		files = append(files, text+"}")
	}
	return fmt.Sprintf(`{"crashcart":1,"step":"send","files":[%s],"stopped":%q,"seconds":%d}`+"\n",
		strings.Join(files, ","), stopped, int64(s.now().Sub(s.begun).Seconds())), nil
}

// quoted is a path in JSON: one of Windows has \ in it.
func quoted(path string) string { return `"` + strings.ReplaceAll(path, `\`, `\\`) + `"` }

// carryOut sends what the manifest asks for, and says why it did nothing.
func (s *send) carryOut(ctx context.Context) (stopped string, err error) {
	if !plainURL.MatchString(s.manifest) {
		return dump.StoppedNoManifest, nil
	}
	text, err := s.fetch(ctx)
	if err != nil || !strings.HasPrefix(text, `{"crashcart":1,`) {
		return dump.StoppedNoManifest, ctx.Err()
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	lines.Scan() // the head
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), `{"path":`) {
			continue
		}
		ok, err := s.sendFile(ctx, lines)
		if err != nil {
			return "", err
		}
		if !ok {
			return dump.StoppedBadRequest, nil
		}
	}
	return "", nil
}

func (s *send) fetch(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, putLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.manifest, nil)
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() //nolint:errcheck // it was only read
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return string(body), err
}

// value gives what follows "name": in a line of the manifest, as the script reads it.
func value(line, name string) string {
	_, rest, ok := strings.Cut(line, `"`+name+`":`)
	if !ok {
		return ""
	}
	if text, quotes := strings.CutPrefix(rest, `"`); quotes {
		text, _, _ = strings.Cut(text, `"`)
		return strings.ReplaceAll(text, `\\`, `\`)
	}
	if end := strings.IndexAny(rest, ",}"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// number reads a number as the script takes it: digits alone.
func number(text string) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// wanted reads the line of a file, and says whether the script can.
func (s *send) wanted(line string) (dump.File, bool) {
	f := dump.File{Path: value(line, "path")}
	sized, dated := false, false
	f.Size, sized = number(value(line, "size"))
	f.Modified, dated = number(value(line, "modified"))
	_, cut := number(value(line, "partSize"))
	return f, (s.windows || plain(f.Path)) && sized && dated && cut
}

// begin looks for a file, and reads it if it is the one that is wanted.
func (s *send) begin(want dump.File) *result {
	r := &result{want: want, sum: sha256.New()}
	r.Path, r.State = want.Path, dump.StateSent
	switch f, there := s.disk().find(want.Path); {
	case !there:
		r.State = dump.StateGone
	case !s.same(want) || !s.takes(f):
		r.State = dump.StateChanged
	default:
		r.rest = f.Content()
	}
	return r
}

// sendFile sends the file that the present line names, whose parts are on those that
// follow. It says whether the manifest could be read.
func (s *send) sendFile(ctx context.Context, lines *bufio.Scanner) (ok bool, err error) {
	want, ok := s.wanted(lines.Text())
	if !ok {
		return false, nil
	}
	r := s.begin(want)
	for lines.Scan() && strings.HasPrefix(lines.Text(), `{"n":`) {
		if r.State != dump.StateSent {
			continue
		}
		size, sized := number(value(lines.Text(), "size"))
		url := value(lines.Text(), "url")
		if !sized || url != "" && !plainURL.MatchString(url) {
			return false, nil
		}
		if err := s.sendPart(ctx, r, size, url); err != nil {
			return false, err
		}
	}
	s.end(r)
	return true, nil
}

// end says what became of a file. Only one that was sent whole has a sum.
func (s *send) end(r *result) {
	if r.State == dump.StateSent && !s.same(r.want) {
		r.State = dump.StateChanged
	}
	if r.State == dump.StateSent {
		r.SHA256 = hex.EncodeToString(r.sum.Sum(nil))
	}
	s.sent = append(s.sent, r.Sent)
}

// takes says whether a survey would list a file: else whoever writes a manifest could read
// any.
func (s *send) takes(f File) bool {
	if s.windows {
		return true
	}
	return listed(f.Path, s.places) && (kindOf(path.Base(f.Path)) != dump.KindDump || whole(f.Content()) == "")
}

// same says whether a file is still the one of the manifest, and nobody else's.
func (s *send) same(want dump.File) bool {
	d := s.disk()
	f, ok := d.find(want.Path)
	return ok && d.owned(f) && f.Size == want.Size && f.Modified == want.Modified
}

// sendPart reads the next part of a file, and sends it unless it has arrived before. It
// sets the file's state when that was not possible. The error is that the script was killed.
func (s *send) sendPart(ctx context.Context, r *result, size int64, url string) error {
	if size > int64(len(r.rest)) {
		r.State = dump.StateUnread
		if !s.same(r.want) {
			r.State = dump.StateChanged
		}
		return nil
	}
	part := r.rest[:size]
	r.rest = r.rest[size:]
	r.sum.Write(part)
	if url == "" {
		return nil
	}
	for try := 1; r.State == dump.StateSent; try++ {
		switch {
		case s.left() <= 0:
			r.State = dump.StateLate
			return nil
		case !s.same(r.want):
			r.State = dump.StateChanged
			return nil
		}
		if err := s.takeTime(ctx, size); err != nil {
			return err
		}
		if s.took(r, s.put(ctx, url, part), try) {
			return nil
		}
		if err := s.sleep(ctx, time.Duration(try)*2*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// took takes S3's status for a part, and says whether that was the last try.
func (s *send) took(r *result, status, try int) bool {
	switch {
	case status == http.StatusOK:
		r.Parts++
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		r.State, r.HTTP = dump.StateRefused, status
	case try == maxTries:
		r.State = dump.StateUnreachable
	case s.left() <= 0:
		r.State = dump.StateLate
	default:
		return false
	}
	return true
}

func (s *send) left() time.Duration {
	return s.begun.Add(time.Duration(s.seconds) * time.Second).Sub(s.now())
}

// takeTime lets as much time pass as the rate makes of so many bytes.
func (s *send) takeTime(ctx context.Context, size int64) error {
	if s.rate <= 0 {
		return ctx.Err()
	}
	return s.sleep(ctx, time.Duration(float64(size)/float64(s.rate)*float64(time.Second)))
}

// put sends a part and gives S3's status, 0 when there was none.
func (s *send) put(ctx context.Context, url string, part []byte) int {
	ctx, cancel := context.WithTimeout(ctx, putLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(part))
	if err != nil {
		return 0
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }() //nolint:errcheck // it was only read
	_, _ = io.Copy(io.Discard, resp.Body)    //nolint:errcheck // the status says all
	return resp.StatusCode
}

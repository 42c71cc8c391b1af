package casebook_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"crashcart/lambda/domain/cases"
)

// race runs n claims at once and sorts out their ends.
func race(t *testing.T, n int, claim func(i int) (cases.Case, error)) (won []cases.Case, lost []error) {
	t.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		start = make(chan struct{})
	)
	for i := range n {
		wg.Go(func() {
			<-start
			c, err := claim(i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				lost = append(lost, err)
				return
			}
			won = append(won, c)
		})
	}
	close(start)
	wg.Wait()
	return won, lost
}

// wire stands between the client and the table. saw gets each request's body. before sees
// each operation's name and may answer; lose says whether the table's answer gets lost on
// the way back.
type wire struct {
	next   http.Handler
	saw    func(op string, body []byte)
	before func(w http.ResponseWriter, op string) (answered bool)
	lose   func(op string) bool
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	op := r.Header.Get("X-Amz-Target")
	if w.saw != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.saw(op, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if w.before != nil && w.before(out, op) {
		return
	}
	if w.lose != nil && w.lose(op) {
		w.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	w.next.ServeHTTP(out, r)
}

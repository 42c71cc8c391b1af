// Package pace keeps the lab from answering faster than any network could.
//
// An SDK client closes a request's body as soon as it has the answer's head. On
// loopback that may be before the transport has noticed that it has sent all of
// it; then the transport gives up the connection, and the rest of a large answer
// is lost ("use of closed network connection"). AWS is never that near.
package pace

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// Least is the shortest time between a request and its answer: far longer than a
// client needs to finish sending, and too short for a person to notice.
const Least = 3 * time.Millisecond

// Handler answers as h does, but no sooner than Least after it has read the
// whole request.
func Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		time.Sleep(Least)
		h.ServeHTTP(w, r)
	})
}

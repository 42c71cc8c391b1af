package pace_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crashcart/lab/pace"
)

func TestAnAnswerIsNeverSoonerThanANetworkWouldBe(t *testing.T) {
	h := pace.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
	}))
	answer, start := httptest.NewRecorder(), time.Now()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("all of it")))
	if took := time.Since(start); took < pace.Least || answer.Body.String() != "all of it" {
		t.Errorf("%q after %s", answer.Body, took)
	}
}

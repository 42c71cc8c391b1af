package count_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crashcart/lambda/count"
	"crashcart/lambda/domain/config"
)

// index answers every query of the casebook with no case, and keeps the requests.
func index(t *testing.T) (url string, asked func() []*http.Request) {
	t.Helper()
	var requests []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		requests = append(requests, r)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if _, err := io.WriteString(w, `{"Items":[],"Count":0,"ScannedCount":0}`); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []*http.Request {
		server.Close() // every handler has returned
		return requests
	}
}

// wired counts with what the environment says.
func wired(t *testing.T, url string, environ map[string]string) (count.Report, string, error) {
	t.Helper()
	var log bytes.Buffer
	h := count.Wire(config.Count{Table: "casebook-0a1b2c3d", Region: "eu-central-1", Endpoint: url},
		func(name string) string { return environ[name] }, &log)
	r, err := h.Handle(t.Context(), json.RawMessage(config.CountEvent))
	return r, log.String(), err
}

// A role's keys are refused without their session token, and everywhere but in their
// Region.
func TestACountAsksAsTheFunctionThatItIs(t *testing.T) {
	url, asked := index(t)
	r, log, err := wired(t, url, map[string]string{
		"AWS_ACCESS_KEY_ID": "ASIALAB0000000000002", "AWS_SECRET_ACCESS_KEY": "lab-secret", "AWS_SESSION_TOKEN": "lab-session",
	})
	if err != nil || r.Open != 0 || r.Overdue != 0 || !strings.Contains(log, `"OpenCases":0`) {
		t.Errorf("%+v, %v, log %s", r, err, log)
	}
	requests := asked()
	if len(requests) != 1 {
		t.Fatalf("%d requests, want one", len(requests))
	}
	q := requests[0]
	if by := q.Header.Get("Authorization"); !strings.Contains(by, "Credential=ASIALAB0000000000002/") || !strings.Contains(by, "/eu-central-1/dynamodb/aws4_request") {
		t.Errorf("signed as %s", by)
	}
	if token := q.Header.Get("X-Amz-Security-Token"); token != "lab-session" {
		t.Errorf("the session token is %q", token)
	}
	var in struct{ TableName, IndexName string }
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil || in.TableName != "casebook-0a1b2c3d" || in.IndexName != config.OpenIndex {
		t.Errorf("it asks for %+v, %v", in, err)
	}
}

func TestWithoutKeysNothingIsAskedAndTheErrorSaysSo(t *testing.T) {
	for _, environ := range []map[string]string{nil, {"AWS_ACCESS_KEY_ID": "ASIALAB0000000000002"}, {"AWS_SECRET_ACCESS_KEY": "lab-secret"}} {
		url, asked := index(t)
		_, log, err := wired(t, url, environ)
		if err == nil || !strings.Contains(err.Error(), "the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") || log != "" {
			t.Errorf("%v: error %v, log %q", environ, err, log)
		}
		if n := len(asked()); n > 0 {
			t.Errorf("%v: %d requests", environ, n)
		}
	}
}

package count_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/emf/emftest"
	"crashcart/lambda/count"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"

	lab "crashcart/lab/dynamodb"
)

const tableName = "crashcart"

var dawn = time.Date(2026, time.March, 2, 4, 5, 6, 0, time.UTC)

// world is a casebook in a table of the lab, a clock that stands still, and the
// count's function with its log.
type world struct {
	t       *testing.T
	now     time.Time
	book    *casebook.Book
	handler *count.Handler
	log     bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	table, err := lab.New(tableName)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(table)
	t.Cleanup(server.Close)
	w := &world{t: t, now: dawn}
	w.book = casebook.New(dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	}), tableName)
	clock := func() time.Time { return w.now }
	w.book.Now = clock
	w.handler = &count.Handler{Book: w.book, Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Now: clock}
	return w
}

// at moves the clock to that long after dawn.
func (w *world) at(d time.Duration) { w.now = dawn.Add(d) }

func host(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f%05x", n) }

// claim opens a case of the instance and gives its id; no state leaves it claimed.
func (w *world) claim(n int, dryRun bool, state cases.State) string {
	w.t.Helper()
	c, err := w.book.Claim(w.t.Context(), cases.Request{
		InstanceID: host(n), Cooldown: 6 * time.Hour, Budget: 100, DryRun: dryRun,
		Origin: cases.Origin{SourceKey: w.now.String(), Kind: "alarm", Reason: "the agent fell silent"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if state != "" {
		if err := w.book.Settle(w.t.Context(), c, state, ""); err != nil {
			w.t.Fatal(err)
		}
	}
	return c.ID
}

func (w *world) count() count.Report {
	w.t.Helper()
	w.log.Reset()
	r, err := w.handler.Handle(w.t.Context(), json.RawMessage(config.CountEvent))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// line is the one line of the last count.
func (w *world) line() map[string]any {
	w.t.Helper()
	if n := bytes.Count(w.log.Bytes(), []byte("\n")); n != 1 {
		w.t.Fatalf("%d lines:\n%s", n, w.log.Bytes())
	}
	var line map[string]any
	if err := json.Unmarshal(w.log.Bytes(), &line); err != nil {
		w.t.Fatal(err)
	}
	return line
}

// published gives the metrics that CloudWatch reads out of the last count's line.
func (w *world) published() []emftest.Metric {
	w.t.Helper()
	found, at, err := emftest.Read(w.log.Bytes())
	if err != nil || !at.Equal(w.now) {
		w.t.Fatalf("of %s, want %s: %v", at, w.now, err)
	}
	return found
}

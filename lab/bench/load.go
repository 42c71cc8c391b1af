package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"crashcart/lab"
	"crashcart/lambda/domain/config"
)

// bootstraps is how many processes take the queue's messages.
const bootstraps = 8

// loaded is what a burst of alarms through the queue costs.
type loaded struct {
	alarms    int
	took      time.Duration
	calls     int
	describes int // of EC2
}

// load raises one alarm for each of n hung instances, under the limits as shipped:
// all are refused, as an outage of the Region. It ends with the last decision.
func load(ctx context.Context, bootstrap string, n int) (out loaded, err error) {
	l, err := world(lab.Options{}, n)
	if err != nil {
		return out, err
	}
	defer closing(l, &err)
	env := map[string]string{config.EnvMode: string(config.ModeAuto)}
	refused := newTally(n)
	for i := range n {
		if _, err := l.RaiseAlarm(lab.Alarm{Name: fmt.Sprintf("crashcart-hung-%d", i), Instances: []string{hung(i)}}); err != nil {
			return out, err
		}
	}
	start := time.Now()
	if err := l.Deploy(lab.Function{Path: bootstrap, Concurrency: bootstraps, Env: env, Log: refused.heard}); err != nil {
		return out, err
	}
	select {
	case <-refused.done:
	case <-ctx.Done():
		return out, fmt.Errorf("waiting for %d decisions: %w", n, ctx.Err())
	}
	out = loaded{alarms: n, took: time.Since(start)}
	for _, c := range l.Calls() {
		out.calls++
		if c.Service == "ec2" && strings.HasPrefix(c.Operation, "Describe") {
			out.describes++
		}
	}
	return out, refused.err
}

// tally waits for one refusal of every alarm.
type tally struct {
	done chan struct{}

	mu     sync.Mutex
	wanted int
	seen   map[string]bool
	err    error
}

func newTally(n int) *tally {
	return &tally{done: make(chan struct{}), wanted: n, seen: map[string]bool{}}
}

func (t *tally) heard(line string) {
	var d struct {
		Msg, InstanceID, Outcome, Rule string
	}
	if json.Unmarshal([]byte(line), &d) != nil || d.Msg != "decision" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if d.Outcome != "refused" {
		t.err = errors.Join(t.err, fmt.Errorf("%s was %s by %s, want a refusal", d.InstanceID, d.Outcome, d.Rule))
	}
	if t.seen[d.InstanceID] = true; len(t.seen) == t.wanted && t.wanted > 0 {
		t.wanted = 0
		close(t.done)
	}
}

package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
)

const (
	// InstanceID is the guest's.
	InstanceID = "i-0c4a5bca97d0e6f12"
	hostname   = "crashcart-guest"
	alarmName  = "crashcart-heartbeat-" + InstanceID
	// crowd is how many healthy instances there are besides: where most agents are
	// silent, silence says nothing of any of them.
	crowd = 12
	// heartbeatMissing is the alarm's own patience, five periods of a minute
	// (crashcart/infra/watch).
	heartbeatMissing = 5 * time.Minute
)

// populate puts the guest, launched when it was powered on, among others.
func (r *run) populate() error {
	for n := range crowd {
		spec := fleet.Spec{ID: fmt.Sprintf("i-0b%015x", n+1), Name: fmt.Sprintf("app-%d", n+1), Type: "m6i.large"}
		if err := r.lab.Fleet.Add(spec); err != nil {
			return err
		}
	}
	return r.lab.Fleet.Add(fleet.Spec{
		ID: InstanceID, Name: hostname, Type: "m6i.large", Machine: watched{r.guest, r},
		Tags: map[string]string{config.TagKey: config.TagAuto},
		Age:  max(time.Millisecond, time.Duration(float64(time.Since(r.start))*r.hang.speed())),
	})
}

// deploy brings in the functions, with the settings that they are shipped with but the
// mode.
func (r *run) deploy() error {
	err := r.lab.Follow(lab.Function{Path: r.options.Followup, Concurrency: 1, Log: r.followed})
	if err != nil {
		return err
	}
	return r.lab.Deploy(lab.Function{
		Path: r.options.Bootstrap, Concurrency: 1, Log: r.heard,
		Env: map[string]string{config.EnvMode: string(config.ModeAuto)},
	})
}

// alarm raises the heartbeat alarm.
func (r *run) alarm() error {
	_, err := r.lab.RaiseAlarm(lab.Alarm{Name: alarmName, Namespace: "CWAgent", Metric: "heartbeat", Instances: []string{InstanceID}})
	return err
}

// Decision is what the function decided of the guest.
type Decision struct {
	Outcome string `json:"Outcome"`
	Rule    string `json:"Rule"`
	Why     string `json:"why"`
	CaseID  string `json:"caseId,omitempty"`
	Vitals  string `json:"vitals,omitempty"` // each with what it says, "ssm-ping=dead disk-writes=waiting"
}

// Dead are the names of the vitals that were dead.
func (d Decision) Dead() []string {
	var names []string
	for v := range strings.FieldsSeq(d.Vitals) {
		if name, says, _ := strings.Cut(v, "="); says == "dead" {
			names = append(names, name)
		}
	}
	return names
}

// heard takes a line of the function's output.
func (r *run) heard(line string) {
	var d struct {
		Decision
		Msg        string `json:"msg"`
		InstanceID string `json:"instanceId"`
	}
	switch err := json.Unmarshal([]byte(line), &d); {
	case err != nil || d.Msg != "decision":
		r.notify(Event{Kind: EventNote, Text: line})
	case d.InstanceID == InstanceID:
		r.decided(d.Decision)
	}
}

func (r *run) decided(d Decision) {
	r.notify(Event{Kind: EventDecision, Name: d.Outcome, Text: d.Rule + ": " + d.Why})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Decisions = append(r.record.Decisions, d)
	if d.Outcome != "later" && r.verdict == nil {
		r.record.DecidedAt = time.Since(r.start)
		r.verdict = &d
		close(r.final)
	}
}

// watched is the guest with the moment of its interrupt noted: what the console says
// from then on may come of it.
type watched struct {
	fleet.Counter
	run *run
}

// Start hands a script to the guest's agent as Systems Manager does. The guest finds S3
// from then on, and what it spends on a dump is measured.
func (w watched) Start(ctx context.Context, script string) (fleet.Process, error) {
	if err := w.run.guest.ReachStore(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		w.run.notify(Event{Kind: EventNote, Text: "the guest does not find S3: " + err.Error()})
	}
	if sendsDump(script) {
		script = measured(script)
	}
	return w.Counter.Start(ctx, script)
}

// Interrupt notes the moment, slows AWS's time down, and passes the interrupt on.
func (w watched) Interrupt() error {
	w.run.sent(w.run.lab.Clock.Now())
	w.run.lab.Run(w.run.crashSpeed())
	return w.Counter.Interrupt()
}

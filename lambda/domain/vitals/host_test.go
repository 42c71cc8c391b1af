package vitals_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

const id = "i-0a1b2c3d4e5f60718"

var (
	// noon is the moment of the facts, unless a test says otherwise.
	noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

	errAWS = errors.New("RequestLimitExceeded")
)

// ago is d before noon.
func ago(d time.Duration) time.Time { return noon.Add(-d) }

// host is a host of whom AWS has told everything, and which shows no vital at all. An alarm
// of a minute ago asks.
func host(change ...func(*vitals.Host)) vitals.Host {
	h := vitals.Host{
		Instance: &instance.Instance{
			ID:          id,
			Description: fact.Known(description()),
			Unreachable: fact.Known(instance.Unreachable{}),
			Ping:        fact.Known(instance.Ping{}),
			Status:      fact.Known(instance.Status{Instance: instance.Check{Status: "ok"}}),
			Metrics:     fact.Known(instance.Metrics{}),
			Targets:     fact.Known([]instance.Registration(nil)),
			Neighbours:  fact.Known(instance.Neighbours{}),
		},
		Rules: config.Rules{
			Booted: 10 * time.Minute, Impaired: 5 * time.Minute, ImpairedWindows: 20 * time.Minute, PingPeriod: 5 * time.Minute,
			Silent: 11 * time.Minute, SilentWindows: 20 * time.Minute, SilentMax: 30 * time.Minute, SilentMaxWindows: time.Hour, SilentPercent: 10,
		},
		At: noon, Asked: ago(time.Minute),
	}
	for _, c := range change {
		c(&h)
	}
	return h
}

func description() instance.Description {
	return instance.Description{Exists: true, State: "running", LaunchedAt: ago(72 * time.Hour)}
}

// described changes the description of the host.
func described(change func(*instance.Description)) func(*vitals.Host) {
	return func(h *vitals.Host) {
		d, _ := h.Instance.Description.Get()
		change(&d)
		h.Instance.Description = fact.Known(d)
	}
}

func windows() func(*vitals.Host) {
	return described(func(d *instance.Description) { d.Windows = true })
}

func launched(at time.Time) func(*vitals.Host) {
	return described(func(d *instance.Description) { d.LaunchedAt = at })
}

func person(h *vitals.Host) { h.Person = true }

func pinged(at time.Time) func(*vitals.Host) {
	return func(h *vitals.Host) { h.Instance.Ping = fact.Known(instance.Ping{At: at}) }
}

// metrics changes the metrics of the host.
func metrics(change func(*instance.Metrics)) func(*vitals.Host) {
	return func(h *vitals.Host) {
		m, _ := h.Instance.Metrics.Get()
		change(&m)
		h.Instance.Metrics = fact.Known(m)
	}
}

// beats makes the host send a heartbeat in every minute of the two hours before that time.
func beats(end time.Time) func(*vitals.Host) {
	return metrics(func(m *instance.Metrics) {
		m.Heartbeat = nil
		for at := end.Add(-2 * time.Hour); at.Before(end); at = at.Add(time.Minute) {
			m.Heartbeat = append(m.Heartbeat, instance.Point{At: at, Value: 1})
		}
	})
}

// neighbours makes as many agents last be heard so long ago.
func neighbours(ages ...time.Duration) func(*vitals.Host) {
	return func(h *vitals.Host) {
		all := instance.Neighbours{}
		for i, age := range ages {
			all[fmt.Sprintf("i-%017x", i)] = h.At.Add(-age)
		}
		h.Instance.Neighbours = fact.Known(all)
	}
}

// every is n neighbours, evenly spread over one period.
func every(period time.Duration, n int) []time.Duration {
	ages := make([]time.Duration, n)
	for i := range ages {
		ages[i] = period * time.Duration(i) / time.Duration(n)
	}
	return ages
}

// row is one host and what one of its vitals says.
type row struct {
	name  string
	host  vitals.Host
	says  vitals.Says
	since time.Time     // of what is dead or alive
	wait  time.Duration // of what waits
}

// check reads the vital of that name from every host.
func check(t *testing.T, name vitals.Name, rows []row) {
	t.Helper()
	for _, c := range rows {
		v := vitals.Read(c.host).Named(name)
		if v.Says != c.says || !v.Since.Equal(c.since) || v.Wait != c.wait {
			t.Errorf("%s: %s since %s, wait %s (%s); want %s since %s, wait %s", c.name,
				v.Says, v.Since.Format(time.TimeOnly), v.Wait, v.Saw, c.says, c.since.Format(time.TimeOnly), c.wait)
		}
		if v.Says != vitals.Unknown && v.Saw == "" || (v.Says == vitals.Unknown) != (v.Err != nil) {
			t.Errorf("%s: it saw %q, error %v", c.name, v.Saw, v.Err)
		}
	}
}

func TestEveryVitalIsReadInTheOrderOfItsQuestion(t *testing.T) {
	want := []struct {
		name     vitals.Name
		question vitals.Question
	}{
		{vitals.SSMPing, vitals.Voice},
		{vitals.Heartbeat, vitals.Voice},
		{vitals.Reachability, vitals.Voice},
		{vitals.DiskWrites, vitals.Machine},
		{vitals.KernelLog, vitals.Machine},
		{vitals.TargetHealth, vitals.Answers},
		{vitals.NetworkOut, vitals.Answers},
		{vitals.ApplicationStatus, vitals.Answers},
	}
	read := vitals.Read(host()).Vitals
	if len(read) != len(want) {
		t.Fatalf("%d vitals, want %d", len(read), len(want))
	}
	for i, v := range read {
		if v.Name != want[i].name || v.Question != want[i].question {
			t.Errorf("%d: %s answers %s, want %s, %s", i, v.Name, v.Question, want[i].name, want[i].question)
		}
	}
	if v := (vitals.Reading{}).Named(vitals.SSMPing); v.Says != vitals.Nothing {
		t.Errorf("a vital that was not read says %s", v.Says)
	}
}

// A fact that is missing must never read as a sign of death or of life.
func TestAMissingFactNeverSaysAnything(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(*instance.Instance, error)
		of   []vitals.Name // the vitals that cannot be read without it
	}{
		"description": {
			func(i *instance.Instance, err error) { i.Description = fact.Failed[instance.Description](err) },
			[]vitals.Name{vitals.SSMPing, vitals.Heartbeat, vitals.Reachability, vitals.DiskWrites, vitals.KernelLog, vitals.TargetHealth, vitals.NetworkOut},
		},
		"unreachable": {
			func(i *instance.Instance, err error) { i.Unreachable = fact.Failed[instance.Unreachable](err) },
			[]vitals.Name{vitals.Reachability},
		},
		"ping":   {func(i *instance.Instance, err error) { i.Ping = fact.Failed[instance.Ping](err) }, []vitals.Name{vitals.SSMPing}},
		"status": {func(i *instance.Instance, err error) { i.Status = fact.Failed[instance.Status](err) }, []vitals.Name{vitals.Reachability, vitals.ApplicationStatus}},
		"metrics": {
			func(i *instance.Instance, err error) { i.Metrics = fact.Failed[instance.Metrics](err) },
			[]vitals.Name{vitals.Heartbeat, vitals.DiskWrites, vitals.NetworkOut},
		},
		"targets":    {func(i *instance.Instance, err error) { i.Targets = fact.Failed[[]instance.Registration](err) }, []vitals.Name{vitals.TargetHealth}},
		"neighbours": {func(i *instance.Instance, err error) { i.Neighbours = fact.Failed[instance.Neighbours](err) }, []vitals.Name{vitals.SSMPing}},
	} {
		h := host(pinged(ago(12*time.Minute)), beats(ago(11*time.Minute)), failing(ago(11*time.Minute)), writes(9*time.Minute, always))
		h.Console = fact.Known([]byte(""))
		c.lose(h.Instance, errAWS)
		r := vitals.Read(h)
		for _, v := range r.Vitals {
			unknown := false
			for _, of := range c.of {
				unknown = unknown || of == v.Name
			}
			if (v.Says == vitals.Unknown) != unknown || unknown && !errors.Is(v.Err, errAWS) {
				t.Errorf("without %s, %s says %s (%v)", name, v.Name, v.Says, v.Err)
			}
		}
		if name == "neighbours" && !errors.Is(r.BrakeErr, errAWS) {
			t.Errorf("without neighbours the brake says %v", r.BrakeErr)
		}
	}
}

// The host's death is the earliest of its dead vitals', whatever asked.
func TestADeadHostIsDeadSinceItsFirstDeadVital(t *testing.T) {
	h := host(pinged(ago(12*time.Minute)), beats(ago(11*time.Minute)), failing(ago(8*time.Minute)), writes(9*time.Minute, always))
	r := vitals.Read(h)
	if want := ago(11 * time.Minute); !r.Since.Equal(want) {
		t.Errorf("since %s, want %s", r.Since, want)
	}
	if r := vitals.Read(host(pinged(ago(time.Minute)))); !r.Since.IsZero() {
		t.Errorf("nothing is dead since %s", r.Since)
	}
	// With no dead vital the trigger's time stands for it.
	for at, want := range map[time.Time]vitals.Says{ago(time.Minute + time.Second): vitals.Waiting, ago(time.Minute): vitals.Waiting, ago(time.Minute - time.Second): vitals.Alive} {
		if v := vitals.Read(host(pinged(at))).Named(vitals.SSMPing); v.Says != want {
			t.Errorf("a ping %s before the facts, an alarm a minute before: %s", noon.Sub(at), v.Says)
		}
	}
}

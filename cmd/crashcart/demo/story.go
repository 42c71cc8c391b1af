package demo

import (
	"context"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
)

// The instances of the story, by the names that the timeline uses.
const (
	web1     = "web-1"
	web2     = "web-2"
	arm1     = "arm-1"
	db1      = "db-1"
	pay1     = "pay-1"
	job1     = "job-1"
	cache1   = "cache-1"
	gone1    = "gone-1"
	checkout = "checkout" // the group whose members all fail
)

// hero is the one instance that deserves an interrupt.
const hero = web2

// actor is one instance of the story and how it got into trouble.
type actor struct {
	spec    fleet.Spec
	plight  string
	trouble func(f *fleet.Fleet, id string) error
}

// frozen hangs an instance with a frozen root file system, which still answers ARP.
func frozen(ago time.Duration) func(*fleet.Fleet, string) error {
	return func(f *fleet.Fleet, id string) error { return f.Hang(id, fleet.Frozen, ago) }
}

func tag(value string) map[string]string { return map[string]string{"crashcart": value} }

// cast returns the fleet of the story.
func cast() []actor {
	actors := []actor{
		{
			fleet.Spec{ID: "i-0a1e5b0c7d2f43961", Name: web1, Type: "m6i.large", Tags: tag("auto"), LastPing: 4*time.Minute + 40*time.Second},
			"healthy, but its CPU is busy", nil,
		},
		{
			// Slower than the 14 s that were measured, so that a person can watch.
			fleet.Spec{
				ID: "i-0b2f6c1d8e3a54a72", Name: web2, Type: "m6i.large", Tags: tag("auto"),
				LastPing: 4*time.Minute + 20*time.Second, DumpTakes: 80 * time.Second, BootTakes: 30 * time.Second,
			},
			"frozen 4 min ago; still answers ARP", frozen(4 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0c3a7d2e9f4b65b83", Name: arm1, Type: "m7g.large", Tags: tag("auto"), LastPing: 2 * time.Minute},
			"hung, but Graviton", frozen(20 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0d4b8e3fa05c76c94", Name: db1, Type: "r6i.8xlarge", LastPing: 2 * time.Minute},
			"hung, but nobody tagged it", frozen(20 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0e5c9f40b16d87da5", Name: pay1, Type: "c7i.large", Tags: tag("manual"), LastPing: 2 * time.Minute},
			"hung; a person must ask", frozen(7 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0f6da051c27e98eb6", Name: job1, Type: "t3.medium", Tags: tag("auto"), Age: 5 * time.Minute},
			"launched 5 min ago", nil,
		},
		{
			fleet.Spec{ID: "i-017eb162d38fa9fc7", Name: cache1, Type: "m6a.large", Tags: tag("auto"), LastPing: time.Minute, DumpTakes: time.Hour},
			"crashed by itself 7 min ago, dumping", func(f *fleet.Fleet, id string) error { return f.Crash(id, 7*time.Minute) },
		},
	}
	for _, m := range members() {
		actors = append(actors, actor{
			fleet.Spec{ID: m.id, Name: m.name, Type: "c7i.large", Tags: tag("auto"), Group: checkout, LastPing: time.Minute},
			"hung, as all of its group", frozen(9 * time.Minute),
		})
	}
	return actors
}

type member struct{ id, name string }

func members() []member {
	return []member{
		{"i-028fc273e490ba0d1", checkout + "-1"},
		{"i-0390d384f5a1cb1e2", checkout + "-2"},
		{"i-04a1e49506b2dc2f3", checkout + "-3"},
		{"i-05b2f5a617c3ed304", checkout + "-4"},
	}
}

// goneID is an instance that the alarm has outlived.
const goneID = "i-0bad0bad0bad0bad0"

// beat is something that happens at a lab time of the story.
type beat struct {
	at time.Duration
	do func(context.Context, *stage) error
}

const heartbeat = "crashcart-heartbeat-"

// script returns what happens when.
func script() []beat {
	var group []string
	for _, m := range members() {
		group = append(group, m.name)
	}
	return []beat{
		{0, raise("a heartbeat is missing", heartbeat+web2, "CWAgent", "heartbeat", web2)},
		{25 * time.Second, raise("CPU above 95 %", "crashcart-cpu-"+web1, "AWS/EC2", "CPUUtilization", web1)},
		{50 * time.Second, raise("a heartbeat is missing", heartbeat+arm1, "CWAgent", "heartbeat", arm1)},
		{70 * time.Second, raise("a heartbeat is missing", heartbeat+db1, "CWAgent", "heartbeat", db1)},
		{90 * time.Second, raise("a heartbeat is missing", heartbeat+pay1, "CWAgent", "heartbeat", pay1)},
		{150 * time.Second, again("SQS delivers the same event a second time", heartbeat+web2)},
		{170 * time.Second, raise("another alarm for the same hang", "crashcart-latency-"+web2, "Shop", "Latency", web2)},
		{210 * time.Second, raise("a heartbeat is missing", heartbeat+job1, "CWAgent", "heartbeat", job1)},
		{230 * time.Second, raise("AWS's reachability check fails", "crashcart-status-"+cache1, "AWS/EC2", "StatusCheckFailed_Instance", cache1)},
		{250 * time.Second, raise("one metric-math alarm names the whole group", "crashcart-checkout", "CWAgent", "heartbeat", group...)},
		{270 * time.Second, raise("a heartbeat is missing", heartbeat+gone1, "CWAgent", "heartbeat", gone1)},
		{290 * time.Second, ask("a person rehearses what was held", `"dryRun":true`, pay1)},
		{310 * time.Second, ask("a person asks for what is under way", `"force":["unresponsive","cooldown"]`, web2)},
	}
}

// expectation is what must come of one trigger for one instance, in order;
// looks that came to "later" in between do not count.
type expectation struct {
	trigger string // the alarm's name, or who asked
	name    string
	ends    []string // "outcome rule"
}

func expectations() []expectation {
	all := []expectation{
		{heartbeat + web2, web2, []string{"interrupted unresponsive", "duplicate episode"}},
		{"crashcart-latency-" + web2, web2, []string{"duplicate episode"}},
		{"crashcart-cpu-" + web1, web1, []string{"refused unresponsive"}},
		{heartbeat + arm1, arm1, []string{"refused supported"}},
		{heartbeat + db1, db1, []string{"refused opted-in"}},
		{heartbeat + pay1, pay1, []string{"held asked"}},
		{heartbeat + job1, job1, []string{"refused unresponsive"}},
		{"crashcart-status-" + cache1, cache1, []string{"refused quiet"}},
		{heartbeat + gone1, gone1, []string{"refused known"}},
		{onCall, pay1, []string{"leashed unresponsive"}},
		{onCall, web2, []string{"duplicate episode"}},
	}
	for _, m := range members() {
		all = append(all, expectation{"crashcart-checkout", m.name, []string{"refused group"}})
	}
	return all
}

// onCall is who asks in the story.
const onCall = "the engineer on call"

// raise is a beat in which an alarm about the named instances goes into ALARM.
func raise(what, alarm, namespace, metric string, names ...string) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		s.tell(Event{Kind: KindAlarm, Alarm: alarm, Names: names, Text: what})
		var ids []string
		for _, n := range names {
			ids = append(ids, s.ids[n])
		}
		raised, err := s.lab.RaiseAlarm(lab.Alarm{Name: alarm, Namespace: namespace, Metric: metric, Instances: ids})
		s.raised[alarm] = raised
		return err
	}
}

// again is a beat in which an alarm's event is delivered once more.
func again(what, alarm string) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		s.tell(Event{Kind: KindAlarm, Alarm: alarm, Names: []string{hero}, Text: what})
		s.lab.Redeliver(s.raised[alarm])
		return nil
	}
}

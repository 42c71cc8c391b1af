package guard_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// alone is, for every rule, a question on which all other rules permit.
var alone = map[string]func(*scene){
	"episode":      func(s *scene) { s.view.OpenCase = hungID + "-0123456789abcdef" },
	"lever":        func(s *scene) { s.view.Lever.Pulled = true },
	"fresh":        func(s *scene) { s.stale() },
	"known":        func(s *scene) { s.description.Exists = false },
	"opted-in":     func(s *scene) { s.untagged() },
	"supported":    func(s *scene) { s.description.Architecture = "arm64" },
	"running":      func(s *scene) { s.description.State = "stopping" },
	"booted":       func(s *scene) { s.status.Events = []instance.Event{{Code: "system-reboot", NotBefore: noon}} },
	"unresponsive": func(s *scene) { s.ping.At = ago(time.Minute) },
	"quiet":        func(s *scene) { s.console = []byte(consoleDumping) },
	"host-ok":      func(s *scene) { s.status.System.Status = "impaired" },
	"survives":     func(s *scene) { s.shutdown = "terminate" },
	"cooldown":     func(s *scene) { s.view.LastClaim = ago(2 * time.Hour) },
	"group":        func(s *scene) { s.crowded() },
	"region":       func(s *scene) { s.region(11, ago(time.Minute)) },
	"budget":       func(s *scene) { s.budget = taken(3, noon.Add(time.Hour)) },
	"asked":        func(s *scene) { s.description.Tag = config.TagManual },
}

// stale makes the alarm half an hour old, and the hang a minute older.
func (s *scene) stale() {
	s.died(ago(32 * time.Minute))
	s.trigger.At = ago(31 * time.Minute)
}

// untagged takes the tag away. The request is direct, as an alarm needs the tag
// for more than one reason.
func (s *scene) untagged() {
	s.direct()
	s.description.Tag = ""
}

// crowded puts the instance in a group whose one slot is taken.
func (s *scene) crowded() {
	s.member(5)
	s.groupSlots = taken(1, noon)
}

// TestNoRuleIsEverMissing fails for each rule that is taken out of Rules: then
// nothing objects to its question any more.
func TestNoRuleIsEverMissing(t *testing.T) {
	for name, change := range alone {
		s := hung(t)
		change(s)
		if v := s.claim(t); v.Kind == guard.Permitted || v.Rule != name {
			t.Errorf("%s alone objects: the guard says %s by %q", name, v.Kind, v)
		}
	}
	var names []string
	for _, r := range guard.Rules() {
		if _, ok := alone[r.Name()]; !ok {
			t.Errorf("no question is known on which only %s objects", r.Name())
		}
		names = append(names, r.Name())
	}
	slices.Sort(names)
	if once := slices.Compact(slices.Clone(names)); len(once) != len(names) {
		t.Errorf("two rules have one name: %v", names)
	}
}

func TestForceNeverReachesFurtherThanItMay(t *testing.T) {
	everything := make([]string, 0, len(alone))
	for name := range alone {
		everything = append(everything, name)
	}
	for name, change := range alone {
		for _, kind := range []trigger.Kind{trigger.KindAlarm, trigger.KindText, trigger.KindAttribute, trigger.KindDirect, ""} {
			s := hung(t)
			change(s)
			at := s.trigger.At
			if kind == trigger.KindDirect && name != "fresh" {
				at = s.now // a person's request is not fresh for longer than two minutes
			}
			if name != "opted-in" { // which is asked by a person anyway
				s.trigger.Kind = kind
			}
			s.trigger.At, s.trigger.Force = at, everything
			v := s.claim(t)
			// The two that force reaches, and what a direct invoke needs no force for.
			open := s.trigger.Kind == trigger.KindDirect && (name == "unresponsive" || name == "cooldown" || name == "asked")
			if open != (v.Kind == guard.Permitted) || (!open && v.Rule != name) {
				t.Errorf("%s, everything forced by %q: %s by %q", name, kind, v.Kind, v)
			}
		}
	}
}

func TestForceMeansTheSameToTheDecoderAndTheGuard(t *testing.T) {
	var got []string
	for name, change := range alone {
		s := hung(t)
		change(s)
		if name == "quiet" { // where force reaches a shutdown alone
			s.console = []byte(consoleDown)
		}
		s.trigger.Kind = trigger.KindDirect
		if name != "fresh" {
			s.trigger.At = s.now
		}
		if s.claim(t).Kind == guard.Permitted { // a direct request needs no force for it
			continue
		}
		s.trigger.Force = []string{name}
		if s.claim(t).Kind == guard.Permitted {
			got = append(got, name)
		}
	}
	want := trigger.Forceable()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the guard can be forced in %v, a request may name %v", got, want)
	}
}

// hangs is the sentence of the scene hung.
const hangs = "unresponsive: it says nothing (SSM ping 12m ago, heartbeat 11m ago), it writes nothing (0 for 8 min, 40 a minute before), " +
	"and nobody gets an answer (NetworkOut 2.0 kB in 5m, 1.0 MB before)"

func TestForceNeverNamesOneRuleAndOverridesAnother(t *testing.T) {
	lively := func(s *scene) { s.ping.At = ago(time.Minute) }
	recent := func(s *scene) { s.view.LastClaim = ago(2 * time.Hour) }
	for _, c := range []struct {
		name   string
		change func(*scene)
		force  []string
		kind   guard.Kind
		want   string
	}{
		{"alive, nothing forced", lively, nil, guard.Refused, "unresponsive: it is alive: SSM ping 1m ago"},
		{"alive, cooldown forced", lively, []string{"cooldown"}, guard.Refused, "unresponsive: it is alive: SSM ping 1m ago"},
		{"alive, quiet forced", lively, []string{"quiet"}, guard.Refused, "unresponsive: it is alive: SSM ping 1m ago"},
		{"alive, forced", lively, []string{"unresponsive"}, guard.Permitted, "unresponsive: forced, although: it is alive: SSM ping 1m ago"},
		{"hung, forced though nobody had to", func(*scene) {}, []string{"unresponsive"}, guard.Permitted, hangs},
		{"recent, nothing forced", recent, nil, guard.Refused, "cooldown: interrupted 2h ago, 6h required; force can shorten it to 1h"},
		{"recent, unresponsive forced", recent, []string{"unresponsive"}, guard.Refused, "cooldown: interrupted 2h ago, 6h required; force can shorten it to 1h"},
		{"recent, forced", recent, []string{"cooldown"}, guard.Permitted, hangs},
	} {
		s := hung(t)
		s.direct(c.force...)
		c.change(s)
		if v := s.claim(t); v.Kind != c.kind || v.String() != c.want {
			t.Errorf("%s: %s by %q, want %s by %q", c.name, v.Kind, v, c.kind, c.want)
		}
	}
}

func TestALighterVerdictNeverOutweighsAHeavierOne(t *testing.T) {
	// For every kind a rule asked early and one asked late, wherever there are two.
	kinds := []struct {
		kind    guard.Kind
		changes []func(*scene)
	}{
		{guard.Duplicate, []func(*scene){func(s *scene) { s.view.OpenCase = "a case" }}},
		{guard.Refused, []func(*scene){
			func(s *scene) { s.view.Lever.Pulled = true },
			func(s *scene) { s.budget = taken(3, noon.Add(time.Hour)) },
		}},
		{guard.Later, []func(*scene){
			func(s *scene) { s.status.System.Status = "" },
			func(s *scene) { s.description.LaunchedAt = ago(time.Minute) },
			func(s *scene) { s.reach.Cut = true },
		}},
		{guard.Held, []func(*scene){func(s *scene) { s.config.Mode = config.ModeManual }}},
		{guard.Permitted, []func(*scene){func(*scene) {}}},
	}
	for i, heavy := range kinds {
		for _, light := range kinds[i:] {
			for n, one := range heavy.changes {
				for m, other := range light.changes {
					s := hung(t)
					other(s)
					one(s)
					if v := s.claim(t); v.Kind != heavy.kind {
						t.Errorf("%s (%d) and %s (%d): %s by %q", heavy.kind, n, light.kind, m, v.Kind, v)
					}
				}
			}
		}
	}
}

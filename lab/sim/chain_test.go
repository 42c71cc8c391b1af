package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
)

// TestAPassThatIsLeftOutNeverHasADeadVital plays passes that would be left out.
func TestAPassThatIsLeftOutNeverHasADeadVital(t *testing.T) {
	left, played := 0, 0
	for f, fleet := range []world.Fleet{world.Single, world.ALBInstance, world.Idle, world.Windows} {
		w, err := world.New(world.Config{Seed: uint64(70 + f), Days: 3, Times: 10, Hosts: []world.Hosts{{Fleet: fleet, Count: 4}}})
		if err != nil {
			t.Fatal(err)
		}
		p := newPlayer(settings(t), w, world.Unknowns{})
		p.always = true
		calm := false
		p.visited = func(v visit) { calm = p.calm(v) }
		for _, a := range w.Alarms(world.Unknowns{}, world.AlarmKinds()...) {
			p.play(a, func(d *Decision) bool {
				played++
				if !calm || a.Instance == "" {
					return true
				}
				left++
				if _, dead := d.dead(); dead || d.Verdict.Kind == guard.Permitted {
					t.Errorf("%s", explained(p, d))
				}
				return true
			})
		}
	}
	if left < 100 || played == left {
		t.Errorf("only %d of %d passes would be left out", left, played)
	}
}

// TestAPassThatIsLeftOutNeverChangesAnother plays alarms with and without the passes that are
// left out. All other passes must decide the same, at the same moment.
func TestAPassThatIsLeftOutNeverChangesAnother(t *testing.T) {
	left, compared := 0, 0
	for f, fleet := range []world.Fleet{world.Single, world.ALBInstance, world.Idle, world.Windows, world.NLBTCP} {
		w, err := world.New(world.Config{Seed: uint64(80 + f), Days: 3, Times: 10, HangsPerHostYear: 60, Hosts: []world.Hosts{{Fleet: fleet, Count: 6}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range w.Alarms(world.Unknowns{}, world.AlarmKinds()...) {
			if a.Instance == "" {
				continue
			}
			whole, calm := decisions(settings(t), w, a, true)
			some, _ := decisions(settings(t), w, a, false)
			left += len(whole) - len(some)
			compared += len(some)
			whole = slices.DeleteFunc(whole, func(d string) bool { return calm[d] })
			if !slices.Equal(whole, some) {
				t.Errorf("%s, %+v:\n%s\nand without those that are left out\n%s", fleet, a, strings.Join(whole, "\n"), strings.Join(some, "\n"))
			}
		}
	}
	if left < 100 || compared < 100 {
		t.Errorf("only %d passes were left out, and %d compared", left, compared)
	}
}

// TestAPassThatIsLeftOutNeverHasAnythingToRemember plays all passes. One that would be left out
// must forget nothing of what the pass before has seen, and must see nothing for the next.
func TestAPassThatIsLeftOutNeverHasAnythingToRemember(t *testing.T) {
	const hours = 4 * time.Hour
	for name, c := range map[string]struct {
		hosts  world.Hosts
		faults []world.Fault
	}{
		"a console that was read while the ping was late": {
			world.Hosts{Fleet: world.Single, Count: 12, Period: fiveMinutes, Mute: true}, []world.Fault{{Cause: world.LostPing, Scope: world.OneHost, At: begins, For: fiveMinutes}},
		},
		"a volume that fails while the heart beats": {
			world.Hosts{Fleet: world.Single, Count: 12, Period: fiveMinutes}, []world.Fault{
				{Cause: world.AgentStopped, Scope: world.OneHost, At: begins - hours, For: 2 * hours, Variant: 1},
				{Cause: world.EBSStall, Scope: world.OneHost, At: begins, For: 10 * time.Minute, Variant: 1},
			},
		},
	} {
		w := tiny(t, c.hosts, c.faults...)
		p := newPlayer(settings(t), w, world.Unknowns{})
		p.always = true
		calm, remembers := 0, 0
		wasCalm := false
		p.visited = func(v visit) {
			remembered := v.trigger.Targets[0].Seen != nil
			if remembered && (wasCalm || p.calm(v)) {
				t.Errorf("%s: pass %d has %+v", name, v.trigger.Pass, *v.trigger.Targets[0].Seen)
			}
			if wasCalm = p.calm(v); wasCalm {
				calm++
			}
			if remembered {
				remembers++
			}
		}
		p.play(world.Alarm{At: w.Start().Add(begins), Kind: world.CPUAlarm, Instance: p.hosts[0].ID}, func(*Decision) bool { return true })
		if calm == 0 || remembers == 0 {
			t.Errorf("%s: %d passes would be left out, and %d remember", name, calm, remembers)
		}
	}
}

// decisions are those on one alarm, and which of them are left out otherwise.
func decisions(c config.Config, w *world.World, a world.Alarm, always bool) (all []string, calm map[string]bool) {
	p := newPlayer(c, w, world.Unknowns{})
	p.always = always
	calm = map[string]bool{}
	out := false
	p.visited = func(v visit) { out = p.calm(v) }
	p.play(a, func(d *Decision) bool {
		text := fmt.Sprintf("%s pass %d: %s by %s", d.At.Format(time.DateTime), d.Pass, d.Verdict.Kind, d.Verdict.Rule)
		all, calm[text] = append(all, text), out
		return true
	})
	return all, calm
}

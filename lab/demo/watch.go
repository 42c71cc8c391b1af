package demo

import (
	"context"
	"fmt"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// watch shows what becomes of the victims and what their groups do. The function's
// log and its calls say nothing of either.
func (s *stage) watch(ctx context.Context) {
	last, done := map[string]string{}, 0
	for clock.Sleep(ctx, s.lab.Clock, time.Second) == nil {
		for _, name := range victims {
			v, err := s.lab.Fleet.Get(s.ids[name])
			if err != nil || v.Phase == last[name] {
				continue
			}
			last[name] = v.Phase
			phase := Phase(v.Phase)
			if text := phases[phase]; text != "" {
				s.show(Event{Kind: KindGuest, Names: []string{name}, Instance: v.ID, Phase: phase, Text: text})
			}
		}
		replaced := s.lab.Fleet.Replacements()
		for _, r := range replaced[done:] {
			phase, text := fate(r)
			s.show(Event{Kind: KindGuest, Names: []string{s.names[r.Instance]}, Instance: r.Instance, Phase: phase, Text: text})
		}
		done = len(replaced)
	}
}

// phases say what each phase means to a reader. The others are not shown.
var phases = map[Phase]string{
	PhaseDumping: "the kernel panics into its capture kernel and writes the dump",
	PhaseBooting: "the dump is on disk; the machine restarts",
	PhaseUp:      "back: login prompt, agent, status checks",
}

// fate is what a group did about one of its members.
func fate(r fleet.Replacement) (Phase, string) {
	switch {
	case !r.Terminated:
		return PhaseStandby, fmt.Sprintf("in Standby: its group leaves it alone, and launches %s", r.By)
	case r.DumpLost:
		return PhaseTerminated, fmt.Sprintf("terminated by its group, and the dump is lost; the reason: %s; %s takes its place", r.Why, r.By)
	}
	return PhaseTerminated, fmt.Sprintf("terminated by its group; the reason: %s; %s takes its place", r.Why, r.By)
}

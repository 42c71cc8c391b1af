package demo

import (
	"context"
	"fmt"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// watch tells what becomes of the victims and what their groups do, which no AWS
// call would.
func (s *stage) watch(ctx context.Context) {
	last, done := map[string]string{}, 0
	for clock.Sleep(ctx, s.lab.Clock, time.Second) == nil {
		for _, name := range victims {
			v, err := s.lab.Fleet.Get(s.ids[name])
			if err != nil || v.Phase == last[name] {
				continue
			}
			last[name] = v.Phase
			if text := phases[v.Phase]; text != "" {
				s.tell(Event{Kind: KindGuest, Names: []string{name}, Text: text})
			}
		}
		replaced := s.lab.Fleet.Replacements()
		for _, r := range replaced[done:] {
			s.tell(Event{Kind: KindGuest, Names: []string{s.names[r.Instance]}, Instance: r.Instance, Text: fate(r)})
		}
		done = len(replaced)
	}
}

var phases = map[string]string{
	"dumping": "the kernel panics into its capture kernel and writes the dump",
	"booting": "the dump is on disk; the machine restarts",
	"up":      "back: login prompt, agent, status checks",
}

// fate is what a group did about one of its members.
func fate(r fleet.Replacement) string {
	switch {
	case !r.Terminated:
		return fmt.Sprintf("in Standby: its group leaves it alone, and launches %s in its place", r.By)
	case r.DumpLost:
		return fmt.Sprintf("terminated by its group, for %s: the dump is lost; %s takes its place", r.Why, r.By)
	}
	return fmt.Sprintf("terminated by its group, for %s; %s takes its place", r.Why, r.By)
}

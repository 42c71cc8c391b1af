package demo

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"crashcart/lab"
	"crashcart/lambda/aws/evidence"
)

// judge shows the hero's console before and after, a notification, every promise, and
// a few figures. It returns ErrBroken when a promise did not hold.
func (s *stage) judge() error {
	f, err := s.facts()
	if err != nil {
		return err
	}
	s.show(Event{Kind: KindConsole, Names: []string{hero}, Text: "before the interrupt, as kept in the bucket", Lines: lastWords(f.before, 3)})
	s.show(Event{Kind: KindConsole, Names: []string{hero}, Text: "after it", Lines: crashLines(f.after)})
	if n, ok := f.about("interrupted/" + s.ids[hero]); ok {
		s.show(Event{Kind: KindNotification, Names: []string{hero}, Text: fmt.Sprintf("one of %d", len(f.notified)), Lines: n.lines()})
	}
	broken := false
	for _, p := range promises(f) {
		s.show(Event{Kind: KindPromise, Text: p.text, Kept: new(p.seen == ""), Detail: p.seen})
		broken = broken || p.seen != ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show(Event{Kind: KindSummary, Text: fmt.Sprintf("%d decisions on %d triggers with %d AWS calls; a cold start took %s",
		len(s.decisions), len(script()), len(s.lab.Calls()), s.coldStart.Round(time.Millisecond))})
	switch {
	case !broken:
		return nil
	case s.slow() && onlyVictims(f) == "" && unharmed(f) == "":
		return ErrSlow // nothing wrong was done, only too late
	}
	return ErrBroken
}

// facts gathers what the story left behind.
func (s *stage) facts() (facts, error) {
	f := facts{
		ids: s.ids, interrupts: s.lab.Fleet.Interrupts(), ends: map[subject][]string{},
		waiting: s.waiting(), replaced: s.lab.Fleet.Replacements(), dumps: map[string][]string{}, homes: map[string][]lab.Home{},
	}
	for _, e := range expectations() {
		f.ends[subject{e.trigger, e.name}] = s.ends(e)
	}
	for _, c := range s.lab.Calls() {
		if c.Operation == "SendDiagnosticInterrupt" && !c.DryRun {
			f.sends = append(f.sends, c)
		}
	}
	s.mu.Lock()
	f.trouble, f.endings = slices.Clone(s.trouble), slices.Clone(s.endings)
	s.mu.Unlock()
	f.ignored = s.reasons()
	notified, err := notifications(s.lab.Notifications.Messages())
	f.notified = notified
	return f, errors.Join(err, s.evidence(&f), s.guests(&f), s.homes(&f))
}

// evidence reads what is in the bucket of the hero.
func (s *stage) evidence(f *facts) error {
	keys, err := s.lab.Store.Keys(s.lab.BucketName)
	if err != nil {
		return fmt.Errorf("listing the evidence: %w", err)
	}
	for _, key := range keys {
		part, found := map[string]*[]byte{evidence.FileLatest: &f.before, evidence.FileScreenshot: &f.screen}[path.Base(key)]
		if !found || !strings.HasPrefix(key, "cases/"+s.ids[hero]) {
			continue
		}
		if *part, err = s.lab.Store.Object(s.lab.BucketName, key); err != nil {
			return fmt.Errorf("reading the evidence: %w", err)
		}
	}
	return nil
}

// homes compares what is on the disks of the interrupted instances with the bucket.
func (s *stage) homes(f *facts) (err error) {
	for _, e := range f.endings {
		if f.homes[e.InstanceID], err = s.lab.Home(e.InstanceID, e.CaseID); err != nil {
			return err
		}
	}
	return nil
}

// guests reads what the interrupted instances have to show for it.
func (s *stage) guests(f *facts) (err error) {
	if f.after, _, err = s.lab.Fleet.Console(s.ids[hero], true); err != nil {
		return err
	}
	for _, name := range victims {
		v, err := s.lab.Fleet.Get(s.ids[name])
		if err != nil {
			return err
		}
		f.dumps[v.ID] = v.Dumps
	}
	return nil
}

package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// watched takes a scene through a pass a minute, as the queue does: what one pass has seen is
// what the next one knows. change is called before each pass with its number. It gives the
// verdict of each, up to the first that is not later.
func watched(t *testing.T, s *scene, passes int, change func(pass int)) []guard.Verdict {
	t.Helper()
	s.ref.Seen = nil
	s.trigger.At = s.now
	s.trigger.Alarm.Region, s.trigger.Alarm.State, s.trigger.Alarm.ChangedAt = "eu-central-1", "ALARM", s.now
	s.trigger.SourceKey = "alarm/" + s.trigger.Alarm.ARN + "//" + s.now.Format(time.RFC3339Nano)
	var all []guard.Verdict
	for pass := range passes {
		change(pass)
		all = append(all, watchedOnce(t, s))
		if all[pass].Kind != guard.Later {
			break
		}
		s.now = s.now.Add(time.Minute)
	}
	return all
}

// watchedOnce is one pass, in the handler's order.
func watchedOnce(t *testing.T, s *scene) guard.Verdict {
	t.Helper()
	g, _ := s.guard()
	q := s.question()
	q.Console, q.Screenshot = fact.Of[[]byte]{}, fact.Of[[]byte]{}
	if g.WantsConsole(q) {
		q.Console = fact.Known(s.console)
	}
	if g.WantsScreenshot(q) {
		q.Screenshot = fact.Known(s.screen)
	}
	v := g.Decide(q)
	if v.Kind == guard.Permitted {
		v = s.claim(t)
	}
	s.ref.Seen = seen(t, s, q)
	return v
}

// gone is a scene that died 25 minutes ago, and whose disk is still for longer than a storm.
func gone(t *testing.T) *scene {
	s := hung(t)
	s.died(ago(25 * time.Minute))
	return s
}

const restarted = consoleUp + "\n" + consoleUp

// A host that has just come back looks dead in all that is published. Its console does not.
func TestAHostThatHasJustComeBackIsNeverInterrupted(t *testing.T) {
	for back := range 4 { // the pass before which its boot has finished
		s := gone(t)
		s.disk.lag = 3 * time.Minute
		for n, v := range watched(t, s, 6, func(pass int) {
			if pass == back {
				s.console = []byte(restarted)
				s.disk.wrote = s.now // it boots, and that is published minutes later
			}
		}) {
			if v.Kind == guard.Permitted {
				t.Errorf("it is back before pass %d: interrupted at pass %d by %q", back, n, v)
			}
		}
	}
}

// What seemed dead before a restart says nothing of what has started since.
func TestAHostThatRestartsMeanwhileIsNeverInterruptedForWhatIsOver(t *testing.T) {
	s := hung(t)
	const back = 2 // the pass that sees it
	all := watched(t, s, back+25, func(pass int) {
		if pass == back {
			s.console = []byte(consoleUp + "\n" + up + "[   13.456789] systemd[1]: Reached target Multi-User System.\n\nexample login: ")
		}
	})
	if last := all[len(all)-1]; last.Kind != guard.Permitted || len(all)-1 != back+20 {
		t.Errorf("%s by %q at pass %d, want permitted 20 minutes after it restarted", last.Kind, last, len(all)-1)
	}
}

// The same holds of a restart that goes on when the first pass reads the console.
func TestAHostThatIsStillBootingIsNeverInterruptedForWhatIsOver(t *testing.T) {
	for name, first := range map[string]string{"a boot": consoleUp + "\n" + consoleBooting, "a dump": consoleDumping} {
		s := hung(t)
		all := watched(t, s, 25, func(pass int) {
			s.console = []byte(first)
			if pass > 0 {
				s.console = []byte(first + "[   13.456789] systemd[1]: Reached target Multi-User System.\n\nexample login: ")
			}
		})
		if last := all[len(all)-1]; last.Kind == guard.Permitted && len(all)-1 < 20 {
			t.Errorf("%s: permitted at pass %d by %q", name, len(all)-1, last)
		}
	}
}

// A boot that the console shows may be the one of a moment ago, or of last year.
func TestAHostThatBootedLongAgoIsNeverLost(t *testing.T) {
	for name, c := range map[string]struct {
		console string
		pass    int // that interrupts
	}{
		"nothing since the boot":   {consoleUp, 2},
		"a line of an hour later":  {consoleUp + "\n[ 3612.345678] usb 1-1: new device\n", 0},
		"the ring forgot the boot": {"[86400.000001] usb 1-1: new device\n", 0},
	} {
		s := gone(t)
		s.console = []byte(c.console)
		all := watched(t, s, 10, func(int) {})
		if last := all[len(all)-1]; last.Kind != guard.Permitted || len(all) != c.pass+1 {
			t.Errorf("%s: %s by %q at pass %d, want permitted at pass %d", name, last.Kind, last, len(all)-1, c.pass)
		}
	}
}

// mute are scenes whose console can show no restart.
var mute = map[string]func(*scene){
	"an empty console": func(s *scene) { s.console = nil },
	"firmware alone":   func(s *scene) { s.console = []byte("SeaBIOS (version 1.16)\n") },
	"a Windows":        func(s *scene) { s.description.Windows = true },
	"no kernel's time": func(s *scene) { s.console = []byte(consoleNothingKnown) },
}

// A shutdown that waits, and a boot, change the screen. So does a host that comes back.
func TestAHostWhoseScreenChangesIsNeverInterrupted(t *testing.T) {
	for name, silence := range mute {
		s := gone(t)
		s.died(ago(28 * time.Minute))
		silence(s)
		all := watched(t, s, 20, func(pass int) { s.screen = fmt.Appendf(nil, "a stop job is running (%d s)", 60*pass) })
		if last := all[len(all)-1]; len(all) != 20 || last.Kind != guard.Later || last.Rule != "quiet" {
			t.Errorf("%s: %s by %q at pass %d", name, last.Kind, last, len(all)-1)
		}
		end := all[len(all)-1].Last()
		if end.Kind != guard.Held || end.Command == "" {
			t.Errorf("%s: at its last pass it is %s (%s)", name, end.Kind, end)
		}
	}
}

func TestAHostWhoseScreenStandsStillIsNeverLost(t *testing.T) {
	still := func(*scene, int) {}
	for what, c := range map[string]struct {
		change func(*scene, int)
		pass   int
	}{
		"the same picture":       {still, 2},
		"a cursor that blinks":   {func(s *scene, pass int) { s.screen = fmt.Appendf(nil, "cursor %d", pass%2) }, 3},
		"it changes once":        {func(s *scene, pass int) { s.screen = fmt.Appendf(nil, "%v", pass < 2) }, 4},
		"it changes a last time": {func(s *scene, pass int) { s.screen = fmt.Appendf(nil, "%d", min(pass, 5)) }, 7},
	} {
		for name, silence := range mute {
			s := gone(t)
			s.died(ago(28 * time.Minute))
			silence(s)
			all := watched(t, s, 20, func(pass int) { c.change(s, pass) })
			if last := all[len(all)-1]; last.Kind != guard.Permitted || len(all) != c.pass+1 {
				t.Errorf("%s, %s: %s by %q at pass %d, want permitted at pass %d", name, what, last.Kind, last, len(all)-1, c.pass)
			}
		}
	}
}

// A Windows whose screen changes costs a screenshot a pass, and not all of the evidence.
func TestTheEvidenceIsNeverTakenOfAWindowsWhoseScreenChanges(t *testing.T) {
	s := gone(t)
	s.died(ago(28 * time.Minute))
	s.description.Windows = true
	g, _ := s.guard()
	q := s.question()
	facts["console"].unask(&q)
	if v := g.Decide(q); v.Kind != guard.Permitted {
		t.Errorf("its screen stands still: %s by %q", v.Kind, v)
	}
	q.Screenshot = fact.Known([]byte("another picture"))
	if v := g.Decide(q); v.Kind != guard.Later || v.Rule != "quiet" {
		t.Errorf("its screen changes: %s by %q", v.Kind, v)
	}
}

// A screen that cannot be seen shows nothing, and is no screen that stands still.
func TestAScreenThatCannotBeSeenNeverPermits(t *testing.T) {
	for name, silence := range mute {
		s := hung(t)
		s.died(ago(28 * time.Minute))
		silence(s)
		for state, how := range map[string]func(*guard.Question){"failed": facts["screenshot"].fail, "not asked for": facts["screenshot"].unask} {
			q := s.question()
			how(&q)
			if v := claim(t, s, q); v.Kind != guard.Later || v.Rule != "quiet" || v.Last().Kind != guard.Held {
				t.Errorf("%s, %s: %s by %q, and at last %s", name, state, v.Kind, v, v.Last().Kind)
			}
		}
	}
}

// A person asks once, so that nothing was seen before. A target that is held in any case
// waits for nothing either.
func TestAPersonIsNeverKeptWaitingForTheScreen(t *testing.T) {
	for name, silence := range mute {
		s := hung(t)
		s.died(ago(28 * time.Minute))
		silence(s)
		s.direct()
		q := s.question()
		facts["screenshot"].unask(&q)
		if v := claim(t, s, q); v.Kind != guard.Permitted {
			t.Errorf("%s: %s by %q", name, v.Kind, v)
		}
	}
	s := hung(t)
	s.windows()
	s.disk, s.ref.Seen = disk{}, nil
	if v := s.claim(t); v.Kind != guard.Held {
		t.Errorf("a Windows without a disk: %s by %q", v.Kind, v)
	}
}

const (
	stuckTask = "[ 4000.000001] INFO: task jbd2/nvme0n1p1-:251 blocked for more than 241 seconds.\n"
	stuckCPU  = "[ 4000.000001] watchdog: BUG: soft lockup - CPU#1 stuck for 240s! [kworker/1:2:417]\n"
	younger   = "[ 4000.000001] INFO: task jbd2/nvme0n1p1-:251 blocked for more than 239 seconds.\n"
)

// A kernel that says for minutes that it is stuck has no storm. It must say so while passes
// read its console: an old complaint says nothing of now.
func TestOnlyAKernelThatIsStuckForMinutesIsEverInterruptedEarly(t *testing.T) {
	for name, c := range map[string]struct {
		first, then string
		want        guard.Kind
	}{
		"a task, at the second pass":     {consoleUp, consoleUp + "\n" + stuckTask, guard.Permitted},
		"a CPU, at the second pass":      {consoleUp, consoleUp + "\n" + stuckCPU, guard.Permitted},
		"a task for less":                {consoleUp, consoleUp + "\n" + younger, guard.Later},
		"nothing":                        {consoleUp, consoleUp, guard.Later},
		"a task, before the first pass":  {consoleUp + "\n" + stuckTask, consoleUp + "\n" + stuckTask, guard.Later},
		"somebody who quotes the kernel": {consoleUp, consoleUp + "\napp: " + stuckTask, guard.Later},
	} {
		s := hung(t)
		all := watched(t, s, 5, func(pass int) {
			s.console = []byte(c.first)
			if pass > 0 {
				s.console = []byte(c.then)
			}
		})
		if last := all[len(all)-1]; last.Kind != c.want {
			t.Errorf("%s: %s by %q at pass %d, want %s", name, last.Kind, last, len(all)-1, c.want)
		}
	}
}

// A complaint that stands on the console at the first pass may be from days ago. By the time
// of its kernel it is of now, if that kernel cannot have run for as long at any other moment.
func TestAnOldComplaintIsNeverTakenForOneOfNow(t *testing.T) {
	for name, c := range map[string]struct {
		launched time.Duration // before the facts
		want     guard.Kind
	}{
		"it ran for as long as since the launch": {4000*time.Second + 9*time.Minute, guard.Permitted},
		"the complaint is ten minutes old":       {4000*time.Second + 10*time.Minute + time.Second, guard.Later},
		"it may have restarted since":            {72 * time.Hour, guard.Later},
		"its kernel's time is ahead":             {3999 * time.Second, guard.Later},
	} {
		s := hung(t)
		s.ref.Seen.Stuck = time.Time{}
		s.description.LaunchedAt = ago(c.launched)
		s.console = []byte(consoleUp + "\n" + stuckTask + "[ 4001.000000] usb 1-1: reset\n")
		s.ref.Seen.Kernel, s.ref.Seen.Lines = 4001, 0 // the pass before has seen it, too
		if v := s.claim(t); v.Kind != c.want {
			t.Errorf("%s: %s by %q, want %s", name, v.Kind, v, c.want)
		}
	}
}

// A complaint of a while ago says nothing of now.
func TestAComplaintNeverCountsForLongerThanItIsRepeated(t *testing.T) {
	for age, want := range map[time.Duration]guard.Kind{10*time.Minute - time.Second: guard.Permitted, 10 * time.Minute: guard.Later} {
		s := hung(t)
		s.ref.Seen.Stuck = ago(age)
		if v := s.claim(t); v.Kind != want {
			t.Errorf("%s ago: %s by %q, want %s", age, v.Kind, v, want)
		}
	}
}

// Where no disk says how late signs of life are, a host is watched for longer.
func TestAHostWithoutADiskIsWatchedForLonger(t *testing.T) {
	for age, want := range map[time.Duration]guard.Kind{6*time.Minute - time.Second: guard.Later, 6 * time.Minute: guard.Permitted} {
		s := hung(t)
		s.disk = disk{}
		s.console = []byte(consoleUp + "\n" + strings.Replace(lockup, "7200.1", "  14.1", 1))
		s.ref.Seen.Still = ago(age)
		v := s.claim(t)
		if v.Kind != want {
			t.Errorf("%s: %s by %q, want %s", age, v.Kind, v, want)
		}
	}
}

// The screenshot costs a call. It is taken where the console can show nothing.
func TestTheScreenIsSeenWhereAndOnlyWhereItDecides(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene, *guard.Question)
		want   bool
	}{
		"an empty console":          {func(s *scene, q *guard.Question) { q.Console = fact.Known[[]byte](nil) }, true},
		"a console that shows much": {func(*scene, *guard.Question) {}, false},
		"a console not read":        {func(_ *scene, q *guard.Question) { facts["console"].unask(q) }, false},
		"a Windows": {func(s *scene, q *guard.Question) {
			s.windows()
			*q = s.question()
			facts["console"].unask(q)
		}, true},
		"a Windows that lives": {func(s *scene, q *guard.Question) {
			s.description.Windows = true
			s.lives()
			*q = s.question()
		}, false},
		"a person asks": {func(s *scene, q *guard.Question) {
			s.direct()
			s.console = nil
			*q = s.question()
		}, false},
		"no description": {func(_ *scene, q *guard.Question) { q.Instance.Description = broken[instance.Description]() }, false},
	} {
		s := hung(t)
		q := s.question()
		c.change(s, &q)
		g, _ := s.guard()
		if got := g.WantsScreenshot(q); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What one pass leaves for the next says no more than it has seen.
func TestAPassThatReadsNothingNeverVouchesForTheOneBefore(t *testing.T) {
	s := hung(t)
	q := s.question()
	facts["console"].unask(&q)
	g, _ := s.guard()
	if got := g.Seen(q); got == nil || !got.Still.IsZero() || got.Screens != nil || got.Kernel != 0 {
		t.Errorf("it leaves %+v", got)
	}
	s.console = nil
	q = s.question()
	facts["screenshot"].unask(&q)
	if got := g.Seen(q); got == nil || !got.Still.IsZero() || got.Screens != nil {
		t.Errorf("without the screen it leaves %+v", got)
	}
	var none *trigger.Seen
	if s.ref.Seen == none {
		t.Error("the scene has no pass before")
	}
}

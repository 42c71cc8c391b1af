package trial

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/serial"
)

// crash is the console of a guest that dumps.
const crash = "[    0.000000] Command line: ro elfcorehdr=1K\r\n" +
	"kdump-tools: saved dmesg content in /var/crash/1.\r\n" +
	"running makedumpfile -F /proc/vmcore | compress > /var/crash/1/dump-incomplete.\r\n" +
	"The dumpfile is saved to STDOUT.\r\nmakedumpfile Completed.\r\n" +
	"[    0.000000] Command line: ro crashkernel=128M\r\n" + readyMark + " dumps=1\r\n"

// listening is a run without a guest, of which only the console is there, and a
// recorder of its events.
func listening(t *testing.T, trial Trial) (*run, func() []Event) {
	t.Helper()
	var mu sync.Mutex
	var events []Event
	r := &run{
		options: Options{Observe: func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		}},
		trial: trial, console: serial.New(), record: &Record{Trial: trial}, start: time.Now(),
		final: make(chan struct{}), back: make(chan struct{}), captured: make(chan struct{}),
	}
	wait := r.listen()
	t.Cleanup(func() {
		if err := r.console.Close(); err != nil {
			t.Error(err)
		}
		wait()
	})
	return r, func() []Event {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(events)
	}
}

func say(t *testing.T, r *run, text string) {
	t.Helper()
	if _, err := io.WriteString(r.console, text); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatComesAfterTheInterruptIsOfTheCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, events := listening(t, Ends()[0])
		const before = "an older crash:\r\n" + crash + "root@crashcart-guest:~# "
		say(t, r, before)
		synctest.Wait()
		if len(r.record.Stages) != 0 || r.wasSent() {
			t.Fatalf("before the interrupt: %+v", r.record.Stages)
		}
		r.sent(time.Time{})
		time.Sleep(time.Second)
		say(t, r, crash) // whose first line ends the one of the prompt
		if err := r.watch(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := r.record.names(); !slices.Equal(got, dumped.Stages) || !r.record.Back || r.record.Again != 0 {
			t.Errorf("%q, back %t, again %d", got, r.record.Back, r.record.Again)
		}
		if s := r.record.Stages[1]; s.After != time.Second || !strings.HasSuffix(s.Line, "elfcorehdr=1K") {
			t.Errorf("%+v", s)
		}
		if r.record.SentAt != len(before) || string(r.record.Console) != before+crash {
			t.Errorf("sent at %d of %q", r.record.SentAt, r.record.Console)
		}
		var stages []string
		for _, e := range events() {
			if e.Kind == EventStage {
				stages = append(stages, e.Name)
			}
		}
		if !slices.Equal(stages, dumped.Stages) {
			t.Errorf("notified of %q", stages)
		}
		// What comes with a reset, or a second interrupt, is not the crash's doing.
		say(t, r, crash+"Kernel panic - not syncing\r\n")
		r.sent(time.Time{})
		synctest.Wait()
		if got := r.record.names(); !slices.Equal(got, dumped.Stages) || r.record.Again != 1 || len(r.record.Console) != len(before+crash) {
			t.Errorf("%q, again %d, %d bytes", got, r.record.Again, len(r.record.Console))
		}
	})
}

// Who listens may be behind, as with a slow terminal: what is heard after the interrupt
// need not have been said after it.
func TestWhatIsHeardLateIsNotOfTheCrash(t *testing.T) {
	r, _ := listening(t, Ends()[0])
	names := func() []string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.record.names()
	}
	r.notifying.Lock()
	say(t, r, crash)
	go r.sent(time.Time{})
	if err := until(t.Context(), r.wasSent); err != nil {
		t.Fatal(err)
	}
	r.notifying.Unlock()
	say(t, r, "Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n")
	if err := until(t.Context(), func() bool { return len(names()) > 1 }); err != nil {
		t.Fatal(err)
	}
	if got := names(); !slices.Equal(got, []string{StageSent, StageSeen}) {
		t.Errorf("%q", got)
	}
}

// A guest that stays away is watched until its time is up, and no longer; what ends
// the trial from outside is an error, and never taken for that.
func TestStayingAwayIsNeverConfusedWithBeingStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := Trial{End: End{Watch: quietWatch}}
		r, _ := listening(t, silent)
		r.sent(time.Time{})
		began := time.Now()
		if err := r.watch(t.Context()); err != nil || r.record.Back || time.Since(began) != quietWatch {
			t.Errorf("%v after %s, back %t", err, time.Since(began), r.record.Back)
		}
		say(t, r, crash) // of the reset that follows
		synctest.Wait()
		if got := r.record.names(); len(got) != 1 || len(r.record.Console) != 0 {
			t.Errorf("after the end it went through %q", got)
		}
		r, _ = listening(t, silent)
		r.sent(time.Time{})
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		began = time.Now()
		if err := r.watch(ctx); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestOnlyTheGuestsFinalDecisionEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, events := listening(t, Ends()[0])
		for _, line := range []string{
			"panic: not JSON", `{"msg":"asked","instanceId":"` + InstanceID + `","Outcome":"interrupted"}`,
			`{"msg":"decision","instanceId":"i-0b000000000000001","Outcome":"refused"}`,
			`{"msg":"decision","instanceId":"` + InstanceID + `","Outcome":"later","Rule":"unresponsive","why":"soon"}`,
		} {
			r.heard(line)
		}
		select {
		case <-r.final:
			t.Fatal("nothing final was decided")
		default:
		}
		for _, outcome := range []string{"interrupted", "duplicate"} {
			r.heard(`{"msg":"decision","instanceId":"` + InstanceID + `","Outcome":"` + outcome + `","Rule":"unresponsive","why":"silent","caseId":"c","vitals":"ssm-ping=dead"}`)
		}
		<-r.final
		if d := r.record.Decided(); d != (Decision{"interrupted", "unresponsive", "silent", "c", "ssm-ping=dead"}) || len(r.record.Decisions) != 3 {
			t.Errorf("%+v of %+v", d, r.record.Decisions)
		}
		var kinds []EventKind
		for _, e := range events() {
			kinds = append(kinds, e.Kind)
		}
		if want := []EventKind{EventNote, EventNote, EventDecision, EventDecision, EventDecision}; !slices.Equal(kinds, want) {
			t.Errorf("notified of %q", kinds)
		}
	})
}

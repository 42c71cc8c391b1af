package guest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/agent"
)

// minutes lets lab time pass, and what is due at its end happen.
func minutes(n float64) {
	time.Sleep(time.Duration(n*float64(time.Minute))/speed + time.Millisecond)
	synctest.Wait()
}

const starts = "[    0.000000] Linux version 6.1.0\r\n"

func TestAFewLostFramesFailNoCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		begun := g.clock.Now()
		minutes(0.9)
		if v := g.Vitals(); !v.Checked.IsZero() {
			t.Errorf("checked before the first minute: %+v", v)
		}
		m.set(func() { m.deaf = 4 })
		minutes(0.9)
		v := g.Vitals()
		if !v.Reachable || !v.UnreachableSince.IsZero() || v.Checked.Sub(begun).Round(time.Second) != time.Minute {
			t.Errorf("%+v, begun %s", v, begun)
		}
	})
}

func TestACheckFailsAtTheFirstThatIsUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		minutes(1.5)
		good := g.Vitals()
		if !good.Reachable {
			t.Fatalf("%+v", good)
		}
		m.set(func() { m.deaf = -1 })
		minutes(1.4) // the check of minute 2 is over
		bad := g.Vitals()
		if bad.Reachable || !bad.Checked.After(good.Checked) || !bad.UnreachableSince.Equal(bad.Checked) {
			t.Fatalf("%+v", bad)
		}
		minutes(3)
		later := g.Vitals()
		if later.Reachable || !later.UnreachableSince.Equal(bad.Checked) || later.Checked.Sub(bad.Checked).Round(time.Second) != 3*time.Minute {
			t.Errorf("first %+v, later %+v", bad, later)
		}
		m.set(func() { m.deaf = 0 })
		minutes(1)
		if v := g.Vitals(); !v.Reachable || !v.UnreachableSince.IsZero() {
			t.Errorf("it is back: %+v", v)
		}
	})
}

func TestTheAgentPingsWhenItIsUpAndThenAtItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		m.set(func() { m.hung = true }) // there is none yet
		m.says(starts)
		minutes(2)
		if v := g.Vitals(); !v.LastPing.IsZero() {
			t.Fatalf("a ping before the agent was there: %+v", v)
		}
		m.set(func() { m.hung = false })
		minutes(1)
		first := g.Vitals().LastPing
		if first.IsZero() {
			t.Fatal("no ping when the agent came up")
		}
		minutes(3.5)
		if got := g.Vitals().LastPing; !got.Equal(first) {
			t.Errorf("another ping after %s", got.Sub(first))
		}
		minutes(2)
		if got := g.Vitals().LastPing.Sub(first).Round(10 * time.Second); got != 5*time.Minute {
			t.Errorf("the next ping came after %s", got)
		}
		m.says(starts) // a reboot
		minutes(0.5)
		if got := g.clock.Now().Sub(g.Vitals().LastPing); got > time.Minute {
			t.Errorf("after the reboot the last ping is %s old", got)
		}
	})
}

func TestALatePingCountsWhenItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		m.set(func() { m.slow = 1500 * time.Millisecond })
		minutes(1) // two seconds
		if v := g.Vitals(); !v.LastPing.IsZero() {
			t.Fatalf("it counted before it was answered: %+v", v)
		}
		m.set(func() { m.slow = 0 })
		minutes(3)
		if v := g.Vitals(); v.LastPing.IsZero() {
			t.Error("it did not count")
		}
	})
}

// TestAnAgentThatOnlyAnswersIsSilent has one whose programs block, as on a frozen file
// system.
func TestAnAgentThatOnlyAnswersIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		minutes(1)
		last := g.Vitals().LastPing
		if last.IsZero() {
			t.Fatal("no ping")
		}
		m.set(func() { m.blocks = true })
		minutes(30)
		if got := g.Vitals().LastPing; !got.Equal(last) {
			t.Errorf("a ping after %s although nothing can be written", got.Sub(last))
		}
		if !g.Vitals().Reachable {
			t.Error("it holds up the status check")
		}
		m.set(func() { m.blocks = false })
		minutes(6)
		if got := g.Vitals().LastPing; got.Equal(last) {
			t.Error("no ping after it thawed")
		}
	})
}

func TestAScriptNeverReachesAnAgentThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		m.set(func() { m.hung = true })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if p, err := g.Start(ctx, "reboot"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v %v", p, err)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if slices.Contains(m.heard, "guest-exec") {
			t.Errorf("it would run after the reboot: %q", m.heard)
		}
	})
}

func TestAProcessIsGoneWithItsKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		minutes(1)
		m.set(func() { m.blocks = true })
		p, err := g.Start(t.Context(), "sleep infinity")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		m.says(starts)
		if _, err := p.Wait(t.Context()); !errors.Is(err, agent.ErrGone) {
			t.Error(err)
		}
	})
}

func TestTheConsoleIsPostedAfterTransitionsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		m.says(starts)
		minutes(3.9)
		if text, _ := g.Console(false); len(text) != 0 {
			t.Errorf("posted too early: %q", text)
		}
		minutes(0.2)
		m.says("hung\r\n")
		minutes(60)
		text, at := g.Console(false)
		if string(text) != starts {
			t.Errorf("posted: %q", text)
		}
		if text, now := g.Console(true); string(text) != starts+"hung\r\n" || now.Sub(at) < time.Hour {
			t.Errorf("latest: %q, of %s, posted %s", text, now, at)
		}
		if err := g.Reset(); err != nil {
			t.Fatal(err)
		}
		minutes(3.9)
		if _, again := g.Console(false); !again.Equal(at) {
			t.Error("posted too early after the reset")
		}
		minutes(0.2)
		if text, _ := g.Console(false); string(text) != starts+"hung\r\n" {
			t.Errorf("posted after the reset: %q", text)
		}
	})
}

func TestReadyIsTheNewestBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		const ready = "CRASHCART-GUEST-READY kexec_crash_loaded=1\r\nroot@crashcart-guest:~# "
		m.says(starts + ready)
		if err := g.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.Reset(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after a reset it is ready before it booted: %v", err)
		}
		m.says(starts) // of a capture kernel, at the end of the prompt's line
		m.says("elfcorehdr=1K\r\n" + starts)
		synctest.Wait() // until it has been heard
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it boots: %v", err)
		}
		m.says(ready)
		if err := g.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		m.says(starts)  // of its own accord
		synctest.Wait() // until it has been heard
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("when it restarted by itself: %v", err)
		}
	})
}

// TestCloseEndsEverything is also about what this package leaves running: the bubble
// fails if that is anything.
func TestCloseEndsEverything(t *testing.T) {
	for name, stubborn := range map[string]bool{"QEMU quits": false, "QEMU must be killed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := boot(t)
				m.set(func() { m.stubborn, m.blocks = stubborn, true })
				minutes(1)
				p, err := g.Start(t.Context(), "sleep infinity")
				if err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 2)
				go func() { _, err := p.Wait(t.Context()); ended <- err }()
				go func() { ended <- g.Ready(t.Context()) }()
				synctest.Wait()
				if err := errors.Join(g.Close(), g.Close()); err != nil {
					t.Error(err)
				}
				for range 2 {
					if err := <-ended; err == nil {
						t.Error("something of it came to a good end")
					}
				}
				<-g.Done()
				if m.is(&m.killed) != stubborn {
					t.Errorf("killed: %t", m.is(&m.killed))
				}
				if err := g.Interrupt(); !errors.Is(err, ErrEnded) {
					t.Error(err)
				}
				if err := g.Ready(t.Context()); !errors.Is(err, ErrEnded) {
					t.Error(err)
				}
			})
		})
	}
}

func TestAGuestThatPowersOffSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		defer shut(t, g)
		minutes(1.5)
		go func() {
			time.Sleep(time.Second)
			_ = m.process.kill() // nobody asked
		}()
		if err := g.Ready(t.Context()); !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
		<-g.Done()
		if _, err := g.Start(t.Context(), "true"); !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
		minutes(3)
		if v := g.Vitals(); v.Reachable || v.UnreachableSince.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}

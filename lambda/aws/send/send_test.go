package send_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/guard"
)

func TestASendWithoutAGoodPermitNeverReachesEC2(t *testing.T) {
	spent := permit(t, false, 0)
	if _, _, err := spent.Spend(time.Now(), false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		permit guard.Permit
		dryRun bool
	}{
		{"live, no permit", guard.Permit{}, false},
		{"dry run, no permit", guard.Permit{}, true},
		{"live, a dry-run permit", permit(t, true, 0), false},
		{"dry run, a live permit", permit(t, false, 0), true},
		{"live, a dead permit", permit(t, false, guard.PermitLife), false},
		{"dry run, a dead permit", permit(t, true, guard.PermitLife+time.Hour), true},
		{"live, a spent permit", spent, false},
	} {
		api := &fakeEC2{answers: []answer{{}}}
		r := sender(api, c.dryRun).Send(t.Context(), c.permit)
		if r.Kind != send.Void || len(api.calls) != 0 || r.Why == "" {
			t.Errorf("%s: %s (%s) after %d calls", c.name, r.Kind, r.Why, len(api.calls))
		}
	}
}

func TestOnePermitNeverMakesTwoSends(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		api := &fakeEC2{answers: []answer{{}}}
		p := permit(t, dryRun, 0)
		i := sender(api, dryRun)
		i.Send(t.Context(), p)
		if r := i.Send(t.Context(), p); r.Kind != send.Void || len(api.calls) != 1 {
			t.Errorf("dry-run %v: %s after %d calls", dryRun, r.Kind, len(api.calls))
		}
	}
}

func TestAnInvocationWithoutTimeNeverUsesThePermitUp(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	api := &fakeEC2{answers: []answer{{}}}
	live, p := sender(api, false), permit(t, false, 0)
	if r := live.Send(over, p); r.Kind != send.Void || len(api.calls) != 0 {
		t.Errorf("without time: %s (%s) after %d calls", r.Kind, r.Why, len(api.calls))
	}
	if r := live.Send(t.Context(), p); r.Kind != send.Interrupted || len(api.calls) != 1 {
		t.Errorf("with time: %s (%s) after %d calls", r.Kind, r.Why, len(api.calls))
	}
}

func TestAThrottledSendIsRepeated(t *testing.T) {
	for _, code := range rates {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeEC2{answers: []answer{{err: says(code, 503)}, {}}}
			r := sender(api, false).Send(t.Context(), permit(t, false, 0))
			if r.Kind != send.Interrupted || len(api.calls) != 2 {
				t.Fatalf("%s: %s (%s) after %d calls", code, r.Kind, r.Why, len(api.calls))
			}
			if wait := api.calls[1].at.Sub(api.calls[0].at); wait < 200*time.Millisecond {
				t.Errorf("%s: sent again after %s, one more call is allowed every 200ms", code, wait)
			}
		})
	}
}

func TestAThrottledSendNeverOutlivesItsPermit(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		for _, age := range []time.Duration{0, 3 * time.Second, 8500 * time.Millisecond, nearDeath} {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				dies := began.Add(guard.PermitLife - age)
				api := &fakeEC2{answers: []answer{{err: says("RequestLimitExceeded", 503)}}}
				r := sender(api, dryRun).Send(t.Context(), permit(t, dryRun, age))
				if r.Kind != send.Rejected || r.Code != "RequestLimitExceeded" {
					t.Errorf("a permit of %s: %s (%s)", age, r.Kind, r.Why)
				}
				if age == 0 && len(api.calls) < 4 {
					t.Errorf("a permit of %s: given up after %d calls", age, len(api.calls))
				}
				for n, c := range api.calls {
					if !c.at.Before(dies) || (n > 0 && dies.Sub(c.at) < time.Second) {
						t.Errorf("a permit of %s: call %d was %s before its death", age, n+1, dies.Sub(c.at))
					}
					if c.dryRun == nil || *c.dryRun != dryRun || c.id != instanceID {
						t.Errorf("a permit of %s: call %d was %+v", age, n+1, c)
					}
				}
				if time.Now().After(dies) {
					t.Errorf("a permit of %s: the answer came %s after its death", age, time.Since(dies))
				}
			})
		}
	}
}

func TestAThrottledSendThatThenGetsNoAnswerIsNeverRepeated(t *testing.T) {
	for name, second := range map[string]answer{
		"no answer":     {slow: true},
		"a timeout":     {err: context.DeadlineExceeded},
		"another code":  {err: says("InternalError", 500)},
		"unavailable":   {err: says("Unavailable", 503)},
		"a strange one": {err: says("", 503)},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			api := &fakeEC2{answers: []answer{{err: says("RequestLimitExceeded", 503)}, second, {}}}
			r := sender(api, false).Send(t.Context(), permit(t, false, 0))
			if r.Kind != send.Unknown || len(api.calls) != 2 {
				t.Errorf("%s: %s (%s) after %d calls", name, r.Kind, r.Why, len(api.calls))
			}
			if waited := time.Since(began); waited > guard.PermitLife {
				t.Errorf("%s: waited %s for an answer", name, waited)
			}
		})
	}
}

func TestAnInvocationThatEndsNeverRepeatsAThrottledSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		api := &fakeEC2{answers: []answer{{err: says("RequestLimitExceeded", 503)}}}
		r := sender(api, false).Send(ctx, permit(t, false, 0))
		if r.Kind != send.Rejected || len(api.calls) != 1 {
			t.Errorf("%s (%s) after %d calls", r.Kind, r.Why, len(api.calls))
		}
	})
}

// A sandbox that is frozen between two sends has no time left, although its monotonic clock
// says so.
func TestAFrozenSandboxNeverRepeatsASendForADeadPermit(t *testing.T) {
	for _, frozen := range []time.Duration{guard.PermitLife, time.Hour} {
		api := &fakeEC2{answers: []answer{{err: says("RequestLimitExceeded", 503)}, {}}}
		live := &send.Live{API: api, Now: func() time.Time {
			if len(api.calls) == 0 {
				return time.Now()
			}
			return thaw(time.Now(), frozen)
		}}
		if r := live.Send(t.Context(), permit(t, false, 0)); r.Kind != send.Rejected || len(api.calls) != 1 {
			t.Errorf("frozen for %s after the first: %s (%s) after %d calls", frozen, r.Kind, r.Why, len(api.calls))
		}
	}
}

func TestAFrozenSandboxNeverSendsForADeadPermit(t *testing.T) {
	for frozen, want := range map[time.Duration]send.Kind{
		0: send.Interrupted, guard.PermitLife / 2: send.Interrupted, guard.PermitLife: send.Void, time.Hour: send.Void,
	} {
		api := &fakeEC2{answers: []answer{{}}}
		live := &send.Live{API: api, Now: func() time.Time { return thaw(time.Now(), frozen) }}
		if r := live.Send(t.Context(), permit(t, false, 0)); r.Kind != want || len(api.calls) > 1 || want == send.Void && len(api.calls) != 0 {
			t.Errorf("frozen for %s: %s (%s) after %d calls, want %s", frozen, r.Kind, r.Why, len(api.calls), want)
		}
	}
}

// The sandbox may be frozen right after the permit was spent.
func TestAPermitThatDiesAsItIsSpentNeverReachesEC2(t *testing.T) {
	reads := 0
	api := &fakeEC2{answers: []answer{{}}}
	live := &send.Live{API: api, Now: func() time.Time {
		reads++
		if reads == 1 {
			return time.Now()
		}
		return thaw(time.Now(), guard.PermitLife)
	}}
	if r := live.Send(t.Context(), permit(t, false, 0)); r.Kind != send.Void || len(api.calls) != 0 {
		t.Errorf("%s (%s) after %d calls", r.Kind, r.Why, len(api.calls))
	}
}

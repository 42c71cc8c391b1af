package send_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

const instanceID = "i-0a1b2c3d4e5f60718"

// book is a casebook that grants every claim, age ago.
type book struct{ age time.Duration }

func (b book) Claim(_ context.Context, r cases.Request) (cases.Case, error) {
	return cases.Case{
		ID: cases.ID(r.InstanceID, r.Origin.SourceKey), InstanceID: r.InstanceID, DryRun: r.DryRun, ClaimedAt: time.Now().Add(-b.age),
	}, nil
}

// permit is a real permit: the guard's answer to a question on which every rule
// permits, claimed age ago.
func permit(t testing.TB, dryRun bool, age time.Duration) guard.Permit {
	t.Helper()
	c, err := config.FromEnv([]string{
		"AWS_REGION=eu-central-1", config.EnvTable + "=casebook", config.EnvBucket + "=evidence",
		config.EnvQueueURL + "=https://queue.invalid/intake", config.EnvFollowupQueueURL + "=https://queue.invalid/followup",
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:crashcart-notifications", config.EnvMode + "=auto",
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	p, v := guard.New(c, book{age}).Claim(t.Context(), guard.Question{
		Trigger: &trigger.Trigger{Kind: trigger.KindDirect, At: now, SourceKey: "request/1", Reason: "it hangs", DryRun: dryRun},
		Ref:     trigger.Ref{Instance: instanceID},
		Instance: &instance.Instance{
			ID: instanceID,
			Description: fact.Known(instance.Description{
				Exists: true, State: "running", Type: "m6i.large", Architecture: "x86_64", LaunchedAt: now.Add(-72 * time.Hour), Tag: config.TagManual,
			}),
			Unreachable: fact.Known(instance.Unreachable{}),
			Ping:        fact.Known(instance.Ping{At: now.Add(-12 * time.Minute)}),
			Metrics:     fact.Known(instance.Metrics{}),
			Targets:     fact.Known([]instance.Registration{}),
			Neighbours:  fact.Known(instance.Neighbours{}),
			Status:      fact.Known(instance.Status{System: instance.Check{Status: "ok"}}),
			Type:        fact.Known(instance.Type{Hypervisor: "nitro", Architectures: []string{"x86_64"}}),
			Shutdown:    fact.Known("stop"),
			Group:       fact.Known(instance.Group{}),
		},
		Book: fact.Known(cases.View{}), Budget: fact.Known(cases.Slots{}), GroupSlots: fact.Known(cases.Slots{}),
		Console: fact.Known([]byte("web-1 login: ")),
	})
	if v.Kind != guard.Permitted {
		t.Fatalf("%s by %q", v.Kind, v)
	}
	return p
}

// call is one call of EC2 as the fake saw it.
type call struct {
	at     time.Time
	id     string
	dryRun *bool
}

// fakeEC2 answers the calls one after another, the last answer for ever. Like the
// SDK it answers a call whose context is dead with the context's error, and like
// EC2 it takes its time where an answer is slow.
type fakeEC2 struct {
	answers []answer

	mu    sync.Mutex
	calls []call
}

type answer struct {
	err  error
	slow bool // the answer never comes
}

func (f *fakeEC2) SendDiagnosticInterrupt(ctx context.Context, in *ec2.SendDiagnosticInterruptInput, _ ...func(*ec2.Options)) (*ec2.SendDiagnosticInterruptOutput, error) {
	f.mu.Lock()
	a := f.answers[min(len(f.calls), len(f.answers)-1)]
	f.calls = append(f.calls, call{at: time.Now(), id: *in.InstanceId, dryRun: in.DryRun})
	f.mu.Unlock()
	if a.slow {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a.err != nil {
		return nil, a.err
	}
	return &ec2.SendDiagnosticInterruptOutput{}, nil
}

// interrupter is the one of the two that a permit is for.
func sender(api send.API, dryRun bool) send.Sender {
	if dryRun {
		return &send.Dry{API: api, Now: time.Now}
	}
	return &send.Live{API: api, Now: time.Now}
}

package collect_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/collect"
)

const instance = "i-0a1b2c3d4e5f60718"

// agent is an SSM that answers as it is set to.
type agent struct {
	out  *ssm.GetCommandInvocationOutput
	err  error
	sent *ssm.SendCommandInput
	step string
}

func (a *agent) SendCommand(_ context.Context, in *ssm.SendCommandInput, _ ...func(*ssm.Options)) (*ssm.SendCommandOutput, error) {
	a.sent = in
	return &ssm.SendCommandOutput{Command: &types.Command{CommandId: aws.String("c-1")}}, a.err
}

func (a *agent) GetCommandInvocation(_ context.Context, in *ssm.GetCommandInvocationInput, _ ...func(*ssm.Options)) (*ssm.GetCommandInvocationOutput, error) {
	a.step = aws.ToString(in.PluginName)
	return a.out, a.err
}

func TestACommandThatIsNotOverIsNeverTakenForAnAnswer(t *testing.T) {
	for _, status := range []types.CommandInvocationStatus{"Pending", "InProgress", "Delayed", "Cancelling"} {
		a := &agent{out: &ssm.GetCommandInvocationOutput{Status: status, StandardOutputContent: aws.String(`{"crashcart":1`)}}
		if p, err := (collect.Commands{API: a}).Poll(t.Context(), instance, "c-1", false); err != nil || p.Over || p.Output != "" {
			t.Errorf("%s: %+v, %v", status, p, err)
		}
	}
	a := &agent{err: &smithy.GenericAPIError{Code: "InvocationDoesNotExist"}}
	if p, err := (collect.Commands{API: a}).Poll(t.Context(), instance, "c-1", false); err != nil || p.Over {
		t.Errorf("a command that SSM does not know yet: %+v, %v", p, err)
	}
	a = &agent{err: errors.New("broken")}
	if p, err := (collect.Commands{API: a}).Poll(t.Context(), instance, "c-1", false); err == nil || p.Over {
		t.Errorf("an SSM that fails: %+v, %v", p, err)
	}
}

func TestACommandThatFailedIsNeverWaitedFor(t *testing.T) {
	for _, status := range []types.CommandInvocationStatus{"Failed", "TimedOut", "Cancelled", "SomethingNew"} {
		a := &agent{out: &ssm.GetCommandInvocationOutput{Status: status, StatusDetails: aws.String("Delivery Timed Out"), ResponseCode: -1}}
		p, err := (collect.Commands{API: a}).Poll(t.Context(), instance, "c-1", true)
		if err != nil || !p.Over || !strings.Contains(p.Why, "Delivery Timed Out") {
			t.Errorf("%s: %+v, %v", status, p, err)
		}
		if a.step != "windows" {
			t.Errorf("asked for the step %q", a.step)
		}
	}
}

func TestAScriptNeverOutlivesItsURLs(t *testing.T) {
	for life, want := range map[time.Duration]string{
		2 * time.Hour: "3300", time.Hour: "3300", 20 * time.Minute: "900", time.Minute: "60", 0: "60",
	} {
		a := &agent{}
		if id, err := (collect.Commands{API: a, Rate: 5}).Send(t.Context(), instance, "https://x/m?s=1", life); err != nil || id != "c-1" {
			t.Fatalf("%q, %v", id, err)
		}
		if got := a.sent.Parameters["seconds"][0]; got != want || a.sent.Parameters["rate"][0] != "5" {
			t.Errorf("a life of %s: %v", life, a.sent.Parameters)
		}
	}
}

func TestARateThatIsForgottenIsNeverNone(t *testing.T) {
	a := &agent{}
	if _, err := (collect.Commands{API: a}).Send(t.Context(), instance, "https://x/m?s=1", time.Hour); err != nil {
		t.Fatal(err)
	}
	if rate, ok := a.sent.Parameters["rate"]; ok {
		t.Errorf("rate %q", rate)
	}
}

func TestACommandGoesToItsInstanceAlone(t *testing.T) {
	a := &agent{}
	c := collect.Commands{API: a}
	if _, err := c.Survey(t.Context(), instance, time.Unix(1795411648, 5e8)); err != nil {
		t.Fatal(err)
	}
	if len(a.sent.InstanceIds) != 1 || a.sent.InstanceIds[0] != instance || len(a.sent.Targets) > 0 || *a.sent.DocumentName != "crashcart-collect" {
		t.Errorf("%+v", a.sent)
	}
	if a.sent.Parameters["step"][0] != "survey" || a.sent.Parameters["since"][0] != "1795411648" || len(a.sent.Parameters) != 2 {
		t.Errorf("%v", a.sent.Parameters)
	}
	a.err = errors.New("refused")
	if id, err := c.Survey(t.Context(), instance, time.Now()); err == nil || id != "" {
		t.Errorf("%q, %v", id, err)
	}
}

package ssm_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
	"crashcart/lab/ssm"
)

const (
	machine   = "i-0a1b2c3d4e5f60718"
	simulated = "i-0b1b2c3d4e5f60718"
	windows   = "i-0c1b2c3d4e5f60718"
	shellless = "i-0d1b2c3d4e5f60718"
	silent    = "i-0e1b2c3d4e5f60718" // has no agent
)

// direct carries requests to a handler without a network, which a synctest bubble
// could not see the end of.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

type world struct {
	*sdk.Client
	*fleettest.Machine
	t       *testing.T
	clock   *clock.Manual
	fleet   *fleet.Fleet
	handler *ssm.Handler
}

// commanded runs a test in a bubble, at the end of which no goroutine may be left.
func commanded(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &fleettest.Machine{}
		w := &world{t: t, Machine: m, clock: clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))}
		w.fleet = fleet.New(w.clock)
		w.See(fleet.Vitals{Checked: w.clock.Now(), Reachable: true, LastPing: w.clock.Now()})
		echo := func(script string) fleet.ProcessResult { return fleet.ProcessResult{Stdout: []byte(script)} }
		for _, s := range []fleet.Spec{
			{ID: machine, Machine: m}, {ID: simulated, Shell: echo}, {ID: windows, Platform: "windows", Shell: echo}, {ID: shellless}, {ID: silent, NoAgent: true},
		} {
			s.Type = "m6i.large"
			if err := w.fleet.Add(s); err != nil {
				t.Fatal(err)
			}
		}
		w.handler = ssm.New(w.fleet, w.clock, "111122223333")
		w.Client = sdk.New(sdk.Options{
			Region: "eu-central-1", BaseEndpoint: aws.String("http://lab.invalid"), Retryer: aws.NopRetryer{}, HTTPClient: direct{w.handler},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
			}),
		})
		defer m.Close()
		defer w.handler.Close()
		test(t, w)
	})
}

// code is the name of an API's error.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

// send sends a script, with an executionTimeout of two minutes and half a minute to
// deliver it.
func (w *world) send(ids ...string) string {
	w.t.Helper()
	out, err := w.SendCommand(w.t.Context(), &sdk.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: ids, TimeoutSeconds: aws.Int32(30),
		Parameters: map[string][]string{"commands": {"set -e", "sha256sum /var/crash/dump"}, "executionTimeout": {"120"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	w.pass(time.Second) // until it is known
	return aws.ToString(out.Command.CommandId)
}

// pass lets lab time pass, and everything happen that is due.
func (w *world) pass(d time.Duration) {
	w.clock.Advance(d)
	synctest.Wait()
}

func (w *world) invocation(command, id string) *sdk.GetCommandInvocationOutput {
	w.t.Helper()
	out, err := w.GetCommandInvocation(w.t.Context(), &sdk.GetCommandInvocationInput{CommandId: aws.String(command), InstanceId: aws.String(id)})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// expect checks the state of an invocation on the machine.
func (w *world) expect(when, command string, status types.CommandInvocationStatus, details string, response int32) *sdk.GetCommandInvocationOutput {
	w.t.Helper()
	out := w.invocation(command, machine)
	if out.Status != status || aws.ToString(out.StatusDetails) != details || out.ResponseCode != response {
		w.t.Errorf("%s: %s, %q, %d; want %s, %q, %d", when, out.Status, aws.ToString(out.StatusDetails), out.ResponseCode, status, details, response)
	}
	return out
}

func (w *world) cancel(command string) {
	w.t.Helper()
	if _, err := w.CancelCommand(w.t.Context(), &sdk.CancelCommandInput{CommandId: aws.String(command)}); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func TestAMachineRunsTheScriptAndItsOutputComesBack(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		var ran string
		end := make(chan fleet.ProcessResult)
		w.Script = func(_ context.Context, script string) fleet.ProcessResult { ran = script; return <-end }
		id := w.send(machine)
		out := w.expect("while it runs", id, types.CommandInvocationStatusInProgress, "In Progress", -1)
		if aws.ToString(out.ExecutionStartDateTime) == "" || aws.ToString(out.ExecutionEndDateTime)+aws.ToString(out.StandardOutputContent) != "" {
			t.Errorf("while it runs: %+v", out)
		}
		w.pass(4 * time.Second)
		end <- fleet.ProcessResult{Stdout: []byte("3f5a  dump\n"), Stderr: []byte("slow disk\n")}
		synctest.Wait()
		out = w.expect("after it ran", id, types.CommandInvocationStatusSuccess, "Success", 0)
		if ran != "set -e\nsha256sum /var/crash/dump\n" {
			t.Errorf("ran %q", ran)
		}
		if aws.ToString(out.StandardOutputContent) != "3f5a  dump\n" || aws.ToString(out.StandardErrorContent) != "slow disk\n" ||
			aws.ToString(out.ExecutionElapsedTime) != "PT5.000S" || aws.ToString(out.PluginName) != "aws:runShellScript" || aws.ToString(out.DocumentName) != "AWS-RunShellScript" {
			t.Errorf("after it ran: %+v", out)
		}
		start, err := time.Parse(time.RFC3339, aws.ToString(out.ExecutionStartDateTime))
		if err != nil || time.Since(start).Round(time.Second) != 5*time.Second {
			t.Errorf("started %s ago, %v", time.Since(start), err)
		}
		w.cancel(id)
		w.pass(time.Hour)
		w.expect("cancelled too late, and long ago", id, types.CommandInvocationStatusSuccess, "Success", 0)
	})
}

func TestAFailureSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		result  fleet.ProcessResult
		fails   error
		details string
		code    int32
		stderr  string
	}{
		"exit code":   {result: fleet.ProcessResult{ExitCode: 3, Stdout: []byte("half"), Stderr: []byte("no space\n")}, details: "Failed", code: 3, stderr: "no space\nfailed to run commands: exit status 3"},
		"signal":      {result: fleet.ProcessResult{Signal: 9, Stdout: []byte("half")}, details: "Failed", code: -1, stderr: "failed to run commands: signal: killed"},
		"not to have": {fails: errors.New("the socket is gone"), details: "Undeliverable", code: -1, stderr: "the socket is gone"},
	} {
		commanded(t, func(t *testing.T, w *world) {
			w.Fail(c.fails)
			w.Script = func(context.Context, string) fleet.ProcessResult { return c.result }
			out := w.expect(name, w.send(machine), types.CommandInvocationStatusFailed, c.details, c.code)
			if aws.ToString(out.StandardErrorContent) != c.stderr || aws.ToString(out.StandardOutputContent) != string(c.result.Stdout) {
				t.Errorf("%s: %q, %q", name, aws.ToString(out.StandardErrorContent), aws.ToString(out.StandardOutputContent))
			}
		})
	}
}

func TestAHungGuestNeverTakesACommandThatItMissed(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		ran := 0
		w.Script = func(context.Context, string) fleet.ProcessResult { ran++; return fleet.ProcessResult{} }
		w.Hang()
		id := w.send(machine)
		w.expect("at first", id, types.CommandInvocationStatusPending, "Pending", -1)
		w.pass(29 * time.Second)
		w.Wake() // half a minute after it was sent, and thus too late
		synctest.Wait()
		w.pass(119 * time.Second)
		w.expect("after TimeoutSeconds", id, types.CommandInvocationStatusPending, "Pending", -1)
		w.pass(time.Second)
		w.expect("after all timeouts", id, types.CommandInvocationStatusTimedOut, "Delivery Timed Out", -1)
		if ran != 0 || w.Calls("Start") != 1 {
			t.Errorf("%d scripts ran, %d were started", ran, w.Calls("Start"))
		}
	})
}

func TestACommandIsTakenWhenTheGuestIsBackInTime(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.Hang()
		id := w.send(machine)
		w.pass(10 * time.Second)
		w.Wake()
		synctest.Wait()
		w.expect("awake", id, types.CommandInvocationStatusSuccess, "Success", 0)
	})
}

// lasts is a script that ends only when it is made to.
func lasts(ctx context.Context, _ string) fleet.ProcessResult {
	<-ctx.Done()
	return fleet.ProcessResult{Signal: 9}
}

func TestAScriptThatLastsIsKilledByItsAgentAlone(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.Script = lasts
		id := w.send(machine)
		w.pass(118 * time.Second)
		w.expect("in time", id, types.CommandInvocationStatusInProgress, "In Progress", -1)
		w.pass(time.Second)
		w.expect("out of time", id, types.CommandInvocationStatusTimedOut, "Execution Timed Out", 137)
		if w.Calls("Kill") != 1 {
			t.Errorf("%d kills", w.Calls("Kill"))
		}
	})
	for name, befall := range map[string]func(*world){"hung": (*world).hang, "restarted": (*world).restart} {
		commanded(t, func(t *testing.T, w *world) {
			w.Script = lasts
			id := w.send(machine)
			befall(w)
			w.pass(148 * time.Second)
			w.expect(name, id, types.CommandInvocationStatusInProgress, "In Progress", -1)
			w.pass(time.Second)
			w.expect(name+", after all timeouts", id, types.CommandInvocationStatusTimedOut, "Delivery Timed Out", -1)
		})
	}
}

func (w *world) hang() { w.Hang() }

func (w *world) restart() { w.Restart(); synctest.Wait() }

func TestACancelledCommandRunsNoMore(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.Hang()
		id := w.send(machine)
		w.cancel(id)
		w.expect("not taken", id, types.CommandInvocationStatusCancelled, "Cancelled", -1)
		w.Wake()
		w.pass(time.Hour)
		w.expect("awake", id, types.CommandInvocationStatusCancelled, "Cancelled", -1)
	})
	commanded(t, func(t *testing.T, w *world) {
		w.Script = lasts
		id := w.send(machine)
		w.Hang()
		w.cancel(id)
		w.expect("hung", id, types.CommandInvocationStatusCancelling, "Cancelling", -1)
		w.Wake()
		synctest.Wait()
		w.expect("killed", id, types.CommandInvocationStatusCancelled, "Cancelled", 137)
	})
	commanded(t, func(t *testing.T, w *world) { // in the moment that it is taken
		w.Script = lasts
		_, release := w.Hold("Taken")
		id := w.send(machine)
		w.cancel(id)
		release()
		synctest.Wait()
		w.expect("taken too late", id, types.CommandInvocationStatusCancelled, "Cancelled", -1)
		if w.Calls("Kill") != 1 {
			t.Error("the script that nobody wants runs on")
		}
	})
}

func TestAnInvocationDoesNotExistAtOnce(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		out, err := w.SendCommand(t.Context(), &sdk.SendCommandInput{
			DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c := out.Command
		if expires := c.ExpiresAfter.Sub(aws.ToTime(c.RequestedDateTime)); expires != 2*time.Hour || c.Status != types.CommandStatusPending || c.TargetCount != 1 || c.TimeoutSeconds == nil || *c.TimeoutSeconds != 3600 {
			t.Errorf("expires after %s: %+v", expires, c)
		}
		get := func(command, instance string) string {
			_, err := w.GetCommandInvocation(t.Context(), &sdk.GetCommandInvocationInput{CommandId: aws.String(command), InstanceId: aws.String(instance)})
			return code(err)
		}
		id := aws.ToString(c.CommandId)
		if got := get(id, machine); got != "InvocationDoesNotExist" {
			t.Errorf("at once: %s", got)
		}
		w.pass(time.Second)
		if a, b, c := get(id, machine), get(id, simulated), get("11112222-3333-4444-5555-666677778888", machine); a != "<nil>" || b != "InvocationDoesNotExist" || c != b {
			t.Errorf("a second later %s; another instance %s; another command %s", a, b, c)
		}
	})
}

func TestACommandIsSentToAllOrToNobody(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		const gone = "i-0f1b2c3d4e5f60718"
		if err := errors.Join(w.fleet.Add(fleet.Spec{ID: gone, Type: "m6i.large"}), w.fleet.Terminate(gone)); err != nil {
			t.Fatal(err)
		}
		commands := map[string][]string{"commands": {"true"}}
		many := make([]string, 51)
		for i := range many {
			many[i] = fmt.Sprintf("i-%017x", i)
		}
		for name, c := range map[string]struct {
			in   sdk.SendCommandInput
			want string
		}{
			"no agent":          {sdk.SendCommandInput{InstanceIds: []string{machine, silent}, Parameters: commands}, "InvalidInstanceId"},
			"nobody":            {sdk.SendCommandInput{InstanceIds: []string{machine, "i-0ffffffffffffffff"}, Parameters: commands}, "InvalidInstanceId"},
			"terminated":        {sdk.SendCommandInput{InstanceIds: []string{machine, gone}, Parameters: commands}, "InvalidInstanceId"},
			"none":              {sdk.SendCommandInput{Parameters: commands}, "InvalidInstanceId"},
			"twice the same":    {sdk.SendCommandInput{InstanceIds: []string{machine, machine}, Parameters: commands}, "DuplicateInstanceId"},
			"51":                {sdk.SendCommandInput{InstanceIds: many, Parameters: commands}, "ValidationException"},
			"by tag":            {sdk.SendCommandInput{Targets: []types.Target{{Key: aws.String("tag:crashcart")}}, Parameters: commands}, "InvalidTarget"},
			"no such document":  {sdk.SendCommandInput{DocumentName: aws.String("crashcart-collect"), InstanceIds: []string{machine}, Parameters: commands}, "InvalidDocument"},
			"no such version":   {sdk.SendCommandInput{DocumentVersion: aws.String("2"), InstanceIds: []string{machine}, Parameters: commands}, "InvalidDocumentVersion"},
			"too short a time":  {sdk.SendCommandInput{TimeoutSeconds: aws.Int32(29), InstanceIds: []string{machine}, Parameters: commands}, "ValidationException"},
			"too long a time":   {sdk.SendCommandInput{TimeoutSeconds: aws.Int32(2592001), InstanceIds: []string{machine}, Parameters: commands}, "ValidationException"},
			"without a script":  {sdk.SendCommandInput{InstanceIds: []string{machine}}, "InvalidParameters"},
			"another parameter": {sdk.SendCommandInput{InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}, "region": {"here"}}}, "InvalidParameters"},
			"no execution time": {sdk.SendCommandInput{InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}, "executionTimeout": {"0"}}}, "InvalidParameters"},
			"two of them":       {sdk.SendCommandInput{InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}, "executionTimeout": {"1", "2"}}}, "InvalidParameters"},
			"an execution time": {sdk.SendCommandInput{InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}, "executionTimeout": {"172801"}}}, "InvalidParameters"},
		} {
			if c.in.DocumentName == nil {
				c.in.DocumentName = aws.String("AWS-RunShellScript")
			}
			_, err := w.SendCommand(t.Context(), &c.in)
			synctest.Wait()
			if got := code(err); got != c.want || w.Calls("Start") != 0 {
				t.Errorf("%s: %s, want %s; %d scripts started", name, got, c.want, w.Calls("Start"))
			}
		}
		if _, err := w.CancelCommand(t.Context(), &sdk.CancelCommandInput{CommandId: aws.String("11112222-3333-4444-5555-666677778888")}); code(err) != "InvalidCommandId" {
			t.Errorf("cancelling nothing: %v", err)
		}
	})
}

func TestASimulatedGuestRunsWhatTheTestSays(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		if err := w.fleet.Hang(simulated, fleet.Frozen, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		id := w.send(simulated, windows, shellless)
		if out := w.invocation(id, windows); out.Status != "Failed" || !strings.Contains(aws.ToString(out.StandardErrorContent), "Windows has no shell") {
			t.Errorf("Windows: %+v", out)
		}
		if out := w.invocation(id, shellless); out.Status != "Failed" || out.ResponseCode != 1 || !strings.Contains(aws.ToString(out.StandardErrorContent), "simulated guests run no scripts") {
			t.Errorf("without a shell: %+v", out)
		}
		if out := w.invocation(id, simulated); out.Status != "Pending" {
			t.Errorf("hung: %+v", out)
		}
		w.pass(time.Hour)
		if out := w.invocation(id, simulated); aws.ToString(out.StatusDetails) != "Delivery Timed Out" {
			t.Errorf("hung for an hour: %+v", out)
		}
		if err := w.fleet.Interrupt(simulated); err != nil {
			t.Fatal(err)
		}
		id = w.send(simulated)
		for range 25 {
			w.pass(time.Second)
		}
		if out := w.invocation(id, simulated); out.Status != "Pending" {
			t.Errorf("dumping: %+v", out)
		}
		w.pass(time.Minute)
		if out := w.invocation(w.send(simulated), simulated); out.Status != "Success" || !strings.HasPrefix(aws.ToString(out.StandardOutputContent), "set -e\n") {
			t.Errorf("up again: %+v", out)
		}
	})
}

func TestOutputIsCutAtCharacters(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.Script = func(context.Context, string) fleet.ProcessResult {
			return fleet.ProcessResult{Stdout: []byte(strings.Repeat("ä", 24001)), Stderr: []byte(strings.Repeat("ö", 8001))}
		}
		out := w.invocation(w.send(machine), machine)
		if a, b := aws.ToString(out.StandardOutputContent), aws.ToString(out.StandardErrorContent); a != strings.Repeat("ä", 24000) || b != strings.Repeat("ö", 8000) {
			t.Errorf("%d and %d bytes", len(a), len(b))
		}
	})
}

func TestNothingIsLeftOfCommandsAfterClose(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) { // the bubble fails if a goroutine is left
		w.Script = lasts
		running := w.send(machine)
		w.Hang()
		w.cancel(running)
		w.send(machine)
		if err := w.fleet.Hang(simulated, fleet.Frozen, 0); err != nil {
			t.Fatal(err)
		}
		w.send(simulated)
		w.handler.Close()
		if _, err := w.SendCommand(t.Context(), &sdk.SendCommandInput{
			DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}},
		}); code(err) != "InternalServerError" {
			t.Errorf("sent after Close: %v", err)
		}
	})
}

func TestInvocationsAreListedWithTheirSteps(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.Script = func(context.Context, string) fleet.ProcessResult {
			return fleet.ProcessResult{ExitCode: 2, Stdout: []byte("out")}
		}
		id := w.send(machine, simulated)
		out, err := w.ListCommandInvocations(t.Context(), &sdk.ListCommandInvocationsInput{CommandId: aws.String(id), Details: true})
		if err != nil || len(out.CommandInvocations) != 2 {
			t.Fatalf("%+v, %v", out, err)
		}
		a, b := out.CommandInvocations[0], out.CommandInvocations[1]
		if aws.ToString(a.InstanceId) != machine || a.Status != "Failed" || b.Status != "Success" || len(a.CommandPlugins) != 1 ||
			a.CommandPlugins[0].ResponseCode != 2 || aws.ToString(a.CommandPlugins[0].Output) != "out\nfailed to run commands: exit status 2" {
			t.Errorf("%+v", out)
		}
		one, err := w.ListCommandInvocations(t.Context(), &sdk.ListCommandInvocationsInput{CommandId: aws.String(id), InstanceId: aws.String(simulated)})
		if err != nil || len(one.CommandInvocations) != 1 || len(one.CommandInvocations[0].CommandPlugins) != 0 || aws.ToString(one.CommandInvocations[0].InstanceId) != simulated {
			t.Errorf("%+v, %v", one, err)
		}
		if _, err := w.ListCommandInvocations(t.Context(), &sdk.ListCommandInvocationsInput{}); code(err) != "ValidationException" {
			t.Errorf("of all commands: %v", err)
		}
	})
}

func TestSilenceOfAnAgentDoesNotRefuseACommand(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		w.See(fleet.Vitals{LastPing: w.clock.Now().Add(-time.Hour)})
		w.Hang()
		w.expect("connection lost", w.send(machine), types.CommandInvocationStatusPending, "Pending", -1)
		w.See(fleet.Vitals{})
		_, err := w.SendCommand(t.Context(), &sdk.SendCommandInput{
			DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{machine}, Parameters: map[string][]string{"commands": {"true"}},
		})
		if code(err) != "InvalidInstanceId" {
			t.Errorf("without a ping since launch: %v", err)
		}
		info, err := w.DescribeInstanceInformation(t.Context(), &sdk.DescribeInstanceInformationInput{})
		if err != nil || slices.ContainsFunc(info.InstanceInformationList, func(i types.InstanceInformation) bool { return aws.ToString(i.InstanceId) == machine }) {
			t.Errorf("%+v, %v", info, err)
		}
	})
}

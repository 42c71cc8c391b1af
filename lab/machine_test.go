package lab_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lab"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

func TestAMachineIsReachedThroughTheEndpointAndLeftByClose(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	l, err := lab.Start(lab.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	m := &fleettest.Machine{Script: func(ctx context.Context, _ string) fleet.ProcessResult {
		<-ctx.Done()
		return fleet.ProcessResult{}
	}}
	t.Cleanup(m.Close)
	m.See(fleet.Vitals{Checked: c.Now(), Reachable: true, LastPing: c.Now()})
	if err := l.Fleet.Add(fleet.Spec{ID: web, Type: "m6i.large", Machine: m}); err != nil {
		t.Fatal(err)
	}
	cfg := l.Config()
	commands := ssm.NewFromConfig(cfg)
	out, err := commands.SendCommand(t.Context(), &ssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{web}, Parameters: map[string][]string{"commands": {"sleep 1d"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Second)
	if _, err := commands.GetCommandInvocation(t.Context(), &ssm.GetCommandInvocationInput{CommandId: out.Command.CommandId, InstanceId: aws.String(web)}); err != nil {
		t.Error(err)
	}
	function := cfg.Copy()
	function.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "ASIALAB0000000000001", SecretAccessKey: "lab-secret", SessionToken: "lab-session"}, nil
	})
	reboot := &ec2.RebootInstancesInput{InstanceIds: []string{web}}
	if _, err := ec2.NewFromConfig(function).RebootInstances(t.Context(), reboot); err == nil || m.Calls("Reset") != 0 {
		t.Errorf("the function reboots: %v, %d resets", err, m.Calls("Reset"))
	}
	if _, err := ec2.NewFromConfig(cfg).RebootInstances(t.Context(), reboot); err != nil || m.Calls("Reset") != 1 {
		t.Errorf("a person does not: %v, %d resets", err, m.Calls("Reset"))
	}
	for i, want := range []string{"ssm SendCommand ", "ssm GetCommandInvocation ", "ec2 RebootInstances UnauthorizedOperation", "ec2 RebootInstances "} {
		call := l.Calls()[i]
		if got := call.Service + " " + call.Operation + " " + call.Code; got != want || !slices.Equal(call.Instances, []string{web}) {
			t.Errorf("recorded %s of %v, want %s", got, call.Instances, want)
		}
	}
	if err := l.Close(); err != nil { // returns although the script runs on
		t.Error(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"DocumentName":"AWS-RunShellScript","InstanceIds":["`+web+`"],"Parameters":{"commands":["true"]}}`))
	r.Header.Set("X-Amz-Target", "AmazonSSM.SendCommand")
	w := httptest.NewRecorder()
	if l.Commands.ServeHTTP(w, r); !strings.Contains(w.Body.String(), "the lab is closing") {
		t.Errorf("commands are still taken: %s", w.Body)
	}
	if m.Calls("Kill") != 0 {
		t.Error("closing the lab ended a script in a machine that is not its own")
	}
}

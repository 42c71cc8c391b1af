package ec2_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

// role has a client call with the access key of a function's process.
func role(o *sdk.Options) {
	o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "ASIALAB0000000000001", SecretAccessKey: "lab", SessionToken: "lab"}, nil
	})
}

func (w world) reboot(t *testing.T, dry bool, ids []string, as ...func(*sdk.Options)) string {
	t.Helper()
	_, err := w.RebootInstances(t.Context(), &sdk.RebootInstancesInput{InstanceIds: ids, DryRun: aws.Bool(dry)}, as...)
	return refusal(err)
}

func (w world) phase(t *testing.T, id string) string {
	t.Helper()
	v, err := w.fleet.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Phase
}

func TestNothingIsRebootedIfAnythingIsRefused(t *testing.T) {
	w := newWorld(t)
	if err := w.fleet.Stop(xen); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ids  []string
		as   []func(*sdk.Options)
		dry  bool
		want string
	}{
		"one of them unknown":       {ids: []string{web, nobody}, want: "InvalidInstanceID.NotFound 400"},
		"one of them no id":         {ids: []string{web, "web-1"}, want: "InvalidInstanceID.Malformed 400"},
		"one of them stopped":       {ids: []string{web, xen}, want: "IncorrectInstanceState 400"},
		"by the function":           {ids: []string{web}, as: []func(*sdk.Options){role}, want: "UnauthorizedOperation 403"},
		"by the function, DryRun":   {ids: []string{web}, as: []func(*sdk.Options){role}, dry: true, want: "UnauthorizedOperation 403"},
		"DryRun":                    {ids: []string{web}, dry: true, want: "DryRunOperation 412"},
		"DryRun, one of them wrong": {ids: []string{web, nobody}, dry: true, want: "InvalidInstanceID.NotFound 400"},
		"none":                      {ids: []string{}, want: "MissingParameter 400"},
	} {
		if got := w.reboot(t, c.dry, c.ids, c.as...); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if p := w.phase(t, web); p != "up" {
			t.Fatalf("%s: the instance is %s", name, p)
		}
	}
}

func TestRebootsAreAskedForAndInTheEndDone(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(w.fleet.Hang(manual, fleet.Frozen, 0), w.fleet.Terminate(metal)); err != nil {
		t.Fatal(err)
	}
	if got := w.reboot(t, false, []string{web, untagged, manual, metal}); got != "<nil>" {
		t.Fatal(got)
	}
	if a, b, c, d := w.phase(t, web), w.phase(t, untagged), w.phase(t, manual), w.phase(t, metal); a != "shutting down" || b != a || c != "frozen" || d != "off" {
		t.Errorf("they are %s, %s, %s and %s", a, b, c, d)
	}
	w.clock.Advance(5 * time.Minute)
	if a, b := w.phase(t, web), w.phase(t, manual); a != "up" || b != "up" {
		t.Errorf("they are %s and %s", a, b)
	}
}

func TestAMachineIsBehindEveryCall(t *testing.T) {
	const id = "i-0a7b2c3d4e5f60718"
	w := newWorld(t)
	m := &fleettest.Machine{Text: "login: ", Screen: []byte("jpeg")}
	t.Cleanup(m.Close)
	m.See(fleet.Vitals{Checked: w.clock.Now(), UnreachableSince: w.clock.Now().Add(-6 * time.Minute)})
	if err := w.fleet.Add(fleet.Spec{ID: id, Type: "m6i.large", Tags: auto, Machine: m}); err != nil {
		t.Fatal(err)
	}
	status, err := w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{Filters: filter("instance-status.status", "impaired")})
	if err != nil || len(status.InstanceStatuses) != 1 || time.Since(aws.ToTime(status.InstanceStatuses[0].InstanceStatus.Details[0].ImpairedSince)).Round(time.Second) != 6*time.Minute {
		t.Errorf("%+v, %v", status, err)
	}
	out, err := w.GetConsoleOutput(t.Context(), &sdk.GetConsoleOutputInput{InstanceId: aws.String(id), Latest: aws.Bool(true)})
	if err != nil || aws.ToString(out.Output) != base64.StdEncoding.EncodeToString([]byte("login: ")) {
		t.Errorf("%+v, %v", out, err)
	}
	picture, err := w.GetConsoleScreenshot(t.Context(), &sdk.GetConsoleScreenshotInput{InstanceId: aws.String(id)})
	if err != nil || aws.ToString(picture.ImageData) != base64.StdEncoding.EncodeToString([]byte("jpeg")) {
		t.Errorf("%+v, %v", picture, err)
	}
	if a, b := w.interrupt(t, id, true), w.interrupt(t, id, false); a != "DryRunOperation 412" || b != "<nil>" || m.Calls("Interrupt") != 1 {
		t.Errorf("%s, %s and %d interrupts", a, b, m.Calls("Interrupt"))
	}
	if a, b := w.reboot(t, true, []string{id}), w.reboot(t, false, []string{id, web}); a != "DryRunOperation 412" || b != "<nil>" || m.Calls("Reset") != 1 {
		t.Errorf("%s, %s and %d resets", a, b, m.Calls("Reset"))
	}
	m.Fail(errors.New("no such socket"))
	if a, b := w.interrupt(t, id, false), w.reboot(t, false, []string{id, untagged}); a != "InternalError 500" || b != "InternalError 500" {
		t.Errorf("a machine that is not there: %s, %s", a, b)
	}
}

package autoscaling_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"crashcart/lab/autoscaling"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

func TestAGroupHasItsRunningMembersAndTheirLifecycle(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	for n := range 4 {
		if err := f.Add(fleet.Spec{ID: fmt.Sprintf("i-0a1b2c3d4e5f6070%d", n), Type: "m6i.large", Group: "web"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []fleet.Spec{{ID: "i-0b1b2c3d4e5f60718", Type: "m6i.large", Group: "batch"}, {ID: "i-0c1b2c3d4e5f60718", Type: "m6i.large"}} {
		if err := f.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetLifecycle("i-0a1b2c3d4e5f60701", "Terminating:Wait"); err != nil {
		t.Fatal(err)
	}
	if err := f.Terminate("i-0a1b2c3d4e5f60702"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(autoscaling.New(f, c, "eu-central-1", "111122223333")))
	defer srv.Close()
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})

	out, err := client.DescribeAutoScalingGroups(t.Context(), &sdk.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web", "gone"}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	got := map[string]string{}
	for _, m := range out.AutoScalingGroups[0].Instances {
		got[aws.ToString(m.InstanceId)] = string(m.LifecycleState)
	}
	if len(got) != 3 || got["i-0a1b2c3d4e5f60700"] != "InService" || got["i-0a1b2c3d4e5f60701"] != "Terminating:Wait" {
		t.Errorf("members %v", got)
	}
	all, err := client.DescribeAutoScalingInstances(t.Context(), &sdk.DescribeAutoScalingInstancesInput{
		InstanceIds: []string{"i-0a1b2c3d4e5f60701", "i-0c1b2c3d4e5f60718", "i-0b1b2c3d4e5f60718"},
	})
	if err != nil || len(all.AutoScalingInstances) != 2 || aws.ToString(all.AutoScalingInstances[0].LifecycleState) != "Terminating:Wait" ||
		aws.ToString(all.AutoScalingInstances[1].AutoScalingGroupName) != "batch" {
		t.Errorf("%+v, %v", all, err)
	}
	pages := sdk.NewDescribeAutoScalingGroupsPaginator(client, &sdk.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(1)})
	names := ""
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range out.AutoScalingGroups {
			names += aws.ToString(g.AutoScalingGroupName) + " "
		}
	}
	if names != "web batch " {
		t.Errorf("pages gave %q", names)
	}
}

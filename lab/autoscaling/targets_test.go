package autoscaling_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"crashcart/lab/autoscaling"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

func TestAGroupNeverHasTheTargetGroupsOfAnother(t *testing.T) {
	const one, two = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/one/0", "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/two/0"
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	for id, group := range map[string]string{"i-0a1b2c3d4e5f60701": "web", "i-0a1b2c3d4e5f60702": "batch"} {
		if err := f.Add(fleet.Spec{ID: id, Type: "m6i.large", Group: group}); err != nil {
			t.Fatal(err)
		}
	}
	h := autoscaling.New(f, c, "eu-central-1", "111122223333")
	h.Attach("web", one)
	h.Attach("web", two)
	srv := httptest.NewServer(pace.Handler(h))
	defer srv.Close()
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	out, err := client.DescribeAutoScalingGroups(t.Context(), &sdk.DescribeAutoScalingGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"web": {one, two}, "batch": nil}
	for _, g := range out.AutoScalingGroups {
		if got := g.TargetGroupARNs; !slices.Equal(got, want[*g.AutoScalingGroupName]) {
			t.Errorf("%s has %v", *g.AutoScalingGroupName, got)
		}
	}
	if len(out.AutoScalingGroups) != 2 {
		t.Errorf("%d groups", len(out.AutoScalingGroups))
	}
}

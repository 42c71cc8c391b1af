package cloudformation_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/cloudformation"
	"crashcart/lab/pace"
)

var start = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// endpoint is a client for a Region, of an account with stacks in eu-central-1.
func endpoint(t *testing.T, region string) (*sdk.Client, *cloudformation.Handler, string) {
	t.Helper()
	stacks := cloudformation.New(clock.NewManual(start), "eu-central-1", "111122223333")
	srv := httptest.NewServer(pace.Handler(stacks))
	t.Cleanup(srv.Close)
	return sdk.New(sdk.Options{
		Region: region, BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	}), stacks, srv.URL
}

func TestAStackTellsItsOutputs(t *testing.T) {
	client, stacks, _ := endpoint(t, "eu-central-1")
	outputs := map[string]string{"TableName": "web-Table1A2B3C4D-5E6F7G8H9I0J", "Odd": `<a & "b">`}
	stacks.Put(cloudformation.Stack{Name: "web", Outputs: outputs})
	stacks.Put(cloudformation.Stack{Name: "batch", Status: "UPDATE_ROLLBACK_COMPLETE"})
	outputs["TableName"] = "changed afterwards"
	for _, by := range []string{"web", stacks.ID("web")} {
		out, err := client.DescribeStacks(t.Context(), &sdk.DescribeStacksInput{StackName: &by})
		if err != nil || len(out.Stacks) != 1 {
			t.Fatalf("%s: %v, %v", by, out, err)
		}
		s, got := out.Stacks[0], map[string]string{}
		for _, o := range s.Outputs {
			got[*o.OutputKey] = *o.OutputValue
		}
		want := map[string]string{"TableName": "web-Table1A2B3C4D-5E6F7G8H9I0J", "Odd": `<a & "b">`}
		if !maps.Equal(got, want) || *s.StackName != "web" || s.StackStatus != "CREATE_COMPLETE" || !s.CreationTime.Equal(start) {
			t.Errorf("%s: outputs %v of %s, %s, created %s", by, got, *s.StackName, s.StackStatus, s.CreationTime)
		}
		if id := *s.StackId; id != stacks.ID("web") || !strings.HasPrefix(id, "arn:aws:cloudformation:eu-central-1:111122223333:stack/web/") {
			t.Errorf("%s: id %s", by, id)
		}
	}
	out, err := client.DescribeStacks(t.Context(), &sdk.DescribeStacksInput{StackName: aws.String("batch")})
	if err != nil || out.Stacks[0].StackStatus != "UPDATE_ROLLBACK_COMPLETE" || len(out.Stacks[0].Outputs) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestAStackIsNeverFoundWhereItIsNot(t *testing.T) {
	here, stacks, _ := endpoint(t, "eu-central-1")
	there, alike, _ := endpoint(t, "us-east-1")
	for _, h := range []*cloudformation.Handler{stacks, alike} {
		h.Put(cloudformation.Stack{Name: "web"})
		h.Put(cloudformation.Stack{Name: "gone", Status: "DELETE_COMPLETE"})
	}
	for name, c := range map[string]struct {
		client *sdk.Client
		asked  *string
		says   string
	}{
		"another name":   {here, aws.String("Web"), "Stack with id Web does not exist"},
		"another Region": {there, aws.String("web"), "Stack with id web does not exist"},
		"its id, there":  {there, aws.String(alike.ID("web")), "does not exist"},
		"a deleted one":  {here, aws.String("gone"), "Stack with id gone does not exist"},
		"no name":        {here, aws.String("a b"), "1 validation error detected: Value 'a b' at 'stackName'"},
		"nothing":        {here, nil, "one stack at a time"},
	} {
		_, err := c.client.DescribeStacks(t.Context(), &sdk.DescribeStacksInput{StackName: c.asked})
		api, ok := errors.AsType[smithy.APIError](err)
		if !ok || api.ErrorCode() != "ValidationError" || !strings.Contains(api.ErrorMessage(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
	}
	// The id of a deleted stack still finds it.
	out, err := here.DescribeStacks(t.Context(), &sdk.DescribeStacksInput{StackName: aws.String(stacks.ID("gone"))})
	if err != nil || out.Stacks[0].StackStatus != "DELETE_COMPLETE" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestNothingElseIsAnswered(t *testing.T) {
	_, stacks, address := endpoint(t, "eu-central-1")
	stacks.Put(cloudformation.Stack{Name: "web"})
	for _, form := range []url.Values{{"Action": {"DeleteStack"}, "StackName": {"web"}}, {"StackName": {"web"}}} {
		resp, err := http.PostForm(address, form)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: status %d", form, resp.StatusCode)
		}
	}
}

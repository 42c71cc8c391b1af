package ssm_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
	"crashcart/lab/ssm"
)

func agents(t *testing.T, specs ...fleet.Spec) (*sdk.Client, *fleet.Fleet) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	for _, s := range specs {
		if err := f.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	h := ssm.New(f, c, "111122223333")
	srv := httptest.NewServer(pace.Handler(h))
	t.Cleanup(srv.Close)
	t.Cleanup(h.Close)
	return clientOf(srv.URL), f
}

func clientOf(url string) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
}

func TestALastPingIsAsOldAsItIsInTheLab(t *testing.T) {
	const up, silent, never = "i-0a1b2c3d4e5f60718", "i-0b1b2c3d4e5f60718", "i-0c1b2c3d4e5f60718"
	c, f := agents(t, fleet.Spec{ID: up, Type: "m6i.large", LastPing: 30 * time.Second},
		fleet.Spec{ID: silent, Type: "m6i.large", LastPing: 2 * time.Minute, Platform: "windows"},
		fleet.Spec{ID: never, Type: "m6i.large", NoAgent: true})
	if err := f.Hang(silent, fleet.Frozen, 11*time.Minute); err != nil {
		t.Fatal(err)
	}
	out, err := c.DescribeInstanceInformation(t.Context(), &sdk.DescribeInstanceInformationInput{
		Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{up, silent, never, "i-0ffffffffffffffff"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, i := range out.InstanceInformationList {
		got[aws.ToString(i.InstanceId)] = fmt.Sprint(i.PingStatus, " ", time.Since(aws.ToTime(i.LastPingDateTime)).Round(time.Second), " ", i.PlatformType)
		if aws.ToString(i.AgentVersion) == "" {
			t.Error("no agent version")
		}
	}
	if len(got) != 2 || got[up] != "Online 30s Linux" || got[silent] != "ConnectionLost 12m0s Windows" {
		t.Errorf("agents: %v", got)
	}
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	var specs []fleet.Spec
	for n := range 13 {
		specs = append(specs, fleet.Spec{ID: fmt.Sprintf("i-0a1b2c3d4e5f60%03x", n), Type: "m6i.large"})
	}
	c, _ := agents(t, specs...)
	pages := sdk.NewDescribeInstanceInformationPaginator(c, &sdk.DescribeInstanceInformationInput{MaxResults: aws.Int32(5)})
	found, n := map[string]bool{}, 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range out.InstanceInformationList {
			found[aws.ToString(i.InstanceId)] = true
		}
		n++
	}
	if len(found) != 13 || n != 3 {
		t.Errorf("%d agents in %d pages", len(found), n)
	}
	_, err := c.DescribeInstanceInformation(t.Context(), &sdk.DescribeInstanceInformationInput{MaxResults: aws.Int32(51)})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "ValidationException" {
		t.Errorf("51 results: %v", err)
	}
}

func TestNothingIsListedThatAFilterExcludes(t *testing.T) {
	const up, off, node = "i-0a1b2c3d4e5f60718", "i-0b1b2c3d4e5f60718", "mi-0a1b2c3d4e5f60718"
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	if err := errors.Join(f.Add(fleet.Spec{ID: up, Type: "m6i.large"}), f.Add(fleet.Spec{ID: off, Type: "m6i.large"}), f.Stop(off)); err != nil {
		t.Fatal(err)
	}
	h := ssm.New(f, c, "111122223333")
	defer h.Close()
	h.AddNode(node)
	srv := httptest.NewServer(pace.Handler(h))
	defer srv.Close()
	client := clientOf(srv.URL)
	filter := func(key string, values ...string) types.InstanceInformationStringFilter {
		return types.InstanceInformationStringFilter{Key: aws.String(key), Values: values}
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("i-%017x", i)
	}
	for name, c := range map[string]struct {
		filters []types.InstanceInformationStringFilter
		want    string
	}{
		"none":                 {nil, up + " " + node + " "},
		"instances of EC2":     {[]types.InstanceInformationStringFilter{filter("ResourceType", "EC2Instance")}, up + " "},
		"nodes elsewhere":      {[]types.InstanceInformationStringFilter{filter("ResourceType", "ManagedInstance")}, node + " "},
		"by id, of EC2":        {[]types.InstanceInformationStringFilter{filter("InstanceIds", up, off, node), filter("ResourceType", "EC2Instance")}, up + " "},
		"by id":                {[]types.InstanceInformationStringFilter{filter("InstanceIds", node)}, node + " "},
		"nobody":               {[]types.InstanceInformationStringFilter{filter("InstanceIds", up), filter("InstanceIds", node)}, ""},
		"a key of nobody's":    {[]types.InstanceInformationStringFilter{filter("Colour", "red")}, "InvalidFilterKey"},
		"more than 100 values": {[]types.InstanceInformationStringFilter{filter("InstanceIds", many...)}, "ValidationException"},
	} {
		out, err := client.DescribeInstanceInformation(t.Context(), &sdk.DescribeInstanceInformationInput{Filters: c.filters})
		got := ""
		if e, ok := errors.AsType[smithy.APIError](err); ok {
			got = e.ErrorCode()
		} else if err != nil {
			t.Fatal(err)
		} else {
			for _, i := range out.InstanceInformationList {
				got += *i.InstanceId + " "
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

package ec2_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image/jpeg"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/ec2"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

const (
	web      = "i-0a1b2c3d4e5f60718"
	manual   = "i-0b1b2c3d4e5f60718"
	untagged = "i-0c1b2c3d4e5f60718"
	graviton = "i-0d1b2c3d4e5f60718"
	xen      = "i-0e1b2c3d4e5f60718"
	metal    = "i-0f1b2c3d4e5f60718"
	managed  = "i-001b2c3d4e5f60718"
	nobody   = "i-0ffffffffffffffff"
)

var auto = map[string]string{"crashcart": "auto"}

type world struct {
	*sdk.Client
	fleet *fleet.Fleet
	clock *clock.Manual
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	for _, s := range []fleet.Spec{
		{ID: web, Name: "web-1", Type: "m6i.large", Group: "web", Tags: auto},
		{ID: manual, Type: "t3.medium", Tags: map[string]string{"crashcart": "manual"}, ShutdownBehavior: "terminate"},
		{ID: untagged, Type: "c7i.large", Tags: map[string]string{"crashcart": "Auto"}},
		{ID: graviton, Type: "m7g.large"},
		{ID: xen, Type: "m4.large", Tags: auto},
		{ID: metal, Type: "m5.metal", Tags: auto, Platform: "windows"},
		{ID: managed, Type: "m6i.large", Tags: auto, Operator: "eks.amazonaws.com"},
	} {
		if err := f.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(pace.Handler(ec2.New(f, c, "111122223333")))
	t.Cleanup(srv.Close)
	return world{fleet: f, clock: c, Client: sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})}
}

// refusal is an error's code and HTTP status.
func refusal(err error) string {
	var status int
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status = r.HTTPStatusCode()
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Sprintf("%s %d", e.ErrorCode(), status)
	}
	return fmt.Sprint(err)
}

func (w world) interrupt(t *testing.T, id string, dry bool) string {
	t.Helper()
	_, err := w.SendDiagnosticInterrupt(t.Context(), &sdk.SendDiagnosticInterruptInput{InstanceId: aws.String(id), DryRun: aws.Bool(dry)})
	return refusal(err)
}

func TestAnInterruptReachesOnlyWhatIsTaggedSupportedAndRunning(t *testing.T) {
	w := newWorld(t)
	if err := w.fleet.Stop(manual); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ id, dry, live string }{
		{untagged, "UnauthorizedOperation 403", "UnauthorizedOperation 403"},
		{graviton, "UnsupportedOperation 400", "UnsupportedOperation 400"}, // untagged, too: support comes first
		{xen, "UnsupportedOperation 400", "UnsupportedOperation 400"},
		{nobody, "InvalidInstanceID.NotFound 400", "InvalidInstanceID.NotFound 400"},
		{"i-nonsense", "InvalidInstanceID.Malformed 400", "InvalidInstanceID.Malformed 400"},
		{manual, "DryRunOperation 412", "IncorrectInstanceState 400"},
	} {
		if got := w.interrupt(t, c.id, true); got != c.dry {
			t.Errorf("%s, DryRun: %s, want %s", c.id, got, c.dry)
		}
		if got := w.interrupt(t, c.id, false); got != c.live {
			t.Errorf("%s: %s, want %s", c.id, got, c.live)
		}
	}
	if got := w.interrupt(t, web, true); got != "DryRunOperation 412" {
		t.Errorf("a permitted DryRun: %s", got)
	}
	if got := w.fleet.Interrupts(); len(got) != 0 {
		t.Fatalf("interrupts that should not have reached a guest: %+v", got)
	}
	if got := w.interrupt(t, web, false); got != "<nil>" {
		t.Errorf("the permitted interrupt: %s", got)
	}
	if got := w.fleet.Interrupts(); len(got) != 1 || got[0].Instance != web {
		t.Errorf("interrupts %+v, want one on %s", got, web)
	}
}

func TestConsoleCallsAreGuardedLikeTheInterrupt(t *testing.T) {
	w := newWorld(t)
	output := func(id string, latest bool) (*sdk.GetConsoleOutputOutput, error) {
		return w.GetConsoleOutput(t.Context(), &sdk.GetConsoleOutputInput{InstanceId: aws.String(id), Latest: aws.Bool(latest)})
	}
	screenshot := func(id string) (*sdk.GetConsoleScreenshotOutput, error) {
		return w.GetConsoleScreenshot(t.Context(), &sdk.GetConsoleScreenshotInput{InstanceId: aws.String(id)})
	}
	for name, c := range map[string]struct {
		call func() error
		want string
	}{
		"output, untagged":           {func() error { _, err := output(untagged, true); return err }, "UnauthorizedOperation 403"},
		"screenshot, untagged":       {func() error { _, err := screenshot(untagged); return err }, "UnauthorizedOperation 403"},
		"latest output, Xen":         {func() error { _, err := output(xen, true); return err }, "UnsupportedOperation 400"},
		"screenshot, metal":          {func() error { _, err := screenshot(metal); return err }, "UnsupportedOperation 400"},
		"screenshot, Graviton":       {func() error { _, err := screenshot(graviton); return err }, "UnsupportedOperation 400"},
		"output, no such instance":   {func() error { _, err := output(nobody, true); return err }, "InvalidInstanceID.NotFound 400"},
		"output before latest, Xen":  {func() error { _, err := output(xen, false); return err }, "<nil>"},
		"output, opted in":           {func() error { _, err := output(web, true); return err }, "<nil>"},
		"screenshot, opted in":       {func() error { _, err := screenshot(web); return err }, "<nil>"},
		"screenshot, tag of no kind": {func() error { _, err := screenshot(untagged); return err }, "UnauthorizedOperation 403"},
	} {
		if got := refusal(c.call()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	out, err := output(web, true)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil || !strings.HasSuffix(string(text), "web-1 login: ") {
		t.Errorf("console: %v, %d bytes", err, len(text))
	}
	picture, err := screenshot(web)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(aws.ToString(picture.ImageData))
	if _, decodeErr := jpeg.Decode(bytes.NewReader(raw)); errors.Join(err, decodeErr) != nil {
		t.Errorf("screenshot: %v, %v", err, decodeErr)
	}
}

func ids(t *testing.T, out *sdk.DescribeInstancesOutput, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			found = append(found, aws.ToString(i.InstanceId))
		}
	}
	return found
}

func filter(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

func TestAnUnknownIdFailsACallByIdAndNotOneByFilter(t *testing.T) {
	w := newWorld(t)
	_, err := w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{InstanceIds: []string{web, nobody}})
	if got := refusal(err); got != "InvalidInstanceID.NotFound 400" {
		t.Errorf("by id: %s", got)
	}
	out, err := w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{Filters: filter("instance-id", web, nobody)})
	if got := ids(t, out, err); !slices.Equal(got, []string{web}) {
		t.Errorf("by filter: %v", got)
	}
	_, err = w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{Filters: filter("instance-id", make([]string, 201)...)})
	if got := refusal(err); got != "FilterLimitExceeded 400" {
		t.Errorf("201 values: %s", got)
	}
	_, err = w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{Filters: filter("instance-id", web)})
	if got := refusal(err); got != "InvalidParameterValue 400" {
		t.Errorf("DescribeInstanceStatus has no filter instance-id, yet: %s", got)
	}
	_, err = w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{InstanceIds: []string{web, nobody}})
	if got := refusal(err); got != "InvalidInstanceID.NotFound 400" {
		t.Errorf("status by id: %s", got)
	}
	_, err = w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{InstanceIds: []string{web}, MaxResults: aws.Int32(50)})
	if got := refusal(err); got != "InvalidParameterCombination 400" {
		t.Errorf("ids and MaxResults: %s", got)
	}
}

func TestAnInstanceIsDescribedWithAllTheGuardAsksFor(t *testing.T) {
	w := newWorld(t)
	out, err := w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{
		Filters: append(filter("tag:crashcart", "au*"), filter("instance-state-name", "running")...),
	})
	if got := ids(t, out, err); !slices.Equal(got, []string{web, xen, metal}) {
		t.Errorf("tag filter found %v; managed instances are hidden unless asked for", got)
	}
	i := out.Reservations[0].Instances[0]
	tags := map[string]string{}
	for _, tag := range i.Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if tags["Name"] != "web-1" || tags["crashcart"] != "auto" || tags["aws:autoscaling:groupName"] != "web" {
		t.Errorf("tags %v", tags)
	}
	age := time.Since(aws.ToTime(i.LaunchTime)).Round(time.Minute)
	if i.Architecture != types.ArchitectureValuesX8664 || i.InstanceType != "m6i.large" || i.State.Name != types.InstanceStateNameRunning ||
		age != 40*24*time.Hour || aws.ToString(i.VpcId) == "" || aws.ToString(i.Placement.AvailabilityZone) == "" || i.Hypervisor != "xen" {
		t.Errorf("launched %s ago: %+v", age, i)
	}
	if got := out.Reservations[2].Instances[0].Platform; got != "windows" { // the SDK's constant is "Windows"; the API answers in lower case
		t.Errorf("platform %q", got)
	}
	out, err = w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{Filters: filter("instance-id", managed), IncludeManagedResources: aws.Bool(true)})
	if len(ids(t, out, err)) != 1 || aws.ToString(out.Reservations[0].Instances[0].Operator.Principal) != "eks.amazonaws.com" {
		t.Error("the managed instance was not shown when asked for")
	}
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	w := newWorld(t)
	pages := sdk.NewDescribeInstancesPaginator(w, &sdk.DescribeInstancesInput{MaxResults: aws.Int32(5)})
	var found []string
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		found, n = append(found, ids(t, out, err)...), n+1
	}
	if !slices.Equal(found, []string{web, manual, untagged, graviton, xen, metal}) || n != 2 {
		t.Errorf("%d pages: %v", n, found)
	}
	status := sdk.NewDescribeInstanceStatusPaginator(w, &sdk.DescribeInstanceStatusInput{MaxResults: aws.Int32(5), IncludeManagedResources: aws.Bool(true)})
	n = 0
	for status.HasMorePages() {
		out, err := status.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n += len(out.InstanceStatuses)
	}
	if n != 7 {
		t.Errorf("%d statuses in all pages, want 7", n)
	}
}

func TestADeadGuestIsImpairedAsLongAsItIs(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(w.fleet.Hang(web, fleet.Dead, 0), w.fleet.Stop(xen),
		w.fleet.Schedule(manual, fleet.Event{
			ID: "instance-event-0a1b", Code: "instance-reboot", Description: "[Completed] scheduled reboot",
			NotBefore: w.clock.Now().Add(-time.Hour), NotAfter: w.clock.Now().Add(time.Hour),
		})); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(7 * time.Minute)
	out, err := w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{Filters: filter("instance-status.status", "impaired")})
	if err != nil || len(out.InstanceStatuses) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	s := out.InstanceStatuses[0]
	d := s.InstanceStatus.Details[0]
	age := time.Since(aws.ToTime(d.ImpairedSince))
	if aws.ToString(s.InstanceId) != web || d.Name != types.StatusNameReachability || d.Status != types.StatusTypeFailed || age < 6*time.Minute || age > 7*time.Minute {
		t.Errorf("impaired for %s: %+v", age, s)
	}
	if s.SystemStatus.Status != types.SummaryStatusOk || s.AttachedEbsStatus == nil || s.AttachedEbsStatus.Status != types.SummaryStatusOk {
		t.Errorf("the other checks: %+v, %+v", s.SystemStatus, s.AttachedEbsStatus)
	}
	out, err = w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{InstanceIds: []string{manual, xen}})
	if err != nil || len(out.InstanceStatuses) != 1 || len(out.InstanceStatuses[0].Events) != 1 {
		t.Fatalf("a stopped instance is only shown when asked for: %+v, %v", out, err)
	}
	e := out.InstanceStatuses[0].Events[0]
	if e.Code != types.EventCodeInstanceReboot || time.Since(aws.ToTime(e.NotBefore)).Round(time.Minute) != 67*time.Minute || !strings.HasPrefix(aws.ToString(e.Description), "[Completed]") {
		t.Errorf("event %+v", e)
	}
	out, err = w.DescribeInstanceStatus(t.Context(), &sdk.DescribeInstanceStatusInput{InstanceIds: []string{xen}, IncludeAllInstances: aws.Bool(true)})
	if err != nil || out.InstanceStatuses[0].InstanceStatus.Status != types.SummaryStatusNotApplicable || out.InstanceStatuses[0].AttachedEbsStatus != nil {
		t.Errorf("stopped Xen instance: %+v, %v", out, err)
	}
}

func TestTypesTellNitroMetalAndArchitectureApart(t *testing.T) {
	w := newWorld(t)
	out, err := w.DescribeInstanceTypes(t.Context(), &sdk.DescribeInstanceTypesInput{
		Filters: filter("instance-type", "m6i.large", "m5.metal", "m4.large", "c7g-flex.large", "mac1.metal", "z9.huge"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, it := range out.InstanceTypes {
		got[string(it.InstanceType)] = fmt.Sprint(it.Hypervisor, " ", aws.ToBool(it.BareMetal), " ", it.ProcessorInfo.SupportedArchitectures)
	}
	for name, want := range map[string]string{
		"m6i.large": "nitro false [x86_64]", "m5.metal": " true [x86_64]", "m4.large": "xen false [x86_64]",
		"c7g-flex.large": "nitro false [arm64]", "mac1.metal": " true [x86_64_mac]",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	_, err = w.DescribeInstanceTypes(t.Context(), &sdk.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"z9.huge"}})
	if refusal(err) != "InvalidInstanceType 400" {
		t.Errorf("an unknown type by name: %s", refusal(err))
	}
}

func TestTheShutdownBehaviourIsTold(t *testing.T) {
	w := newWorld(t)
	for id, want := range map[string]string{web: "stop", manual: "terminate"} {
		out, err := w.DescribeInstanceAttribute(t.Context(), &sdk.DescribeInstanceAttributeInput{
			InstanceId: aws.String(id),
			Attribute:  types.InstanceAttributeNameInstanceInitiatedShutdownBehavior,
		})
		if err != nil || aws.ToString(out.InstanceInitiatedShutdownBehavior.Value) != want {
			t.Errorf("%s: %+v, %v", id, out, err)
		}
	}
}

func TestAnAddressBelongsToOneInstanceOfANetwork(t *testing.T) {
	w := newWorld(t)
	const twin, other, pod = "i-0a9b2c3d4e5f60718", "vpc-0d2b6cdba8e1f7a23", "10.0.7.7"
	here, err := w.fleet.Get(web)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.fleet.Add(fleet.Spec{ID: twin, Type: "m6i.large", VPC: other, IP: here.IP, MoreIPs: []string{pod}}); err != nil {
		t.Fatal(err)
	}
	find := func(filters ...types.Filter) map[string]types.NetworkInterface {
		t.Helper()
		out, err := w.DescribeNetworkInterfaces(t.Context(), &sdk.DescribeNetworkInterfacesInput{Filters: filters})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]types.NetworkInterface{}
		for _, n := range out.NetworkInterfaces {
			found[aws.ToString(n.Attachment.InstanceId)] = n
		}
		return found
	}
	in := func(name string, values ...string) types.Filter { return filter(name, values...)[0] }
	for name, c := range map[string]struct {
		filters []types.Filter
		want    []string
	}{
		"an address, in any network":   {[]types.Filter{in("addresses.private-ip-address", here.IP)}, []string{web, twin}},
		"an address, in its network":   {[]types.Filter{in("addresses.private-ip-address", here.IP), in("vpc-id", here.VPC)}, []string{web}},
		"the same, in another network": {[]types.Filter{in("private-ip-address", here.IP), in("vpc-id", other)}, []string{twin}},
		"a secondary address":          {[]types.Filter{in("addresses.private-ip-address", pod), in("vpc-id", other)}, []string{twin}},
		"nobody's address":             {[]types.Filter{in("addresses.private-ip-address", pod), in("vpc-id", here.VPC)}, nil},
		"by instance":                  {[]types.Filter{in("attachment.instance-id", manual, nobody)}, []string{manual}},
		"of another operator, hidden":  {[]types.Filter{in("attachment.instance-id", managed)}, nil},
	} {
		if got := slices.Sorted(maps.Keys(find(c.filters...))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	card := find(in("attachment.instance-id", twin))[twin]
	if aws.ToString(card.VpcId) != other || aws.ToString(card.PrivateIpAddress) != here.IP || len(card.PrivateIpAddresses) != 2 ||
		!aws.ToBool(card.PrivateIpAddresses[0].Primary) || aws.ToBool(card.PrivateIpAddresses[1].Primary) || card.Attachment.Status != types.AttachmentStatusAttached {
		t.Errorf("%+v", card)
	}
	out, err := w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{InstanceIds: []string{twin}})
	if err != nil {
		t.Fatal(err)
	}
	i := out.Reservations[0].Instances[0]
	if aws.ToString(i.PrivateIpAddress) != here.IP || aws.ToString(i.VpcId) != other || len(i.NetworkInterfaces) != 1 ||
		aws.ToString(i.NetworkInterfaces[0].NetworkInterfaceId) != aws.ToString(card.NetworkInterfaceId) {
		t.Errorf("DescribeInstances says otherwise: %+v", i)
	}
	if err := w.fleet.Terminate(twin); err != nil {
		t.Fatal(err)
	}
	out, err = w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{InstanceIds: []string{twin}})
	if len(find(in("vpc-id", other))) != 0 || err != nil || out.Reservations[0].Instances[0].PrivateIpAddress != nil || out.Reservations[0].Instances[0].VpcId != nil {
		t.Errorf("a terminated instance has kept its address: %+v, %v", out, err)
	}
}

func TestInterfacesComeInPagesAndOnlyIfTheyExist(t *testing.T) {
	w := newWorld(t)
	pages := sdk.NewDescribeNetworkInterfacesPaginator(w, &sdk.DescribeNetworkInterfacesInput{MaxResults: aws.Int32(5)})
	var found []string
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n++
		for _, i := range out.NetworkInterfaces {
			found = append(found, aws.ToString(i.Attachment.InstanceId))
		}
	}
	if !slices.Equal(found, []string{web, manual, untagged, graviton, xen, metal}) || n != 2 {
		t.Errorf("%d pages: %v", n, found)
	}
	out, err := w.DescribeNetworkInterfaces(t.Context(), &sdk.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0a1b2c3d4e5f60718"}})
	if err != nil || len(out.NetworkInterfaces) != 1 {
		t.Errorf("by id: %+v, %v", out, err)
	}
	for name, c := range map[string]struct {
		in   sdk.DescribeNetworkInterfacesInput
		want string
	}{
		"unknown id":         {sdk.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0ffffffffffffffff"}}, "InvalidNetworkInterfaceID.NotFound 400"},
		"ids and MaxResults": {sdk.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0a1b2c3d4e5f60718"}, MaxResults: aws.Int32(5)}, "InvalidParameterCombination 400"},
		"too few a page":     {sdk.DescribeNetworkInterfacesInput{MaxResults: aws.Int32(4)}, "InvalidParameterValue 400"},
		"no such filter":     {sdk.DescribeNetworkInterfacesInput{Filters: filter("private-dns-name", "a")}, "InvalidParameterValue 400"},
	} {
		if _, err := w.DescribeNetworkInterfaces(t.Context(), &c.in); refusal(err) != c.want {
			t.Errorf("%s: %s, want %s", name, refusal(err), c.want)
		}
	}
}

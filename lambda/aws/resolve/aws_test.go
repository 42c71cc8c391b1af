package resolve_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
)

var errThrottled = &smithy.GenericAPIError{Code: "RequestLimitExceeded", Message: "Request limit exceeded."}

// account is one Region of an account, as its services show it. Every
// answer is paged, whatever the caller asks for.
type account struct {
	instances map[string]types.Instance
	statuses  map[string]types.InstanceStatus
	types     map[string]types.InstanceTypeInfo
	shutdown  map[string]string // "stop" unless set here; "-" answers without a value
	agents    []ssmtypes.InstanceInformation
	groups    map[string]asgtypes.AutoScalingGroup
	ways      // what leads to instances from elsewhere
	counted   // what CloudWatch has of them

	pageSize int // 2 unless set

	// loose makes a filter by tag match every value, as if no escape were known.
	loose bool

	// fail is asked before each page, with what the call asks for, one at a time.
	fail func(call string, about []string, page int) error
	// gate is passed by every call, on its way in.
	gate func(call string)

	mu    sync.Mutex
	calls []string // of first pages, by name
	pages []string // of all pages, by name

	neighbourPages []int32 // the sizes that were asked for
}

func (a *account) enter(ctx context.Context, call string, about []string, page int) error {
	a.mu.Lock()
	a.pages = append(a.pages, call)
	if page == 0 {
		a.calls = append(a.calls, call)
	}
	a.mu.Unlock()
	if a.gate != nil {
		a.gate(call)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fail != nil {
		if err := a.fail(call, about, page); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// count is how often a call was made, its further pages apart.
func (a *account) count(call string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (a *account) countPages(call string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.pages {
		if c == call {
			n++
		}
	}
	return n
}

// paged cuts one page out of all; the token is the number of the page.
func paged[T any](a *account, all []T, token *string) (page []T, next *string) {
	size := a.pageSize
	if size == 0 {
		size = 2
	}
	from := min(pageOf(token)*size, len(all))
	to := min(from+size, len(all))
	if to < len(all) {
		next = aws.String(fmt.Sprint(pageOf(token) + 1))
	}
	return all[from:to], next
}

func pageOf(token *string) (n int) {
	_, _ = fmt.Sscan(aws.ToString(token), &n)
	return n
}

func sorted[T any](m map[string]T) []T {
	var out []T
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// pattern is a filter's value as EC2 takes it: "*" and "?" are wildcards, and a
// backslash takes the next character as it is.
func pattern(value string) *regexp.Regexp {
	var expr strings.Builder
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '*':
			expr.WriteString(".*")
		case c == '?':
			expr.WriteString(".")
		case c == '\\' && i+1 < len(value):
			i++
			expr.WriteString(regexp.QuoteMeta(value[i : i+1]))
		default:
			expr.WriteString(regexp.QuoteMeta(value[i : i+1]))
		}
	}
	return regexp.MustCompile("^" + expr.String() + "$")
}

// limited refuses filters that are longer than EC2 takes them.
func limited(filters []types.Filter) error {
	for _, f := range filters {
		if len(f.Values) > 200 {
			return &smithy.GenericAPIError{Code: "FilterLimitExceeded"}
		}
	}
	return nil
}

func accepts(filters []types.Filter, property func(name string) []string) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(property(*f.Name), func(v string) bool {
			return slices.ContainsFunc(f.Values, func(p string) bool {
				if strings.ContainsAny(p, `*?\`) {
					return pattern(p).MatchString(v)
				}
				return p == v
			})
		}) {
			return false
		}
	}
	return true
}

func (a *account) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	call := "DescribeInstances"
	if *in.Filters[0].Name == "subnet-id" || *in.Filters[0].Name == "iam-instance-profile.arn" {
		call += " of neighbours"
		a.mu.Lock()
		a.neighbourPages = append(a.neighbourPages, aws.ToInt32(in.MaxResults))
		a.mu.Unlock()
	}
	if err := a.enter(ctx, call, in.Filters[0].Values, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if err := limited(in.Filters); err != nil {
		return nil, err
	}
	var found []types.Instance
	for _, i := range sorted(a.instances) {
		if i.Operator != nil && aws.ToBool(i.Operator.HiddenByDefault) && !aws.ToBool(in.IncludeManagedResources) {
			continue
		}
		if accepts(a.loosened(in.Filters), func(name string) []string { return instanceProperty(i, name) }) {
			found = append(found, i)
		}
	}
	page, next := paged(a, found, in.NextToken)
	out := &ec2.DescribeInstancesOutput{NextToken: next}
	for _, i := range page { // one instance each, as of instances launched one by one
		out.Reservations = append(out.Reservations, types.Reservation{Instances: []types.Instance{i}})
	}
	return out, nil
}

func (a *account) loosened(filters []types.Filter) []types.Filter {
	filters = slices.Clone(filters)
	for n, f := range filters {
		if a.loose && strings.HasPrefix(*f.Name, "tag:") {
			filters[n].Values = []string{"*"}
		}
	}
	return filters
}

func instanceProperty(i types.Instance, name string) []string {
	switch {
	case name == "instance-id":
		return []string{aws.ToString(i.InstanceId)}
	case name == "instance-state-name" && i.State != nil:
		return []string{string(i.State.Name)}
	case name == "subnet-id":
		return []string{aws.ToString(i.SubnetId)}
	case name == "iam-instance-profile.arn" && i.IamInstanceProfile != nil:
		return []string{aws.ToString(i.IamInstanceProfile.Arn)}
	case strings.HasPrefix(name, "tag:"):
		for _, t := range i.Tags {
			if "tag:"+aws.ToString(t.Key) == name {
				return []string{aws.ToString(t.Value)}
			}
		}
	}
	return nil
}

func (a *account) DescribeInstanceStatus(ctx context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	call := "DescribeInstanceStatus"
	if len(in.InstanceIds) > 0 {
		call += " by id"
	}
	if err := a.enter(ctx, call, in.InstanceIds, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if err := a.takes(in); err != nil {
		return nil, err
	}
	var found []types.InstanceStatus
	for _, id := range slices.Sorted(maps.Keys(a.statuses)) {
		status := a.statuses[id]
		byID := len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, id)
		if byID && accepts(in.Filters, func(string) []string { return []string{string(status.InstanceStatus.Status)} }) {
			found = append(found, status)
		}
	}
	page, next := paged(a, found, in.NextToken)
	return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: page, NextToken: next}, nil
}

// takes refuses what EC2 refuses: by id, one unknown instance fails the call.
func (a *account) takes(in *ec2.DescribeInstanceStatusInput) error {
	if len(in.InstanceIds) > 100 || (len(in.InstanceIds) > 0 && in.MaxResults != nil) {
		return &smithy.GenericAPIError{Code: "InvalidParameterCombination"}
	}
	for _, id := range in.InstanceIds {
		if _, ok := a.instances[id]; !ok {
			return &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: id}
		}
	}
	return nil
}

func (a *account) DescribeInstanceTypes(ctx context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	if err := a.enter(ctx, "DescribeInstanceTypes", in.Filters[0].Values, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if err := limited(in.Filters); err != nil {
		return nil, err
	}
	var found []types.InstanceTypeInfo
	for _, t := range sorted(a.types) {
		if accepts(in.Filters, func(string) []string { return []string{string(t.InstanceType)} }) {
			found = append(found, t)
		}
	}
	page, next := paged(a, found, in.NextToken)
	return &ec2.DescribeInstanceTypesOutput{InstanceTypes: page, NextToken: next}, nil
}

func (a *account) DescribeInstanceAttribute(ctx context.Context, in *ec2.DescribeInstanceAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error) {
	id := aws.ToString(in.InstanceId)
	if err := a.enter(ctx, "DescribeInstanceAttribute", []string{id}, 0); err != nil {
		return nil, err
	}
	if _, ok := a.instances[id]; !ok || in.Attribute != "instanceInitiatedShutdownBehavior" {
		return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: id}
	}
	switch v, set := a.shutdown[id]; {
	case v == "-":
		return &ec2.DescribeInstanceAttributeOutput{}, nil
	case set:
		return &ec2.DescribeInstanceAttributeOutput{InstanceInitiatedShutdownBehavior: &types.AttributeValue{Value: &v}}, nil
	}
	return &ec2.DescribeInstanceAttributeOutput{InstanceInitiatedShutdownBehavior: &types.AttributeValue{Value: aws.String("stop")}}, nil
}

package ssm

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"crashcart/lab/fleet"
)

// The size of a page ("DescribeInstanceInformation", AWS Systems Manager API Reference).
const (
	leastResults   = 5
	mostResults    = 50
	defaultResults = 10
)

type describeInput struct {
	Filters []struct {
		Key    string
		Values []string
	}
	InstanceInformationFilterList []struct {
		Key      string   `json:"key"`
		ValueSet []string `json:"valueSet"`
	}
	MaxResults *int
	NextToken  string
}

func (h *Handler) describe(in describeInput) (any, error) {
	ids, kinds, err := wanted(in)
	if err != nil {
		return nil, err
	}
	start, size, err := page(in)
	if err != nil {
		return nil, err
	}
	list, n, more := []map[string]any{}, 0, false
	for v := range h.guests(ids, kinds) {
		if more = len(list) == size; more {
			break
		}
		if n++; n > start {
			list = append(list, v)
		}
	}
	if start > n {
		return nil, &apiError{"InvalidNextToken", "The specified token isn't valid."}
	}
	out := map[string]any{"InstanceInformationList": list}
	if more {
		out["NextToken"] = strconv.Itoa(n)
	}
	return out, nil
}

// The types of a managed node ("InstanceInformation", ibid.).
const (
	typeInstance = "EC2Instance"
	typeHybrid   = "ManagedInstance"
)

// guests gives the agents of these ids, or all of them if there are none, of some types.
func (h *Handler) guests(ids []string, kinds []string) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		all := h.fleet.Each()
		if ids != nil {
			all = slices.Values(h.fleet.Some(ids))
		}
		for v := range all {
			if v.Agent.Registered && slices.Contains(kinds, typeInstance) && !yield(h.information(v)) {
				return
			}
		}
		for _, node := range h.hybrid() {
			if slices.Contains(kinds, typeHybrid) && (ids == nil || slices.Contains(ids, node)) && !yield(h.nodeInformation(node)) {
				return
			}
		}
	}
}

// AddNode registers a node outside EC2, whose id begins with "mi-". Its agent pings and is
// always a minute old.
func (h *Handler) AddNode(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes = append(h.nodes, id)
}

func (h *Handler) hybrid() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.nodes)
}

func (h *Handler) nodeInformation(id string) map[string]any {
	return map[string]any{
		"InstanceId": id, "PingStatus": "Online", "ResourceType": typeHybrid, "AgentVersion": "3.3.2299.0",
		"LastPingDateTime": float64(h.clock.Report(h.clock.Now().Add(-time.Minute)).UnixMilli()) / 1e3,
		"PlatformType":     "Linux", "PlatformName": "Debian GNU/Linux", "ComputerName": id,
	}
}

// page gives how many agents come before the page asked for, and its size.
func page(in describeInput) (start, size int, err error) {
	size = defaultResults
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < leastResults || size > mostResults {
		return 0, 0, &apiError{"ValidationException", fmt.Sprintf(
			"Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between %d and %d", size, leastResults, mostResults)}
	}
	if in.NextToken != "" {
		if start, err = strconv.Atoi(in.NextToken); err != nil || start < 0 {
			return 0, 0, &apiError{"InvalidNextToken", "The specified token isn't valid."}
		}
	}
	return start, size, nil
}

// maxValues is how many values a filter may have (ibid.).
const maxValues = 100

// wanted reads what the filters name: the ids, nil for all, and the types. Each filter
// narrows the answer.
func wanted(in describeInput) (ids, kinds []string, err error) {
	kinds = []string{typeInstance, typeHybrid}
	narrow := func(key string, values []string, code string) error {
		switch {
		case len(values) == 0 || len(values) > maxValues:
			return &apiError{"ValidationException", fmt.Sprintf("a filter must have between 1 and %d values", maxValues)}
		case key == "InstanceIds" && ids == nil:
			ids = slices.Clone(values)
		case key == "InstanceIds":
			ids = both(ids, values)
		case key == "ResourceType":
			kinds = both(kinds, values)
		default:
			return &apiError{code, "the lab's SSM does not filter by " + key}
		}
		return nil
	}
	for _, f := range in.Filters {
		err = errors.Join(err, narrow(f.Key, f.Values, "InvalidFilterKey"))
	}
	for _, f := range in.InstanceInformationFilterList {
		err = errors.Join(err, narrow(f.Key, f.ValueSet, "InvalidInstanceInformationFilterValue"))
	}
	return ids, kinds, err
}

// both are the values that are in two lists.
func both(a, b []string) []string {
	return slices.DeleteFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}

func (h *Handler) information(v fleet.View) map[string]any {
	platform, name := platformOf(v)
	return map[string]any{
		"InstanceId": v.ID, "PingStatus": v.Agent.Ping, "ResourceType": typeInstance,
		"LastPingDateTime": float64(h.clock.Report(v.Agent.LastPing).UnixMilli()) / 1e3,
		"AgentVersion":     "3.3.2299.0", "IsLatestVersion": true,
		"PlatformType": platform, "PlatformName": name, "ComputerName": v.Name,
	}
}

// platformOf gives a guest's platform type, and its name.
func platformOf(v fleet.View) (platform, name string) {
	if v.Platform == "windows" {
		return "Windows", "Microsoft Windows Server 2022 Datacenter"
	}
	return "Linux", "Debian GNU/Linux"
}

package ssm

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

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
	ids, err := wanted(in)
	if err != nil {
		return nil, err
	}
	start, size, err := page(in)
	if err != nil {
		return nil, err
	}
	list, n, more := []map[string]any{}, 0, false
	for v := range h.guests(ids) {
		if !v.Agent.Registered {
			continue
		}
		if more = len(list) == size; more {
			break
		}
		if n++; n > start {
			list = append(list, h.information(v))
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

// guests gives the guests of these ids, or all of them if there are none.
func (h *Handler) guests(ids []string) iter.Seq[fleet.View] {
	if ids == nil {
		return h.fleet.Each()
	}
	return slices.Values(h.fleet.Some(ids))
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

// wanted reads the ids that the filters name, nil for all.
func wanted(in describeInput) ([]string, error) {
	var ids []string
	for _, f := range in.Filters {
		if f.Key != "InstanceIds" {
			return nil, &apiError{"InvalidFilterKey", "the lab's SSM does not filter by " + f.Key}
		}
		ids = append(ids, f.Values...)
	}
	for _, f := range in.InstanceInformationFilterList {
		if f.Key != "InstanceIds" {
			return nil, &apiError{"InvalidInstanceInformationFilterValue", "the lab's SSM does not filter by " + f.Key}
		}
		ids = append(ids, f.ValueSet...)
	}
	return ids, nil
}

func (h *Handler) information(v fleet.View) map[string]any {
	platform, name := platformOf(v)
	return map[string]any{
		"InstanceId": v.ID, "PingStatus": v.Agent.Ping, "ResourceType": "EC2Instance",
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

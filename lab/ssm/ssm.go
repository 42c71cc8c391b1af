// Package ssm stands in for AWS Systems Manager: what its agents reported last.
//
// Only DescribeInstanceInformation exists. An instance whose agent never pinged
// is not in it; one whose agent fell silent stays, with its last ping.
package ssm

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// The size of a page ("DescribeInstanceInformation", AWS Systems Manager API Reference).
const (
	leastResults   = 5
	mostResults    = 50
	defaultResults = 10
)

// Handler serves the agents of a fleet.
type Handler struct {
	fleet *fleet.Fleet
	clock clock.Clock
}

// New serves the agents of f's guests, with their times as c reports them.
func New(f *fleet.Fleet, c clock.Clock) *Handler { return &Handler{fleet: f, clock: c} }

type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

type input struct {
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

// ServeHTTP answers one request (AWS JSON 1.1).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	out, err := h.answer(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": err.code, "message": err.message}
	}
	_ = json.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func (h *Handler) answer(r *http.Request) (any, *apiError) {
	if op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM."); op != "DescribeInstanceInformation" {
		return nil, &apiError{"InvalidAction", "the lab's SSM does not know " + op}
	}
	var in input
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		return nil, &apiError{"SerializationException", err.Error()}
	}
	return h.describe(in)
}

func (h *Handler) describe(in input) (any, *apiError) {
	ids, refused := wanted(in)
	if refused != nil {
		return nil, refused
	}
	start, size, refused := page(in)
	if refused != nil {
		return nil, refused
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
func page(in input) (start, size int, refused *apiError) {
	size = defaultResults
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if size < leastResults || size > mostResults {
		return 0, 0, &apiError{"ValidationException", fmt.Sprintf(
			"Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between %d and %d", size, leastResults, mostResults)}
	}
	if in.NextToken != "" {
		var err error
		if start, err = strconv.Atoi(in.NextToken); err != nil || start < 0 {
			return 0, 0, &apiError{"InvalidNextToken", "The specified token isn't valid."}
		}
	}
	return start, size, nil
}

// wanted reads the ids that the filters name, nil for all.
func wanted(in input) ([]string, *apiError) {
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
	platform, name := "Linux", "Debian GNU/Linux"
	if v.Platform == "windows" {
		platform, name = "Windows", "Microsoft Windows Server 2022 Datacenter"
	}
	return map[string]any{
		"InstanceId": v.ID, "PingStatus": v.Agent.Ping, "ResourceType": "EC2Instance",
		"LastPingDateTime": float64(h.clock.Report(v.Agent.LastPing).UnixMilli()) / 1e3,
		"AgentVersion":     "3.3.2299.0", "IsLatestVersion": true,
		"PlatformType": platform, "PlatformName": name, "ComputerName": v.Name,
	}
}

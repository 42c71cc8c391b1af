package cloudwatch

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

const (
	// maxNames and maxRecords are the limits of one call ("DescribeAlarms", Amazon
	// CloudWatch API Reference).
	maxNames   = 100
	maxRecords = 100
	// defaultRecords is how many alarms a page has when no number is asked for. No
	// document says; a caller must not rely on more.
	defaultRecords = 50
)

// input are the parameters of DescribeAlarms.
type input struct {
	names, types    []string
	prefix, action  string
	children, state string
	token           string
	records         int
}

func read(body cbor.Map) (input, error) {
	in := input{records: defaultRecords}
	lists := map[string]*[]string{"AlarmNames": &in.names, "AlarmTypes": &in.types}
	texts := map[string]*string{
		"AlarmNamePrefix": &in.prefix, "ActionPrefix": &in.action, "ChildrenOfAlarmName": &in.children,
		"StateValue": &in.state, "NextToken": &in.token,
	}
	for name, value := range body {
		ok := false
		switch {
		case lists[name] != nil:
			*lists[name], ok = asTexts(value)
		case texts[name] != nil:
			*texts[name], ok = asText(value)
		case name == "MaxRecords":
			n, err := cbor.AsInt32(value)
			in.records, ok = int(n), err == nil
		}
		if !ok {
			return in, invalid("the lab does not have the parameter %s, or it is of another type", name)
		}
	}
	return in, in.validate(body)
}

func (in input) validate(given cbor.Map) error {
	switch {
	case len(in.names) > maxNames:
		return invalid("Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", maxNames)
	case in.names != nil && in.prefix != "":
		return invalid("AlarmNames and AlarmNamePrefix cannot both be specified")
	case in.records < 1 || in.records > maxRecords:
		return invalid("Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and %d", in.records, maxRecords)
	case in.state != "" && !slices.Contains(states, in.state):
		return invalid("Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: %v", in.state, states)
	}
	for _, t := range in.types {
		if !slices.Contains([]string{typeMetric, typeComposite, typeLog}, t) {
			return invalid("Value '%s' at 'alarmTypes' failed to satisfy constraint: Member must satisfy enum value set", t)
		}
	}
	if in.children == "" {
		return nil
	}
	return alone(given)
}

// alone refuses what may not stand beside ChildrenOfAlarmName ("DescribeAlarms",
// Amazon CloudWatch API Reference).
func alone(given cbor.Map) error {
	for name := range given {
		if !slices.Contains([]string{"ChildrenOfAlarmName", "MaxRecords", "NextToken"}, name) {
			return invalid("ChildrenOfAlarmName cannot be specified with %s", name)
		}
	}
	return nil
}

func (h *Handler) describe(body cbor.Map) (cbor.Map, error) {
	in, err := read(body)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	some, next, err := page(in, h.chosen(in))
	if err != nil {
		return nil, err
	}
	encode := h.whole
	if in.children != "" {
		encode = h.brief
	}
	lists := map[string]cbor.List{typeMetric: {}, typeComposite: {}, typeLog: {}}
	for _, a := range some {
		lists[a.kind()] = append(lists[a.kind()], encode(a))
	}
	out := cbor.Map{}
	for kind, list := range lists {
		if kind != typeLog || len(list) > 0 {
			out[kind+"s"] = list
		}
	}
	put(out, "NextToken", next)
	return out, nil
}

// chosen are the alarms that the parameters name, by name. The caller holds h.mu.
func (h *Handler) chosen(in input) []*Alarm {
	types := in.types
	if len(types) == 0 {
		types = []string{typeMetric}
	}
	names := in.names
	if in.children != "" {
		types, names = []string{typeMetric, typeComposite, typeLog}, []string{}
		if parent := h.alarms[in.children]; parent != nil {
			names = append(names, parent.Children...)
		}
	}
	var out []*Alarm
	for _, name := range slices.Sorted(maps.Keys(h.alarms)) {
		a := h.alarms[name]
		if slices.Contains(types, a.kind()) && (names == nil || slices.Contains(names, name)) && in.keeps(a) {
			out = append(out, a)
		}
	}
	return out
}

func (in input) keeps(a *Alarm) bool {
	return strings.HasPrefix(a.Name, in.prefix) && (in.state == "" || a.State == in.state) &&
		(in.action == "" || slices.ContainsFunc(a.Actions, func(arn string) bool { return strings.HasPrefix(arn, in.action) }))
}

func page(in input, all []*Alarm) ([]*Alarm, string, error) {
	start := 0
	if in.token != "" {
		var err error
		if start, err = strconv.Atoi(strings.TrimPrefix(in.token, "lab-page-")); err != nil || start < 0 || start > len(all) {
			return nil, "", &apiError{"InvalidNextToken", "The next token specified is invalid."}
		}
	}
	end := min(start+in.records, len(all))
	if end == len(all) {
		return all[start:], "", nil
	}
	return all[start:end], "lab-page-" + strconv.Itoa(end), nil
}

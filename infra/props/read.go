package props

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// field is one key of an object and where its value goes: a pointer, or a reader
// of an object below.
type field struct {
	key  string
	into any
	must string // what the value has to be, for a person
}

// reader reads the value at path and gives every problem with it.
type reader func(path string, raw json.RawMessage) []error

func (p *Props) read(context any) []error {
	raw, err := json.Marshal(context)
	if err != nil {
		return []error{fmt.Errorf("%s cannot be read: %w", Key, err)}
	}
	return object(
		field{"mode", &p.Mode, "a string"},
		field{"protect", &p.Protect, "a string"},
		field{"alarmPrefixes", &p.AlarmPrefixes, "a list of strings"},
		field{"settings", &p.Settings, "an object of strings"},
		field{"reservedConcurrency", &p.ReservedConcurrency, "a whole number"},
		field{"logDays", &p.LogDays, "a whole number"},
		field{"evidenceDays", &p.EvidenceDays, "a whole number"},
		field{keyCollect, &p.Bring.Collect, "a string"},
		field{keyCollectLimit, &p.Bring.LimitGiB, "a whole number"},
		field{keyCollectRate, &p.Bring.RateMiB, "a whole number"},
		field{keyCollectFor, &p.Bring.For, "a string"},
		field{keySnapshot, &p.Bring.Snapshot, "a string"},
		field{"slack", reader(p.readSlack), ""},
		field{"watch", reader(p.Watch.read), ""},
	)(Key, raw)
}

func (p *Props) readSlack(path string, raw json.RawMessage) []error {
	p.Slack = &Slack{}
	return object(
		field{"workspace", &p.Slack.Workspace, "a string"},
		field{"channel", &p.Slack.Channel, "a string"},
		field{"configuration", &p.Slack.Configuration, "a string"},
	)(path, raw)
}

func (w *Watch) read(path string, raw json.RawMessage) []error {
	return object(
		field{"instances", &w.Instances, "a list of strings"},
		field{"autoScalingGroups", &w.AutoScalingGroups, "a list of strings"},
		field{"targetGroups", reader(w.readTargetGroups), ""},
	)(path, raw)
}

func (w *Watch) readTargetGroups(path string, raw json.RawMessage) []error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return []error{fmt.Errorf("%s must be a list of objects", path)}
	}
	var problems []error
	for i, raw := range list {
		var t TargetGroup
		problems = append(problems, object(
			field{"targetGroup", &t.TargetGroup, "a string"},
			field{"loadBalancer", &t.LoadBalancer, "a string"},
		)(fmt.Sprintf("%s[%d]", path, i), raw)...)
		w.TargetGroups = append(w.TargetGroups, t)
	}
	return problems
}

// object reads an object that has these fields and no other.
func object(fields ...field) reader {
	return func(path string, raw json.RawMessage) []error {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(raw, &values); err != nil || values == nil {
			return []error{fmt.Errorf("%s must be an object", path)}
		}
		var problems []error
		for _, key := range slices.Sorted(maps.Keys(values)) {
			i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
			if i < 0 {
				problems = append(problems, fmt.Errorf("%s.%s is unknown: there are %s", path, key, keys(fields)))
				continue
			}
			problems = append(problems, fields[i].read(path+"."+key, values[key])...)
		}
		return problems
	}
}

func (f field) read(path string, raw json.RawMessage) []error {
	if string(raw) == "null" {
		return []error{fmt.Errorf("%s is null: give it a value, or leave it away", path)}
	}
	if below, ok := f.into.(reader); ok {
		return below(path, raw)
	}
	if err := json.Unmarshal(raw, f.into); err != nil {
		return []error{fmt.Errorf("%s must be %s", path, f.must)}
	}
	return nil
}

func keys(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	return strings.Join(names, ", ")
}

package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Statement is one statement of a policy somewhere in the template.
type Statement struct {
	Of         string // the logical id of the resource that has the policy
	Sid        string
	Effect     string
	Principals []string // kind:value, none in an identity's policy
	Actions    []string
	Resources  []string
	Conditions []string // operator key=value,value
}

// String is the statement on one line, without its resource and Sid.
func (s Statement) String() string {
	text := s.Effect
	if len(s.Principals) > 0 {
		text += " " + strings.Join(s.Principals, ",")
	}
	text += " to " + strings.Join(s.Actions, " ")
	if len(s.Resources) > 0 {
		text += " on " + strings.Join(s.Resources, " ")
	}
	if len(s.Conditions) > 0 {
		text += " if " + strings.Join(s.Conditions, " and ")
	}
	return text
}

// Statements gives every statement of every policy in the template, a function's
// permission among them.
func (t Template) Statements(tb testing.TB) []Statement {
	tb.Helper()
	var all []Statement
	for _, r := range t.Resources {
		for _, document := range documents(r.Properties) {
			for _, s := range document {
				all = append(all, statement(tb, r.ID, s))
			}
		}
		if r.Type == "AWS::Lambda::Permission" {
			all = append(all, permission(r))
		}
	}
	return all
}

// documents finds the policies in a resource's properties, however deep.
func documents(v any) [][]any {
	var found [][]any
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, documents(e)...)
		}
	case map[string]any:
		if list, ok := v["Statement"].([]any); ok {
			return [][]any{list}
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			found = append(found, documents(v[k])...)
		}
	}
	return found
}

func statement(tb testing.TB, id string, v any) Statement {
	tb.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	var s struct {
		Sid, Effect                 string
		Action, Resource, Principal any
		Condition                   map[string]map[string]any
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		tb.Fatalf("%s: %v", id, err)
	}
	out := Statement{Of: id, Sid: s.Sid, Effect: s.Effect, Actions: list(s.Action), Resources: list(s.Resource)}
	if who, ok := s.Principal.(map[string]any); ok {
		for _, kind := range slices.Sorted(maps.Keys(who)) {
			for _, p := range list(who[kind]) {
				out.Principals = append(out.Principals, kind+":"+p)
			}
		}
	} else if s.Principal != nil {
		out.Principals = list(s.Principal)
	}
	for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
		for _, key := range slices.Sorted(maps.Keys(s.Condition[operator])) {
			out.Conditions = append(out.Conditions, operator+" "+key+"="+strings.Join(list(s.Condition[operator][key]), ","))
		}
	}
	return out
}

func permission(r Resource) Statement {
	s := Statement{
		Of: r.ID, Effect: "Allow", Principals: []string{"Service:" + fmt.Sprint(r.Properties["Principal"])},
		Actions: list(r.Properties["Action"]), Resources: list(r.Properties["FunctionName"]),
	}
	for operator, key := range map[string]string{"StringEquals aws:SourceAccount": "SourceAccount", "ArnLike aws:SourceArn": "SourceArn"} {
		if v, ok := r.Properties[key]; ok {
			s.Conditions = append(s.Conditions, operator+"="+fmt.Sprint(v))
		}
	}
	slices.Sort(s.Conditions)
	return s
}

func list(v any) []string {
	if many, ok := v.([]any); ok {
		out := make([]string, len(many))
		for i, e := range many {
			out[i] = fmt.Sprint(e)
		}
		return out
	}
	if v == nil {
		return nil
	}
	return []string{fmt.Sprint(v)}
}

// Package template reads a template of the stack as what it will be in one account and
// Region: with every reference replaced by the name or the ARN that it stands for. So a
// test compares policies and settings as AWS will see them, and can hand them to
// something that evaluates them.
//
// Its tests say what the templates in infra/stack/testdata must say. They need neither
// the CDK nor npm. Package synthtest, which needs both, compares those files with
// what is synthesized.
package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// Where the stack is.
const (
	Partition = "aws"
	Region    = "eu-central-1"
	Account   = "111122223333"
)

// Template is a synthesized template.
type Template struct {
	JSON      []byte // as CloudFormation gets it
	Resources []Resource
	Outputs   map[string]string
}

// Resource is one resource of a template, with its references replaced.
type Resource struct {
	ID, Type              string
	Deletion, Replacement string // what becomes of it then: DeletionPolicy, UpdateReplacePolicy
	Properties            map[string]any
}

// Read reads a template.
func Read(t testing.TB, raw []byte) Template {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type                string
			Properties          map[string]any
			DeletionPolicy      string
			UpdateReplacePolicy string
		}
		Outputs map[string]struct{ Value any }
	}
	if err := json.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	r := resolver{}
	for id, resource := range template.Resources {
		r[id] = names(id, resource.Type, resource.Properties)
	}
	out := Template{JSON: raw, Outputs: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(template.Resources)) {
		from := template.Resources[id]
		properties, ok := r.resolve(from.Properties).(map[string]any)
		if !ok {
			properties = map[string]any{}
		}
		out.Resources = append(out.Resources, Resource{
			ID: id, Type: from.Type, Deletion: from.DeletionPolicy, Replacement: from.UpdateReplacePolicy, Properties: properties,
		})
	}
	for name, o := range template.Outputs {
		out.Outputs[name] = fmt.Sprint(r.resolve(o.Value))
	}
	return out
}

// Of gives the resources of a type, by logical id.
func (t Template) Of(kind string) []Resource {
	var found []Resource
	for _, r := range t.Resources {
		if r.Type == kind {
			found = append(found, r)
		}
	}
	return found
}

// One gives the only resource of a type, or the only one of it whose property has
// that value.
func (t Template) One(tb testing.TB, kind string, property ...string) Resource {
	tb.Helper()
	var found []Resource
	for _, r := range t.Of(kind) {
		if len(property) < 2 || fmt.Sprint(r.Properties[property[0]]) == property[1] {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("%d resources of type %s %q, want 1", len(found), kind, property)
	}
	return found[0]
}

// Environ is what a function's process will find in its environment.
func Environ(function Resource) []string {
	env, _ := function.Properties["Environment"].(map[string]any) //nolint:errcheck // one without an environment has none
	variables, _ := env["Variables"].(map[string]any)             //nolint:errcheck // likewise
	all := []string{"AWS_REGION=" + Region}
	for name, value := range variables {
		all = append(all, fmt.Sprintf("%s=%s", name, value))
	}
	return all
}

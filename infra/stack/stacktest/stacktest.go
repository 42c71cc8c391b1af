// Package stacktest synthesizes the stack for tests, once for each configuration,
// and reads the template as what it will be in one account and Region: with every
// reference replaced by the name or the ARN that it stands for. So a test compares
// policies and settings as AWS will see them, and can hand them to something that
// evaluates them.
package stacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/infra/stack"
)

// Where the stack is, in tests.
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
	ID, Type, Deletion string
	Properties         map[string]any
}

var (
	once  sync.Mutex // the CDK's process does one thing at a time
	known = map[string]Template{}
)

// Synth gives the template for a value of the context's key crashcart, in JSON.
func Synth(t testing.TB, context string) Template {
	t.Helper()
	NeedNode(t)
	once.Lock()
	defer once.Unlock()
	if template, ok := known[context]; ok {
		return template
	}
	template := synth(t, context, nil)
	known[context] = template
	return template
}

// SynthWith is Synth for a stack that a test puts something onto before it is
// synthesized. It calls read with the stack when that is done.
func SynthWith(t testing.TB, context string, put, read func(stack.Stack)) {
	t.Helper()
	NeedNode(t)
	once.Lock()
	defer once.Unlock()
	read(*build(t, context, put, func(awscdk.App) {}))
}

func synth(t testing.TB, context string, put func(stack.Stack)) (template Template) {
	t.Helper()
	build(t, context, put, func(app awscdk.App) {
		out := *app.Synth(nil).Directory()
		raw, err := os.ReadFile(filepath.Join(out, stack.Name+".template.json")) //nolint:gosec // the directory is the test's own
		if err != nil {
			t.Fatal(err)
		}
		template = Read(t, raw)
	})
	return template
}

// build makes the stack in an app that leaves nothing behind.
func build(t testing.TB, context string, put func(stack.Stack), finish func(awscdk.App)) *stack.Stack {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(context), &value); err != nil {
		t.Fatalf("%s: %v", context, err)
	}
	p, err := props.Parse(value)
	if err != nil {
		t.Fatal(err)
	}
	code := stack.Code{Interrupt: bootstrap(t, "the function"), Followup: bootstrap(t, "the follow-up's function")}
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(filepath.Join(t.TempDir(), "cdk.out")), AnalyticsReporting: jsii.Bool(false)})
	s := stack.New(app, p, code)
	if put != nil {
		put(s)
	}
	finish(app)
	return &s
}

// bootstrap makes a directory with a file that stands for a function: always the same
// one, so that the asset's hash never changes the template.
func bootstrap(t testing.TB, function string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), []byte("stands for "+function+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Read reads a template.
func Read(t testing.TB, raw []byte) Template {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type           string
			Properties     map[string]any
			DeletionPolicy string
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
		out.Resources = append(out.Resources, Resource{ID: id, Type: from.Type, Deletion: from.DeletionPolicy, Properties: properties})
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

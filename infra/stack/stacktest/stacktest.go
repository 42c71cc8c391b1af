// Package stacktest synthesizes the stack for tests, once for each configuration. That
// needs `npm ci --prefix infra`.
package stacktest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/infra/stack"
	"crashcart/infra/template"
)

var (
	once  sync.Mutex // the CDK's process does one thing at a time
	known = map[string]template.Template{}
)

// Synth gives the template for a value of the context's key crashcart, in JSON.
func Synth(t testing.TB, context string) template.Template {
	t.Helper()
	NeedNode(t)
	once.Lock()
	defer once.Unlock()
	if made, ok := known[context]; ok {
		return made
	}
	made := synth(t, context, nil)
	known[context] = made
	return made
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

func synth(t testing.TB, context string, put func(stack.Stack)) (made template.Template) {
	t.Helper()
	build(t, context, put, func(app awscdk.App) {
		out := *app.Synth(nil).Directory()
		raw, err := os.ReadFile(filepath.Join(out, stack.Name+".template.json")) //nolint:gosec // the directory is the test's own
		if err != nil {
			t.Fatal(err)
		}
		made = template.Read(t, raw)
	})
	return made
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
	with := flags(t)
	if put != nil {
		// A test that puts something on the stack reads itself what that has to say. This
		// flag would make an end of the synthesis of it.
		with["@aws-cdk/core:annotationsInValidationReport"] = false
	}
	app := awscdk.NewApp(&awscdk.AppProps{
		Outdir: jsii.String(filepath.Join(t.TempDir(), "cdk.out")), AnalyticsReporting: jsii.Bool(false), Context: &with,
	})
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

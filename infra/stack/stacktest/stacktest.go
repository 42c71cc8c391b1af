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

	"crashcart/infra/node"
	"crashcart/infra/props"
	"crashcart/infra/slack"
	"crashcart/infra/stack"
	"crashcart/infra/template"
)

var (
	once  sync.Mutex // the CDK's process does one thing at a time
	known = map[string]templates{}
)

// templates are those of an app's stacks, by the stack's name.
type templates map[string]template.Template

// App is what the app consists of.
type App struct {
	Crashcart stack.Stack
	Slack     *slack.Stack // nil where there is none
}

// Synth gives the template of the stack that interrupts, for a value of the context's key
// crashcart, in JSON.
func Synth(t testing.TB, context string) template.Template {
	t.Helper()
	return synthesized(t, context)[stack.Name]
}

// SynthSlack gives the template of the stack for Slack. The context must ask for one.
func SynthSlack(t testing.TB, context string) template.Template {
	t.Helper()
	made, ok := synthesized(t, context)[slack.Name]
	if !ok {
		t.Fatalf("%s makes no stack %s", context, slack.Name)
	}
	return made
}

// SynthWith is Synth for an app that a test puts something onto before it is
// synthesized. It calls read with the app when that is done.
func SynthWith(t testing.TB, context string, put, read func(App)) {
	t.Helper()
	NeedNode(t)
	once.Lock()
	defer once.Unlock()
	read(build(t, context, put, func(awscdk.App) {}))
}

func synthesized(t testing.TB, context string) templates {
	t.Helper()
	NeedNode(t)
	once.Lock()
	defer once.Unlock()
	if made, ok := known[context]; ok {
		return made
	}
	made := templates{}
	build(t, context, nil, func(app awscdk.App) {
		for _, s := range *app.Synth(nil).Stacks() {
			raw, err := os.ReadFile(*s.TemplateFullPath())
			if err != nil {
				t.Fatal(err)
			}
			made[*s.StackName()] = template.Read(t, raw)
		}
	})
	known[context] = made
	return made
}

// build makes the stacks in an app that leaves nothing behind.
func build(t testing.TB, context string, put func(App), finish func(awscdk.App)) App {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(context), &value); err != nil {
		t.Fatalf("%s: %v", context, err)
	}
	p, err := props.Parse(value)
	if err != nil {
		t.Fatal(err)
	}
	with := flags(t)
	if put != nil {
		// A test that puts something on the stack reads itself what that has to say. This
		// flag would have the synthesis fail for it.
		with["@aws-cdk/core:annotationsInValidationReport"] = false
	}
	app := awscdk.NewApp(&awscdk.AppProps{
		Outdir: jsii.String(filepath.Join(t.TempDir(), "cdk.out")), AnalyticsReporting: jsii.Bool(false), Context: &with,
	})
	made := App{Crashcart: stack.New(app, p, code(t))}
	if p.Slack != nil {
		s := slack.New(app, *p.Slack, made.Crashcart)
		made.Slack = &s
	}
	if put != nil {
		put(made)
	}
	finish(app)
	return made
}

// code stands for the functions' bootstraps.
func code(t testing.TB) stack.Code {
	t.Helper()
	return stack.Code{
		Interrupt: bootstrap(t, "the function"), Count: bootstrap(t, "the count"), Followup: bootstrap(t, "the follow-up"),
		Machine: definition(t),
	}
}

// definition gives the state machine of the follow-up.
func definition(t testing.TB) string {
	t.Helper()
	root, err := node.Root()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "infra", "followup.asl.json")) //nolint:gosec // a file of the repository
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
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

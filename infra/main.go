// Command infra is the CDK app: `cdk` starts it from cdk.json, in the module's root,
// and reads what it synthesizes.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/bootstrap"
	"crashcart/infra/node"
	"crashcart/infra/props"
	"crashcart/infra/slack"
	"crashcart/infra/stack"
)

func main() {
	if _, err := node.Find(); err != nil {
		fail("the stack cannot be synthesized", err)
	}
	defer closeJSII()
	app := awscdk.NewApp(nil)
	p, err := props.Parse(app.Node().TryGetContext(jsii.String(props.Key)))
	if err != nil {
		fail("cdk.json is not right", err)
	}
	s := stack.New(app, p, stack.Code{
		Interrupt: build("interrupt"), Count: build("count"), Followup: build("followup"), Machine: definition(),
	})
	if p.Slack != nil {
		slack.New(app, *p.Slack, s)
	}
	app.Synth(nil)
}

// build makes a function's asset and gives its directory.
func build(name string) string {
	dir, err := bootstrap.Build(context.Background(), bootstrap.Command{Root: ".", Package: "./lambda/cmd/" + name}, "build/infra/"+name)
	if err != nil {
		fail("the function "+name+" could not be built", err)
	}
	return dir
}

// definition gives the state machine of the follow-up.
func definition() string {
	raw, err := os.ReadFile("infra/followup.asl.json")
	if err != nil {
		fail("the state machine's definition could not be read", err)
	}
	return string(raw)
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "crashcart: %s:\n%v\n", what, err)
	closeJSII()
	os.Exit(1)
}

// closeJSII ends the CDK's Node.js process. The runtime waits for it in two places, and
// complains on standard error if the wrong one comes first, which says nothing to
// anybody.
func closeJSII() {
	if null, err := os.Open(os.DevNull); err == nil {
		os.Stderr = null
	}
	jsii.Close()
}

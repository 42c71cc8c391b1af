package stack

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/infra/watch"
)

// addWatch makes the alarms that the Props ask for, under the first prefix that the
// intake rule lets in.
func addWatch(s Stack, p props.Props) {
	w := constructs.NewConstruct(s.Stack, jsii.String("Watch"))
	prefix := p.AlarmPrefixes[0]
	for _, id := range p.Watch.Instances {
		watch.Instance(w, prefix, id)
	}
	for _, name := range p.Watch.AutoScalingGroups {
		watch.Group(w, prefix, name)
	}
	for _, t := range p.Watch.TargetGroups {
		watch.TargetGroup(w, prefix, watch.Targets{Group: t.TargetGroup, LoadBalancer: t.LoadBalancer})
	}
}

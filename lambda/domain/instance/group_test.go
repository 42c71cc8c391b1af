package instance_test

import (
	"errors"
	"testing"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

const arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188"

func TestTheNarrowestGroupCounts(t *testing.T) {
	all := instance.Description{AutoScaling: "web", GroupTag: "db"}
	for _, c := range []struct {
		name        string
		description fact.Of[instance.Description]
		via         string
		kind        instance.GroupKind
		want, key   string
	}{
		{"all three", fact.Known(all), arn, instance.GroupAutoScaling, "web", "asg/web"},
		{"tag and target group", fact.Known(instance.Description{GroupTag: "db"}), arn, instance.GroupTag, "db", "tag/db"},
		{"a target group", fact.Known(instance.Description{}), arn, instance.GroupTargets, "api/50dc6c495c0c9188", "tg/api/50dc6c495c0c9188"},
		{"in no group", fact.Known(instance.Description{}), "", "", "", ""},
		{"not described", fact.Of[instance.Description]{}, arn, "", "", ""},
		{"the describe failed", fact.Failed[instance.Description](errors.New("throttled")), arn, "", "", ""},
	} {
		i := instance.Instance{Description: c.description, Via: c.via}
		kind, name := i.GroupName()
		if kind != c.kind || name != c.want {
			t.Errorf("%s: %q %q, want %q %q", c.name, kind, name, c.kind, c.want)
		}
		if key := (instance.Group{Kind: kind, Name: name}).Key(); key != c.key {
			t.Errorf("%s: the key is %q, want %q", c.name, key, c.key)
		}
	}
}

// Two groups with one key would share their slots.
func TestGroupsOfTwoKindsNeverHaveOneKey(t *testing.T) {
	seen := map[string]instance.GroupKind{}
	for _, kind := range []instance.GroupKind{instance.GroupAutoScaling, instance.GroupTag, instance.GroupTargets} {
		key := instance.GroupKey(kind, "web")
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have the key %q", kind, other, key)
		}
		seen[key] = kind
	}
}

package instance

import "strings"

// GroupKind is the kind of a group.
type GroupKind string

const (
	// GroupAutoScaling is an EC2 Auto Scaling group.
	GroupAutoScaling GroupKind = "Auto Scaling group"
	// GroupTargets is all that is registered in a load balancer's target group.
	GroupTargets GroupKind = "target group"
	// GroupTag is all running instances with one value of the group tag.
	GroupTag GroupKind = "tag group"
)

// Group is the group that the instance is in. Name is empty for an instance without one.
type Group struct {
	Kind      GroupKind
	Name      string
	Lifecycle string // of this instance in an Auto Scaling group: InService, Standby, Terminating:Wait, ...
	Members   []Member
}

// Key names the group in the casebook. It is empty for no group.
func (g Group) Key() string { return GroupKey(g.Kind, g.Name) }

// GroupKey is the casebook's name of a group. It is empty for no group.
func GroupKey(kind GroupKind, name string) string {
	if name == "" {
		return ""
	}
	return map[GroupKind]string{GroupAutoScaling: "asg/", GroupTag: "tag/", GroupTargets: "tg/"}[kind] + name
}

// GroupName is what the instance belongs to: its Auto Scaling group, else its group tag,
// else the target group in which it was found. name is empty for an instance in no group,
// and while the instance is not described.
func (i *Instance) GroupName() (kind GroupKind, name string) {
	d, err := i.Description.Get()
	switch {
	case err != nil:
		return "", ""
	case d.AutoScaling != "":
		return GroupAutoScaling, d.AutoScaling
	case d.GroupTag != "":
		return GroupTag, d.GroupTag
	case i.Via != "":
		return GroupTargets, TargetGroupName(i.Via)
	}
	return "", ""
}

// Member is one instance of a group, with its signs of life.
type Member struct {
	ID          string
	Lifecycle   string // in an Auto Scaling group
	Unreachable bool   // AWS's reachability check fails
	Unhealthy   bool   // its load balancer gets no answer from it
	Ping        Ping
}

// TargetGroupName is the readable part of a target group's ARN:
// "api/50dc6c495c0c9188".
func TargetGroupName(arn string) string {
	_, name, _ := strings.Cut(arn, ":targetgroup/")
	return name
}

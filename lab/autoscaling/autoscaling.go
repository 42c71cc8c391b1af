// Package autoscaling stands in for Amazon EC2 Auto Scaling: which instances are
// in a group, in which state of their lifecycle, and the calls that move them
// between service and Standby or end them.
//
// A group exists as long as a guest names it (fleet.Spec.Group); stopped and
// terminated guests are no members. Its desired capacity is what it has besides
// members in Standby: a member that leaves without decrementing it is replaced at once.
// Whether a group replaces members that fail by themselves is the fleet's business
// (fleet.Group). Load balancers do not hear who comes and goes. A machine goes to
// Standby like any other member, but is never terminated.
package autoscaling

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

const (
	namespace = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
	requestID = "11112222-3333-4444-5555-666677778888"
	maxPage   = 100 // "DescribeAutoScalingGroups", Amazon EC2 Auto Scaling API Reference
)

// Handler serves the groups of a fleet. It is safe for concurrent use.
type Handler struct {
	fleet           *fleet.Fleet
	clock           clock.Clock
	region, account string

	mu      sync.Mutex
	targets map[string][]string // ARNs of target groups, by the group's name
}

// New serves the groups of f's guests.
func New(f *fleet.Fleet, c clock.Clock, region, account string) *Handler {
	return &Handler{fleet: f, clock: c, region: region, account: account, targets: map[string][]string{}}
}

// Attach adds target groups, by their ARNs, to a group. Its members are not registered by
// that: the lab's load balancers do not hear who comes and goes.
func (h *Handler) Attach(group string, targetGroups ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.targets[group] = append(h.targets[group], targetGroups...)
}

// attached are the ARNs of a group's target groups.
func (h *Handler) attached(group string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.targets[group])
}

type errorAnswer struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// ServeHTTP answers one request of the query protocol.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	var out any
	err := r.ParseForm()
	actions := map[string]func(url.Values) any{
		"DescribeAutoScalingGroups":           h.groups,
		"DescribeAutoScalingInstances":        h.instances,
		"EnterStandby":                        h.enterStandby,
		"ExitStandby":                         h.exitStandby,
		"TerminateInstanceInAutoScalingGroup": h.terminate,
	}
	action := r.PostForm.Get("Action")
	switch do := actions[action]; {
	case err != nil:
		out = refusal("MalformedQueryString", err.Error())
	case do == nil:
		out = refusal("InvalidAction", "the lab's Auto Scaling does not know "+action)
	default:
		out = do(r.PostForm)
	}
	if _, bad := out.(errorAnswer); bad {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = xml.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func refusal(code, message string) errorAnswer {
	return errorAnswer{Type: "Sender", Code: code, Message: message, RequestID: requestID}
}

type groupsAnswer struct {
	XMLName   xml.Name `xml:"DescribeAutoScalingGroupsResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Groups    []group  `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member"`
	Next      string   `xml:"DescribeAutoScalingGroupsResult>NextToken,omitempty"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

type group struct {
	Name        string   `xml:"AutoScalingGroupName"`
	ARN         string   `xml:"AutoScalingGroupARN"`
	Min         int      `xml:"MinSize"`
	Max         int      `xml:"MaxSize"`
	Desired     int      `xml:"DesiredCapacity"`
	Cooldown    int      `xml:"DefaultCooldown"`
	Zones       []string `xml:"AvailabilityZones>member"`
	HealthCheck string   `xml:"HealthCheckType"`
	Grace       int      `xml:"HealthCheckGracePeriod"`
	Targets     []string `xml:"TargetGroupARNs>member"`
	Created     string   `xml:"CreatedTime"`
	Members     []member `xml:"Instances>member"`
}

type member struct {
	ID        string `xml:"InstanceId"`
	Group     string `xml:"AutoScalingGroupName,omitempty"`
	Type      string `xml:"InstanceType"`
	Zone      string `xml:"AvailabilityZone"`
	Lifecycle string `xml:"LifecycleState"`
	Health    string `xml:"HealthStatus"`
	Protected bool   `xml:"ProtectedFromScaleIn"`
}

func (h *Handler) groups(in url.Values) any {
	all := h.described(list(in, "AutoScalingGroupNames"))
	start, end, next, ok := page(in, len(all))
	if !ok {
		return refusal("InvalidNextToken", "The NextToken value is not valid.")
	}
	out := groupsAnswer{Namespace: namespace, RequestID: requestID, Next: next}
	for _, g := range all[start:end] {
		out.Groups = append(out.Groups, *g)
	}
	return out
}

// described gives the groups of these names, or all if there are none, in the
// order of their first members.
func (h *Handler) described(wanted []string) []*group {
	var all []*group
	for _, v := range h.fleet.InGroups(wanted) {
		if v.State != "running" {
			continue
		}
		i := slices.IndexFunc(all, func(g *group) bool { return g.Name == v.Group })
		if i < 0 {
			all = append(all, h.group(v))
			i = len(all) - 1
		}
		m := memberOf(v, "Healthy")
		m.Group = ""
		g := all[i]
		g.Members = append(g.Members, m)
		if m.Lifecycle != standby {
			g.Desired++
		}
	}
	for _, g := range all {
		if g.Max == 0 {
			g.Max = 2 * max(g.Desired, 1)
		}
	}
	return all
}

func (h *Handler) group(v fleet.View) *group {
	own, ok := h.fleet.Group(v.Group)
	if !ok {
		own = fleet.Group{HealthCheck: fleet.HealthEC2, Min: 1}
	}
	return &group{
		Name: v.Group, Cooldown: 300, Zones: []string{v.AZ}, HealthCheck: own.HealthCheck, Grace: int(own.Grace.Seconds()), Min: own.Min, Max: own.Max,
		ARN: "arn:aws:autoscaling:" + h.region + ":" + h.account +
			":autoScalingGroup:0a1b2c3d-0000-4000-8000-000000000000:autoScalingGroupName/" + v.Group,
		Targets: h.attached(v.Group), Created: h.stamp(v.Launched),
	}
}

// stamp writes a lab time as AWS does.
func (h *Handler) stamp(t time.Time) string {
	return h.clock.Report(t).UTC().Format("2006-01-02T15:04:05.000Z")
}

func memberOf(v fleet.View, health string) member {
	return member{ID: v.ID, Group: v.Group, Type: v.Type, Zone: v.AZ, Lifecycle: v.Lifecycle, Health: health}
}

type instancesAnswer struct {
	XMLName   xml.Name `xml:"DescribeAutoScalingInstancesResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Members   []member `xml:"DescribeAutoScalingInstancesResult>AutoScalingInstances>member"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

func (h *Handler) instances(in url.Values) any {
	wanted := list(in, "InstanceIds")
	out := instancesAnswer{Namespace: namespace, RequestID: requestID}
	for _, v := range h.fleet.InGroups(nil) {
		if v.State == "running" && (len(wanted) == 0 || slices.Contains(wanted, v.ID)) {
			// This call writes the health in capitals, the other one does not.
			out.Members = append(out.Members, memberOf(v, "HEALTHY"))
		}
	}
	return out
}

// list reads name.member.1, name.member.2, ...
func list(in url.Values, name string) []string {
	var out []string
	for i := 1; in.Has(name + ".member." + strconv.Itoa(i)); i++ {
		out = append(out, in.Get(name+".member."+strconv.Itoa(i)))
	}
	return out
}

func page(in url.Values, n int) (start, end int, next string, ok bool) {
	size := maxPage
	if s, err := strconv.Atoi(in.Get("MaxRecords")); err == nil {
		size = min(max(s, 1), maxPage)
	}
	if t := in.Get("NextToken"); t != "" {
		var err error
		if start, err = strconv.Atoi(t); err != nil || start < 0 || start > n {
			return 0, 0, "", false
		}
	}
	end = min(start+size, n)
	if end < n {
		next = strconv.Itoa(end)
	}
	return start, end, next, true
}

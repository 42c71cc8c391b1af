package ec2

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"crashcart/lab/fleet"
)

func (h *Handler) describeInstances(in request) (any, error) {
	all, err := h.chosen(in, h.instanceFilter)
	if err != nil {
		return nil, err
	}
	some, next, err := page(in, all, 5, 1000)
	if err != nil {
		return nil, err
	}
	out := instancesAnswer{RequestID: requestID, Next: next}
	for _, v := range some {
		out.Reservations = append(out.Reservations, reservation{
			ID: "r-" + v.ID[2:], Owner: h.account, Instances: []instance{h.instance(v)},
		})
	}
	return out, nil
}

// instanceFilter knows the filters of DescribeInstances that the lab has.
func (h *Handler) instanceFilter(v *fleet.View, name string) []string {
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if value, ok := v.Tags[key]; ok {
			return []string{value}
		}
		return []string{}
	}
	switch name {
	case filterByID:
		return []string{v.ID}
	case "instance-state-name":
		return []string{v.State}
	case "tag-key":
		return append([]string{}, slices.Collect(maps.Keys(v.Tags))...)
	case "instance-type":
		return []string{v.Type}
	case "vpc-id":
		return ofInterface(v, v.VPC)
	case filterBySubnet:
		return ofInterface(v, v.Subnet)
	case filterByProfile:
		return some(h.profileARN(v))
	case "private-ip-address":
		return ofInterface(v, v.IP)
	}
	return nil
}

// some is a value, or none if it is empty.
func some(value string) []string {
	if value == "" {
		return []string{}
	}
	return []string{value}
}

// ofInterface is what an instance has from its network interface, while it has one.
func ofInterface(v *fleet.View, value string) []string {
	if !attached(*v) {
		return []string{}
	}
	return []string{value}
}

// profileARN is the name of a guest's instance profile in full, empty if it has none.
func (h *Handler) profileARN(v *fleet.View) string {
	if v.Profile == fleet.NoProfile || v.Profile == "" {
		return ""
	}
	return "arn:aws:iam::" + h.account + ":instance-profile/" + v.Profile
}

// devices are a guest's volumes: the first is its root.
func (h *Handler) devices(v fleet.View) []device {
	var out []device
	for i, volume := range v.Habits.Volumes {
		name := "/dev/xvda"
		if i > 0 {
			name = "/dev/sd" + string(rune('e'+i))
		}
		out = append(out, device{Name: name, Volume: volume.ID, Status: "attached", Attached: h.stamp(v.Launched), Delete: i == 0})
	}
	return out
}

func (h *Handler) instance(v fleet.View) instance {
	out := instance{
		ID: v.ID, Image: "ami-0f0e0d0c0b0a09080", State: stateOf(v.State), Type: v.Type, Launched: h.stamp(v.Launched),
		Zone: v.AZ, Tenancy: "default", Monitoring: monitoring(v), Platform: v.Platform,
		Architecture: v.Arch, RootDevice: "ebs", Virtualization: "hvm", Hypervisor: "xen", // of Nitro instances, too
	}
	if !v.Ended.IsZero() {
		out.Reason, out.StateReason = h.ended(v)
	}
	if arn := h.profileARN(&v); arn != "" {
		out.Profile = &profile{ARN: arn, ID: "AIPALABINSTANCEPROFIL"}
	}
	if attached(v) {
		out.Checked, out.Devices = !v.Router, h.devices(v)
		card := h.networkInterface(v)
		card.Attachment.Instance, card.Attachment.InstanceOwner = "", "" // the instance around it says them
		out.PrivateIP, out.VPC, out.Subnet, out.Interfaces = v.IP, v.VPC, card.Subnet, []networkInterface{card}
	}
	for _, key := range slices.Sorted(maps.Keys(v.Tags)) {
		out.Tags = append(out.Tags, tag{Key: key, Value: v.Tags[key]})
	}
	out.Operator.Managed = v.Operator != ""
	out.Operator.Principal = v.Operator
	return out
}

// ended is why an instance does not run, in EC2's two fields. In the lab somebody always
// asked for it: a person, or its group in that person's name ("StateReason", Amazon EC2
// API Reference).
func (h *Handler) ended(v fleet.View) (string, *stateReason) {
	const code = "Client.UserInitiatedShutdown"
	at := h.clock.Report(v.Ended).UTC().Format("2006-01-02 15:04:05 GMT")
	return "User initiated (" + at + ")", &stateReason{Code: code, Message: code + ": User initiated shutdown"}
}

// monitoring is the mode in which EC2 counts for CloudWatch.
func monitoring(v fleet.View) string {
	if v.Habits.Detailed {
		return "enabled"
	}
	return "disabled"
}

// stateOf gives a state its code ("InstanceState", Amazon EC2 API Reference).
func stateOf(name string) state {
	codes := map[string]int{"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
	return state{Code: codes[name], Name: name}
}

func (h *Handler) describeStatus(in request) (any, error) {
	all, err := h.chosen(in, statusFilter)
	if err != nil {
		return nil, err
	}
	if !in.flag("IncludeAllInstances") {
		all = slices.DeleteFunc(all, func(v fleet.View) bool { return v.State != "running" })
	}
	some, next, err := page(in, all, 5, 1000)
	if err != nil {
		return nil, err
	}
	out := statusAnswer{RequestID: requestID, Next: next}
	for _, v := range some {
		out.Statuses = append(out.Statuses, h.status(v))
	}
	return out, nil
}

// statusFilter knows the filters of DescribeInstanceStatus that the lab has.
// The instance id is not one of them.
func statusFilter(v *fleet.View, name string) []string {
	switch name {
	case filterByStatus:
		return []string{v.Status.Instance}
	case "instance-status.reachability":
		return []string{reachability(v.Status.Instance)}
	case "system-status.status":
		return []string{v.Status.System}
	case "instance-state-name":
		return []string{v.State}
	case "event.code":
		out := []string{}
		for _, e := range v.Events {
			out = append(out, e.Code)
		}
		return out
	}
	return nil
}

func reachability(status string) string {
	switch status {
	case "ok":
		return "passed"
	case "impaired":
		return "failed"
	}
	return status
}

func (h *Handler) status(v fleet.View) instanceStatus {
	out := instanceStatus{ID: v.ID, Zone: v.AZ, State: stateOf(v.State)}
	out.Instance = summary{Status: v.Status.Instance, Details: []detail{{
		Name: "reachability", Status: reachability(v.Status.Instance), ImpairedSince: h.stamp(v.Status.ImpairedSince),
	}}}
	out.System = summary{Status: v.Status.System, Details: []detail{{Name: "reachability", Status: reachability(v.Status.System)}}}
	if v.Status.EBS != "" {
		out.EBS = &summary{Status: v.Status.EBS, Details: []detail{{Name: "reachability", Status: reachability(v.Status.EBS)}}}
	}
	for _, e := range v.Events {
		out.Events = append(out.Events, event{
			ID: e.ID, Code: e.Code, Description: e.Description,
			NotBefore: h.stamp(e.NotBefore), NotAfter: h.stamp(e.NotAfter),
		})
	}
	out.Operator.Managed = v.Operator != ""
	out.Operator.Principal = v.Operator
	return out
}

func (h *Handler) describeTypes(in request) (any, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, err
	}
	names := in.list("InstanceType")
	for _, n := range names {
		if _, ok := fleet.Types[n]; !ok {
			return nil, refuse(http.StatusBadRequest, "InvalidInstanceType", "The following supplied instance types do not exist: [%s]", n)
		}
	}
	var all []instanceType
	for _, name := range slices.Sorted(maps.Keys(fleet.Types)) {
		wanted, filtered := filters["instance-type"]
		if len(names) > 0 && !slices.Contains(names, name) || filtered && !compile(wanted).matches(name) {
			continue
		}
		t := fleet.Types[name]
		all = append(all, instanceType{
			Name: t.Name, Current: t.Hypervisor != "xen", BareMetal: t.BareMetal, Hypervisor: t.Hypervisor,
			Architectures: t.Architectures, Manufacturer: t.Manufacturer, VCPUs: t.VCPUs, MemoryMiB: t.MemoryMiB,
		})
	}
	some, next, err := page(in, all, 5, 100)
	return typesAnswer{RequestID: requestID, Types: some, Next: next}, err
}

func (h *Handler) describeAttribute(in request) (any, error) {
	v, err := h.find(in.Get("InstanceId"))
	if err != nil {
		return nil, err
	}
	if a := in.Get("Attribute"); a != "instanceInitiatedShutdownBehavior" {
		return nil, refuse(http.StatusBadRequest, "InvalidParameterValue", "the lab does not have the attribute %q", a)
	}
	return attributeAnswer{RequestID: requestID, ID: v.ID, Shutdown: v.ShutdownBehavior}, nil
}

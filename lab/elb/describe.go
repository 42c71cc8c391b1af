package elb

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ServeHTTP answers one request of the query protocol.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	var out any
	err := r.ParseForm()
	switch action := r.PostForm.Get("Action"); {
	case err != nil:
		out = refusal("MalformedQueryString", "%v", err)
	case action == "DescribeTargetGroups":
		out = h.describeGroups(r.PostForm)
	case action == "DescribeTargetHealth":
		out = h.describeHealth(r.PostForm)
	default:
		out = refusal("InvalidAction", "the lab's Elastic Load Balancing does not know %s", action)
	}
	if _, bad := out.(errorAnswer); bad {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = xml.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func (h *Handler) describeGroups(in url.Values) any {
	arns, names, balancer := list(in, "TargetGroupArns", ""), list(in, "Names", ""), in.Get("LoadBalancerArn")
	if chosen := min(len(arns), 1) + min(len(names), 1) + min(len(balancer), 1); chosen > 1 {
		return refusal("ValidationError", "Target group names, target group ARNs and a load balancer ARN cannot be specified at the same time")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	unknownARN := func(arn string) bool { return h.findARN(arn) == nil }
	unknownName := func(name string) bool { return h.find(name) == nil }
	if slices.ContainsFunc(arns, unknownARN) || slices.ContainsFunc(names, unknownName) {
		return refusal("TargetGroupNotFound", "One or more target groups not found")
	}
	var all []groupMember
	for _, g := range h.groups {
		m := h.member(g)
		if wanted(arns, g.arn) && wanted(names, g.Name) && (balancer == "" || slices.Contains(m.LoadBalancers, balancer)) {
			all = append(all, m)
		}
	}
	start, end, next, err := page(in, len(all))
	if err != nil {
		return *err
	}
	return groupsAnswer{Namespace: namespace, RequestID: requestID, Next: next, Groups: all[start:end]}
}

// wanted says whether a list that was asked for has the value; an empty list has all.
func wanted(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

func (h *Handler) describeHealth(in url.Values) any {
	arn := in.Get("TargetGroupArn")
	if arn == "" {
		return refusal("ValidationError", "A target group ARN must be specified")
	}
	if !strings.HasPrefix(arn, "arn:") {
		return refusal("ValidationError", "'%s' is not a valid target group ARN", arn)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.findARN(arn)
	if g == nil {
		return refusal("TargetGroupNotFound", "One or more target groups not found")
	}
	now := h.clock.Now()
	g.targets = slices.DeleteFunc(g.targets, func(t *target) bool {
		return !t.leaving.IsZero() && now.Sub(t.leaving) >= deregisterTakes
	})
	out := healthAnswer{Namespace: namespace, RequestID: requestID}
	wanted := list(in, "Targets", ".Id")
	for _, id := range wanted {
		if g.target(id) == nil {
			out.Targets = append(out.Targets, g.reported(&target{id: id, port: g.Port}, reasonNotRegistered))
		}
	}
	for _, t := range g.targets {
		if len(wanted) == 0 || slices.Contains(wanted, t.id) {
			out.Targets = append(out.Targets, g.reported(t, h.reason(g, t, now)))
		}
	}
	return out
}

// list reads name.member.1<field>, name.member.2<field>, ...
func list(in url.Values, name, field string) []string {
	var out []string
	for i := 1; in.Has(name + ".member." + strconv.Itoa(i) + field); i++ {
		out = append(out, in.Get(name+".member."+strconv.Itoa(i)+field))
	}
	return out
}

func page(in url.Values, n int) (start, end int, next string, refused *errorAnswer) {
	size := maxPage
	if s := in.Get("PageSize"); s != "" {
		var err error
		if size, err = strconv.Atoi(s); err != nil || size < 1 || size > maxPage {
			no := refusal("ValidationError", "Page size must be between 1 and %d", maxPage)
			return 0, 0, "", &no
		}
	}
	if m := in.Get("Marker"); m != "" {
		var err error
		if start, err = strconv.Atoi(m); err != nil || start < 0 || start > n {
			no := refusal("ValidationError", "Invalid marker '%s'", m)
			return 0, 0, "", &no
		}
	}
	end = min(start+size, n)
	if end < n {
		next = strconv.Itoa(end)
	}
	return start, end, next, nil
}

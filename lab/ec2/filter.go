package ec2

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"crashcart/lab/fleet"
)

// The filters that are applied first. A call about a few instances then need not go
// through all of them.
const (
	filterByID     = "instance-id"
	filterByStatus = "instance-status.status"
	filterBySubnet = "subnet-id"
	filterByVolume = "volume-id"

	filterByProfile = "iam-instance-profile.arn"
)

// chosen gives the instances that InstanceIds or the filter by id names, or all,
// without those that a filter excludes. value gives an instance's values for a
// filter's name, nil for a name that the call does not know. With ids there are no
// pages.
func (h *Handler) chosen(in request, value func(*fleet.View, string) []string) ([]fleet.View, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, err
	}
	keep, err := keeper(in, filters, value)
	if err != nil {
		return nil, err
	}
	ids := in.list("InstanceId")
	if len(ids) == 0 {
		return only(h.candidates(filters), keep), nil
	}
	if in.Get("MaxResults") != "" {
		return nil, refuse(http.StatusBadRequest, "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	var out []fleet.View
	for _, id := range ids {
		v, err := h.find(id)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return only(out, keep), nil
}

// candidates gives all instances, but for most of those that the filters exclude
// anyway.
func (h *Handler) candidates(filters map[string][]string) []fleet.View {
	if ids, ok := filters[filterByID]; ok && !slices.ContainsFunc(ids, wild) {
		return h.fleet.Some(ids)
	}
	if subnets, ok := filters[filterBySubnet]; ok && !slices.ContainsFunc(subnets, wild) {
		return h.fleet.InSubnets(subnets)
	}
	if arns, ok := filters[filterByProfile]; ok && !slices.ContainsFunc(arns, wild) {
		names := make([]string, len(arns))
		for i, arn := range arns {
			_, names[i], _ = strings.Cut(arn, "/")
		}
		return h.fleet.WithProfiles(names)
	}
	if slices.Equal(filters[filterByStatus], []string{"impaired"}) {
		return h.fleet.Impaired()
	}
	return h.fleet.All()
}

// only gives the views that keep is true of.
func only(all []fleet.View, keep func(*fleet.View) bool) []fleet.View {
	return slices.DeleteFunc(all, func(v fleet.View) bool { return !keep(&v) })
}

// keeper says what the filters keep. An instance that another service manages is
// hidden unless asked for.
func keeper(in request, filters map[string][]string, value func(*fleet.View, string) []string) (func(*fleet.View) bool, error) {
	managed, wanted := in.flag("IncludeManagedResources"), map[string]pattern{}
	for name, values := range filters {
		if value(&fleet.View{}, name) == nil {
			return nil, refuse(http.StatusBadRequest, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		wanted[name] = compile(values)
	}
	return func(v *fleet.View) bool {
		if v.Operator != "" && !managed {
			return false
		}
		for name, p := range wanted {
			if !slices.ContainsFunc(value(v, name), p.matches) {
				return false
			}
		}
		return true
	}, nil
}

// pattern is what a filter's values match: the plain ones, and those with the
// wildcards * and ?.
type pattern struct {
	plain map[string]bool
	wild  []*regexp.Regexp
}

func wild(value string) bool { return strings.ContainsAny(value, `*?\`) }

func compile(values []string) pattern {
	p := pattern{plain: map[string]bool{}}
	for _, v := range values {
		if !wild(v) {
			p.plain[v] = true
			continue
		}
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(v))
		if e, err := regexp.Compile("^(?s:" + expr + ")$"); err == nil { // quoted, so it always compiles
			p.wild = append(p.wild, e)
		}
	}
	return p
}

func (p pattern) matches(v string) bool {
	return p.plain[v] || slices.ContainsFunc(p.wild, func(e *regexp.Regexp) bool { return e.MatchString(v) })
}

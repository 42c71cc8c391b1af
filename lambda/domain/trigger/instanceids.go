package trigger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crashcart/lambda/domain/instance"
)

// maxListed bounds the elements of instanceIds that are read, equal ones included. A body
// full of tiny elements would cost fifty times its size.
const maxListed = 100 * MaxTargets

// requestTargets reads instanceIds: each id once, in their order. It gives at most one more
// than MaxTargets, which is enough to refuse the request.
func requestTargets(request object, bad *problems) []Ref {
	if kind := typeOf(request.fields["instanceIds"]); kind != "a list" {
		bad.addErr(typeError{path: "instanceIds", is: kind, want: `a list such as ["i-..."]`})
		return nil
	}
	elements, err := request.list("instanceIds", maxListed)
	if err != nil {
		bad.addErr(err)
		return nil
	}
	if len(elements) == 0 {
		bad.add("instanceIds is empty: name at least one instance")
	}
	refs, unfit := readIDs("instanceIds", elements)
	if len(unfit) > 0 {
		bad.add("%s", some(unfit))
	}
	return refs
}

// readIDs reads a list of instance ids: each once, in their order, and at most one more
// than MaxTargets. unfit says what is wrong with the elements that are not an id.
func readIDs(path string, elements []json.RawMessage) (refs []Ref, unfit []string) {
	for i, raw := range elements {
		at := fmt.Sprintf("%s[%d]", path, i)
		id, err := readID(at, raw)
		if err != nil {
			unfit = append(unfit, err.Error())
			continue
		}
		refs = addID(refs, id, at)
	}
	return refs, unfit
}

// addID adds an instance, unless refs has it already or is above MaxTargets.
func addID(refs []Ref, id, from string) []Ref {
	if len(refs) > MaxTargets || names(refs, id) {
		return refs
	}
	return append(refs, Ref{Instance: id, From: from})
}

// readID reads one instance id of a request, or says how to write it.
func readID(at string, raw json.RawMessage) (string, error) {
	if kind := typeOf(raw); kind != "a string" {
		return "", fmt.Errorf(`%s is %s: write the id as a string, "i-..."`, at, kind)
	}
	var id string
	if err := json.Unmarshal(raw, &id); err != nil {
		return "", fmt.Errorf("reading %s: %w", at, err)
	}
	return id, checkID(at, id)
}

// checkID refuses what is not an instance id, and says how to write it.
func checkID(at, id string) error {
	switch {
	case instance.IsID(id):
		return nil
	case instance.IsID(strings.TrimSpace(id)):
		return fmt.Errorf("%s %s has white space around it: remove it", at, quote(id))
	case instance.IsID(strings.ToLower(strings.TrimSpace(id))):
		return fmt.Errorf("%s %s: write it in lower case", at, quote(id))
	case strings.ContainsAny(id, ", "):
		return fmt.Errorf("%s %s: give each id as an element of its own", at, quote(id))
	}
	return fmt.Errorf(`%s %s is not an instance id: "i-" and 8 or 17 hex digits`, at, quote(id))
}

// names reports whether one of refs is the instance id.
func names(refs []Ref, id string) bool {
	return slices.ContainsFunc(refs, func(r Ref) bool { return r.Instance == id })
}

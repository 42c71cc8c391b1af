package states

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// invokeResource is what is after the partition in the one resource that the lab knows
// ("Invoke an AWS Lambda function with Step Functions", AWS Step Functions Developer Guide).
const invokeResource = ":states:::lambda:invoke"

// predefined are the errors with a meaning to the language ("Handling errors in Step
// Functions workflows", AWS Step Functions Developer Guide).
var predefined = []string{errAll, errTimeout, errTaskFailed}

// problems collects what is wrong with a definition.
type problems struct{ all []error }

func (p *problems) add(format string, args ...any) {
	p.all = append(p.all, fmt.Errorf(format, args...))
}

// check gives everything that is wrong with the definition.
func (d *Definition) check() error {
	p := &problems{}
	if d.QueryLanguage != "" && d.QueryLanguage != "JSONPath" {
		p.add("the lab does not know the query language %s", d.QueryLanguage)
	}
	if d.TimeoutSeconds < 0 {
		p.add("the machine's TimeoutSeconds is %d", d.TimeoutSeconds)
	}
	if d.States[d.StartAt] == nil {
		p.add("there is no state %q to start at", d.StartAt)
	}
	for _, name := range slices.Sorted(maps.Keys(d.States)) {
		d.checkState(name, d.States[name], p)
	}
	d.checkReached(p)
	return errors.Join(p.all...)
}

func (d *Definition) checkState(name string, s *State, p *problems) {
	for _, next := range s.nexts() {
		if d.States[next] == nil {
			p.add("state %s: there is no state %q to go to", name, next)
		}
	}
	switch s.Type {
	case "Task":
		s.checkTask(name, p)
		s.checkLeaving(name, p)
	case "Choice":
		s.checkChoice(name, p)
	case "Wait":
		if (s.Seconds == nil) == (s.SecondsPath == "") {
			p.add("state %s: a wait has one of Seconds and SecondsPath", name)
		}
		checkPath(name, "SecondsPath", s.SecondsPath, p)
		s.checkLeaving(name, p)
	}
}

// checkLeaving wants exactly one way out.
func (s *State) checkLeaving(name string, p *problems) {
	if (s.Next == "") == !s.End {
		p.add("state %s: it has one of Next and End", name)
	}
}

func (s *State) checkTask(name string, p *problems) {
	if !strings.HasPrefix(s.Resource, "arn:") || !strings.HasSuffix(s.Resource, invokeResource) {
		p.add("state %s: the lab does not know the resource %s", name, s.Resource)
	}
	if s.TimeoutSeconds < 0 {
		p.add("state %s: its TimeoutSeconds is %d", name, s.TimeoutSeconds)
	}
	for member := range s.Parameters {
		if member = strings.TrimSuffix(member, ".$"); member != "FunctionName" && member != "Payload" {
			p.add("state %s: the lab's Lambda does not know %s", name, member)
		}
	}
	checkTemplate(name, s.Parameters, p)
	for what, path := range map[string]*string{"ResultPath": s.ResultPath, "OutputPath": s.OutputPath} {
		if path != nil {
			checkPath(name, what, *path, p)
		}
	}
	s.checkRetries(name, p)
	for i, c := range s.Catch {
		checkErrors(name, "Catch", c.ErrorEquals, i == len(s.Catch)-1, p)
		checkPath(name, "ResultPath", c.ResultPath, p)
		if c.Next == "" {
			p.add("state %s: a Catch leads nowhere", name)
		}
	}
}

func (s *State) checkRetries(name string, p *problems) {
	for i, r := range s.Retry {
		checkErrors(name, "Retry", r.ErrorEquals, i == len(s.Retry)-1, p)
		tooSmall := r.IntervalSeconds < 0 || r.MaxDelaySeconds < 0 || r.BackoffRate != 0 && r.BackoffRate < 1
		if tooSmall || r.MaxAttempts != nil && *r.MaxAttempts < 0 {
			p.add("state %s: a figure of a Retry is too small", name)
		}
		if !slices.Contains([]string{"", "NONE", "FULL"}, r.JitterStrategy) {
			p.add("state %s: there is no JitterStrategy %s", name, r.JitterStrategy)
		}
	}
}

func (s *State) checkChoice(name string, p *problems) {
	if len(s.Choices) == 0 || s.Default == "" {
		p.add("state %s: a choice has Choices, and a Default for everything else", name)
	}
	for _, c := range s.Choices {
		checkPath(name, "Variable", c.Variable, p)
		if c.Variable == "" || c.BooleanEquals == nil || c.Next == "" {
			p.add("state %s: the lab knows no choice but by Variable, BooleanEquals and Next", name)
		}
	}
}

// checkErrors wants error names, and States.ALL alone and in the last place.
func checkErrors(name, what string, errs []string, last bool, p *problems) {
	if len(errs) == 0 {
		p.add("state %s: a %s is for no error", name, what)
	}
	for _, e := range errs {
		if strings.HasPrefix(e, "States.") && !slices.Contains(predefined, e) {
			p.add("state %s: the lab does not know the error %s", name, e)
		}
		if e == errAll && (len(errs) > 1 || !last) {
			p.add("state %s: %s is not alone in the last %s", name, errAll, what)
		}
	}
}

func checkPath(state, what, path string, p *problems) {
	if path == "" {
		return
	}
	if _, err := steps(path); err != nil {
		p.add("state %s: %s: %w", state, what, err)
	}
}

// checkTemplate wants a path as the value of every member whose name ends in ".$".
func checkTemplate(state string, v any, p *problems) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			path, isText := member.(string)
			switch {
			case !strings.HasSuffix(name, ".$"):
				checkTemplate(state, member, p)
			case !isText || path == "":
				p.add("state %s: %s has no path", state, name)
			default:
				checkPath(state, name, path, p)
			}
		}
	case []any:
		for _, member := range v {
			checkTemplate(state, member, p)
		}
	}
}

// nexts are the states that can come after this one.
func (s *State) nexts() []string {
	var out []string
	for _, next := range []string{s.Next, s.Default} {
		if next != "" {
			out = append(out, next)
		}
	}
	for _, c := range s.Choices {
		out = append(out, c.Next)
	}
	for _, c := range s.Catch {
		out = append(out, c.Next)
	}
	return out
}

// ends says whether an execution can end in the state.
func (s *State) ends() bool { return s.End || s.Type == "Succeed" || s.Type == "Fail" }

// checkReached wants every state to be reached from the first one, and an end.
func (d *Definition) checkReached(p *problems) {
	reached, todo, end := map[string]bool{}, []string{d.StartAt}, false
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		s := d.States[name]
		if s == nil || reached[name] {
			continue
		}
		reached[name], end = true, end || s.ends()
		todo = append(todo, s.nexts()...)
	}
	for _, name := range slices.Sorted(maps.Keys(d.States)) {
		if !reached[name] {
			p.add("state %s is never reached", name)
		}
	}
	if !end {
		p.add("no execution ends")
	}
}

package ssm

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// placeholder stands for a parameter in a document.
var placeholder = regexp.MustCompile(`\{\{\s*([a-zA-Z0-9_]+)\s*\}\}`)

// Script is a step of a document, filled in.
type Script struct {
	Step    Step
	Text    string
	Timeout time.Duration
}

// Scripts fills in a document's parameters: what is given, or else their defaults. A
// list takes the place of a whole line, as lines. Nothing is quoted: a text is put
// into the script as it is, and only the parameter's pattern and values keep it from
// being more than that. A parameter of the interpolation ENV_VAR is put in front of the
// script as an environment variable, quoted, and the script's text keeps its placeholder.
func (d *Document) Scripts(given map[string][]string) ([]Script, error) {
	values, err := d.values(given)
	if err != nil {
		return nil, err
	}
	environment := d.takeEnvironment(values)
	var out []Script
	for _, s := range d.Steps {
		lines := exported(s.Action, environment)
		for _, line := range s.Inputs.Commands.all() {
			lines = append(lines, filled(line, values)...)
		}
		if dir := inline(s.Inputs.Directory, values); dir != "" {
			lines = slices.Insert(lines, 0, "cd '"+strings.ReplaceAll(dir, "'", `'\''`)+"' || exit 1")
		}
		seconds := defaultTimeout
		if s.Inputs.Timeout.set {
			text := inline(s.Inputs.Timeout.text, values)
			if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 || seconds > maxTimeout {
				return nil, fmt.Errorf("step %s: a timeout of %q is not between 1 and %d seconds", s.Name, text, maxTimeout)
			}
		}
		out = append(out, Script{Step: s, Text: strings.Join(lines, "\n") + "\n", Timeout: time.Duration(seconds) * time.Second})
	}
	return out, nil
}

// takeEnvironment takes the parameters that are environment variables out of values.
func (d *Document) takeEnvironment(values map[string]value) map[string]string {
	environment := map[string]string{}
	for name, p := range d.Parameters {
		if p.inEnvironment() {
			environment["SSM_"+name] = values[name].text
			values[name] = value{text: "{{ " + name + " }}"}
		}
	}
	return environment
}

// exported are the lines of a script that set its environment.
func exported(action string, environment map[string]string) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		if action == actionPowerShell {
			lines = append(lines, "$env:"+name+" = '"+strings.ReplaceAll(environment[name], "'", "''")+"'")
		} else {
			lines = append(lines, "export "+name+"='"+strings.ReplaceAll(environment[name], "'", `'\''`)+"'")
		}
	}
	return lines
}

// values gives every parameter its value.
func (d *Document) values(given map[string][]string) (map[string]value, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := d.Parameters[name]; !ok {
			return nil, fmt.Errorf("the document has no parameter %s", name)
		}
	}
	out := map[string]value{}
	for _, name := range slices.Sorted(maps.Keys(d.Parameters)) {
		p := d.Parameters[name]
		v, ok := p.Default, p.Default.set
		if g, is := given[name]; is {
			v, ok = value{list: g}, true
			if p.Type == typeString {
				ok = len(g) == 1
				v = value{text: strings.Join(g, "")}
			}
		}
		if !ok {
			return nil, fmt.Errorf("the parameter %s of type %s is missing, or has the wrong number of values", name, p.Type)
		}
		if err := p.allows(v); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func (p Parameter) allows(v value) error {
	pattern, err := regexp.Compile(p.AllowedPattern)
	if err != nil {
		return err
	}
	for _, text := range v.all() {
		if !pattern.MatchString(text) {
			return fmt.Errorf("%q does not match %s", text, p.AllowedPattern)
		}
		if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, text) {
			return fmt.Errorf("%q is none of %q", text, p.AllowedValues)
		}
	}
	return nil
}

// filled gives a line with its parameters in it. A line that is nothing but a list
// becomes the list.
func filled(line string, values map[string]value) []string {
	if at := placeholder.FindStringSubmatchIndex(line); at != nil && strings.TrimSpace(line) == line[at[0]:at[1]] {
		if v := values[line[at[2]:at[3]]]; v.list != nil {
			return v.list
		}
	}
	return []string{inline(line, values)}
}

// inline puts parameters into a text, lists with blanks between their members.
func inline(text string, values map[string]value) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		return strings.Join(values[placeholder.FindStringSubmatch(found)[1]].all(), " ")
	})
}

package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// referencePath is a path to one place by the names on the way ("Reference paths", AWS
// Step Functions Developer Guide). The lab knows neither indexes nor the context object.
var referencePath = regexp.MustCompile(`^\$(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// steps are the names on a path.
func steps(path string) ([]string, error) {
	if !referencePath.MatchString(path) {
		return nil, fmt.Errorf("the lab does not know the path %s", path)
	}
	if path == "$" {
		return nil, nil
	}
	return strings.Split(path[2:], "."), nil
}

// at gives what is at the path in a JSON value.
func at(v any, path string) (any, error) {
	names, err := steps(path)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		object, isObject := v.(map[string]any)
		member, ok := object[name]
		if !isObject || !ok {
			return nil, fmt.Errorf("the path %s leads to nothing", path)
		}
		v = member
	}
	return v, nil
}

// with gives the JSON value with what is at the path replaced. The value given stays as
// it was.
func with(v any, path string, what any) (any, error) {
	names, err := steps(path)
	if err != nil {
		return nil, err
	}
	return withSteps(v, names, what)
}

func withSteps(v any, names []string, what any) (any, error) {
	if len(names) == 0 {
		return what, nil
	}
	object, isObject := v.(map[string]any)
	if !isObject && v != nil {
		return nil, errors.New("a result cannot be put into what is no object")
	}
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	member, err := withSteps(out[names[0]], names[1:], what)
	if err != nil {
		return nil, err
	}
	out[names[0]] = member
	return out, nil
}

// fill gives the template with the input's values at its paths.
func fill(template, input any) (any, error) {
	switch t := template.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range t {
			var err error
			if field, isPath := strings.CutSuffix(name, ".$"); isPath {
				out[field], err = at(input, fmt.Sprint(member)) // a text, which Parse has checked
			} else {
				out[name], err = fill(member, input)
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(t))
		for i, member := range t {
			var err error
			if out[i], err = fill(member, input); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return template, nil
}

// decode reads a JSON value. Numbers keep their digits.
func decode(text []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// encode writes a JSON value that decode could have read.
func encode(v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // it came from JSON
		return []byte("null")
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crashcart/lambda/domain/printable"
)

// maxKeys bounds the keys of one object. The widest shape of AWS here has fewer than 30. A
// body full of tiny keys would cost thirty times its size.
const maxKeys = 1000

// object is one JSON object, opened a level at a time. Its keys match exactly. By itself
// encoding/json would take "INSTANCEIDS" for "instanceIds", and the last of two equal keys
// would count.
type object struct {
	path   string // where it is in the message, for the sentence that refuses it: "detail.state"
	fields map[string]json.RawMessage
}

// readObject opens raw, which must be valid JSON. A key that is there twice is an error,
// because two readers could read it differently. What was read is returned even then, so
// that the shape can be named.
func readObject(path string, raw json.RawMessage) (object, error) {
	o := object{path: path, fields: map[string]json.RawMessage{}}
	if typeOf(raw) != "an object" {
		return o, typeError{path: o.name(), is: typeOf(raw), want: "an object"}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return o, fmt.Errorf("reading %s: %w", o.name(), err)
	}
	var twice error
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return o, fmt.Errorf("reading a key of %s: %w", o.name(), err)
		}
		key, ok := token.(string)
		if !ok { // the decoder itself refuses this
			return o, fmt.Errorf("%s has a key that is no string", o.name())
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return o, fmt.Errorf("reading %s: %w", o.at(key), err)
		}
		if _, dup := o.fields[key]; dup && twice == nil {
			twice = fmt.Errorf("%s is there twice", o.at(key))
		}
		if o.fields[key] = value; len(o.fields) > maxKeys {
			return o, fmt.Errorf("%s has more than %d keys", o.name(), maxKeys)
		}
	}
	return o, twice
}

// typeOf names the type of a valid JSON value, for a sentence. No value is "missing".
func typeOf(raw json.RawMessage) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "missing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// name is the object's own path, for a sentence.
func (o object) name() string {
	if o.path == "" {
		return "the message"
	}
	return o.path
}

// at is the path of one of the object's keys. A stranger may have chosen the key.
func (o object) at(key string) string {
	key = printable.Line(key, maxQuoted)
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// has reports whether the key is there, whatever its value.
func (o object) has(key string) bool {
	_, ok := o.fields[key]
	return ok
}

// given reports whether the key is there with a value other than null.
func (o object) given(key string) bool {
	return o.has(key) && typeOf(o.fields[key]) != "null"
}

// keys gives the object's keys, sorted.
func (o object) keys() []string { return slices.Sorted(maps.Keys(o.fields)) }

// text gives the string that key must hold.
func (o object) text(key string) (string, error) {
	return readText(o.at(key), o.fields[key])
}

// readText gives the string that raw must be.
func readText(path string, raw json.RawMessage) (string, error) {
	if kind := typeOf(raw); kind != "a string" {
		return "", typeError{path: path, is: kind, want: "a string"}
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return s, nil
}

// optional is text for a key that may be missing or null: then it gives "".
func (o object) optional(key string) (string, error) {
	if !o.given(key) {
		return "", nil
	}
	return o.text(key)
}

// object opens the object that key must hold.
func (o object) object(key string) (object, error) {
	raw := o.fields[key]
	if kind := typeOf(raw); kind != "an object" {
		return object{path: o.at(key)}, typeError{path: o.at(key), is: kind, want: "an object"}
	}
	return readObject(o.at(key), raw)
}

// list gives the elements of the list that key must hold. More than limit are an error.
func (o object) list(key string, limit int) ([]json.RawMessage, error) {
	raw := o.fields[key]
	if kind := typeOf(raw); kind != "a list" {
		return nil, typeError{path: o.at(key), is: kind, want: "a list"}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.at(key), err)
	}
	var elements []json.RawMessage
	for dec.More() {
		if len(elements) == limit {
			return nil, fmt.Errorf("%s has more than %d elements", o.at(key), limit)
		}
		var element json.RawMessage
		if err := dec.Decode(&element); err != nil {
			return nil, fmt.Errorf("reading %s: %w", o.at(key), err)
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// typeError is the error of a value that is not of the wanted type.
type typeError struct{ path, is, want string }

// Error says which value has which type.
func (e typeError) Error() string {
	if e.is == "missing" {
		return e.path + " is missing"
	}
	return fmt.Sprintf("%s is %s, not %s", e.path, e.is, e.want)
}

// onlyKeys refuses any key that is not known, and names it.
func (o object) onlyKeys(known ...string) error {
	var unknown []string
	for key := range o.fields {
		if !slices.Contains(known, key) {
			unknown = append(unknown, quote(key))
		}
	}
	if unknown == nil {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("%s does not take %s, only %s", o.name(), some(unknown), strings.Join(known, ", "))
}

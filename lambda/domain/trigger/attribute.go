package trigger

import (
	"encoding/json"
	"fmt"
	"strings"

	"crashcart/lambda/domain/printable"
)

// The message attributes by which a publisher names hosts. They are Crashcart's own.
// Alertmanager, Amazon Managed Service for Prometheus and Grafana can set any attributes.
const (
	attributeInstance = "instance_id"
	attributeStatus   = "status"
	attributeForce    = "force"
)

// attributes are the message attributes on an envelope.
type attributes struct {
	object
	kind, value string // how this envelope spells an attribute's two fields
}

// attributes gives the attributes of the notification ("HTTP/HTTPS notification JSON
// format" in the Amazon SNS Developer Guide). Raw delivery turns them into those of the
// queue's message ("Amazon SNS raw message delivery" in the same guide). Then they are read
// from the record ("Using Lambda with Amazon SQS").
func (f origin) attributes() (attributes, error) {
	set, envelope, key := attributes{kind: "Type", value: "Value"}, f.notice, "MessageAttributes"
	if !f.notified() {
		set, envelope, key = attributes{kind: "dataType", value: "stringValue"}, f.queued, "messageAttributes"
	}
	if !envelope.given(key) {
		return set, nil
	}
	var err error
	set.object, err = envelope.object(key)
	return set, err
}

// one gives the kind and the value of an attribute.
func (a attributes) one(name string) (kind, value string, err error) {
	entry, err := a.object.object(name)
	if err != nil {
		return "", "", err
	}
	if kind, err = entry.text(a.kind); err != nil {
		return "", "", err
	}
	value, err = entry.text(a.value)
	return kind, value, err
}

// heldBack is an Ignored record if an attribute forbids to act on the message, whatever
// the message says. Force does, in upper and lower case, and so does the status resolved.
func (a attributes) heldBack() Record {
	for _, name := range a.keys() {
		if strings.EqualFold(name, attributeForce) {
			return ignore(ReasonForceOutsideDirect, "the message attribute %s asks for what only a direct request may have", quote(name))
		}
	}
	if _, status, err := a.one(attributeStatus); err == nil && status == "resolved" {
		return ignore(ReasonResolved, "the message attribute %s is %s", attributeStatus, quote(status))
	}
	return Record{}
}

// decodeAttribute reads a notification that names hosts in its attributes. The message
// itself is not read: firing and resolved alerts may share one text, and Amazon Managed
// Service for Prometheus does not escape the JSON that it writes.
//
// An alarm's own message never comes here, even when somebody forwards it with these
// attributes. It has its own identity, state and time, which prove more than an attribute.
// The same change may also arrive by EventBridge.
func decodeAttribute(set attributes, from origin) Record {
	if !set.given(attributeStatus) {
		return ignore(ReasonNotFiring, "the message attribute %s comes without %s=firing", attributeInstance, attributeStatus)
	}
	_, status, err := set.one(attributeStatus)
	if err != nil {
		return malformed(err)
	}
	if status != "firing" {
		return ignore(ReasonNotFiring, "the message attribute %s is %s, not firing", attributeStatus, quote(status))
	}
	key, at, err := from.stamp()
	if err != nil {
		return malformed(err)
	}
	targets, err := set.instances(timeless(at))
	if err != nil {
		return malformed(err)
	}
	if len(targets) > MaxTargets {
		return ignore(ReasonTooManyTargets, "the message attribute names more than %d instances: that is an event, not a hang", MaxTargets)
	}
	subject, err := from.notice.optional("Subject")
	if err != nil {
		return malformed(err)
	}
	return Record{Trigger: &Trigger{
		Kind:      KindAttribute,
		Source:    from.published("attribute"),
		Reason:    printable.Line(subject, maxText),
		At:        at,
		SourceKey: key,
		Targets:   targets,
	}}
}

// instances reads instance_id. A String is one id, and a String.Array is JSON ("Amazon SNS
// message attributes" in the Amazon SNS Developer Guide). One element that is no id spoils
// them all, because then the publisher's template is broken. note goes into each From.
func (a attributes) instances(note string) ([]Ref, error) {
	kind, value, err := a.one(attributeInstance)
	if err != nil {
		return nil, err
	}
	at := a.at(attributeInstance)
	if lacksLabel(value) {
		return nil, fmt.Errorf(`%s holds %q, which a template prints for a label that is missing: the alert has no such label. `+
			`In the template name a label that the alert has, give the alert's rule that label, or leave the attribute out of alerts without an instance`, at, noValue)
	}
	var refs []Ref
	switch kind {
	case "String":
		if err := checkID(at, value); err != nil {
			return nil, fmt.Errorf("%w; several ids need the type String.Array", err)
		}
		refs = []Ref{{Instance: value}}
	case "String.Array":
		if refs, err = readArray(at, value); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s has the type %s, not String or String.Array", at, quote(kind))
	}
	for i := range refs {
		refs[i].From = "message attribute " + attributeInstance + note
	}
	return refs, nil
}

// noValue is what a Go template prints for a value that is missing ("Option", documentation
// of Go's package text/template). Alertmanager and Grafana write messages with these.
const noValue = "<no value>"

// lacksLabel reports whether a template had no value for the attribute, or for one element
// of a list. In JSON its brackets may be escaped.
func lacksLabel(value string) bool {
	unescaped := strings.NewReplacer("\\u003c", "<", "\\u003e", ">").Replace(strings.ToLower(value))
	return strings.Contains(unescaped, noValue)
}

// readArray reads a list of ids that is JSON in a string.
func readArray(at, value string) ([]Ref, error) {
	if !json.Valid([]byte(value)) {
		return nil, fmt.Errorf("%s is not JSON, as a String.Array is", at)
	}
	list := object{fields: map[string]json.RawMessage{at: json.RawMessage(value)}}
	elements, err := list.list(at, maxListed)
	if err != nil {
		return nil, err
	}
	refs, unfit := readIDs(at, elements)
	switch {
	case len(unfit) > 0:
		return nil, fmt.Errorf("%s", some(unfit))
	case len(refs) == 0:
		return nil, fmt.Errorf("%s is empty: name at least one instance", at)
	}
	return refs, nil
}

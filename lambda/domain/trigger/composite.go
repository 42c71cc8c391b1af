package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crashcart/lambda/domain/printable"
)

// child is one alarm that made a composite change its state.
type child struct{ arn, state string }

// childKeys is how one route spells a composite's children.
type childKeys struct{ list, arn, state, value string }

var (
	// reasonKeys are the keys inside state.reasonData ("Alarm events and
	// EventBridge" in the Amazon CloudWatch User Guide, composite samples).
	reasonKeys = childKeys{list: "triggeringAlarms", arn: "arn", state: "state", value: "value"}
	// messageKeys are those of an SNS message ("Amazon SNS notifications" of
	// composite alarms in the Amazon CloudWatch User Guide).
	messageKeys = childKeys{list: "TriggeringChildren", arn: "Arn", state: "State", value: "Value"}
)

// errNoChildren is the error of a composite that lists no child. That happens when
// SetAlarmState has put it into ALARM.
var errNoChildren = errors.New("its list is empty")

// childrenInReason reads state.reasonData, which is JSON in a string.
func childrenInReason(state object) ([]child, error) {
	text, err := state.text("reasonData")
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%s is not JSON", state.at("reasonData"))
	}
	data, err := readObject(state.at("reasonData"), json.RawMessage(text))
	if err != nil {
		return nil, err
	}
	return readChildren(data, reasonKeys)
}

// readChildren reads a list of children. If one cannot be read, none is given.
func readChildren(o object, keys childKeys) ([]child, error) {
	elements, err := o.list(keys.list, maxMetrics)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, errNoChildren
	}
	children := make([]child, 0, len(elements))
	for i, raw := range elements {
		entry, err := readObject(fmt.Sprintf("%s[%d]", o.at(keys.list), i), raw)
		if err != nil {
			return nil, err
		}
		arn, err := entry.text(keys.arn)
		if err != nil {
			return nil, err
		}
		state, err := entry.object(keys.state)
		if err != nil {
			return nil, err
		}
		value, err := state.text(keys.value)
		if err != nil {
			return nil, err
		}
		children = append(children, child{arn: arn, state: value})
	}
	return children, nil
}

// compositeTargets gives the children in ALARM. err says that the message does not name
// all its children in a way that can be read: CloudWatch cuts a long reasonData off. A host
// must not be lost for that. So the target is then the composite itself, and its children
// are looked up. That is no guess: only a child counts that CloudWatch has in ALARM.
//
// A list that can be read and has no child in ALARM is believed. The composite's rule was
// then met by an alarm that is well, and nothing has to be found.
func (c *change) compositeTargets(children []child, err error) ([]Ref, Record) {
	var refs []Ref
	for _, ch := range children {
		name, childErr := c.childName(ch.arn)
		if err = errors.Join(err, childErr); err != nil {
			break
		}
		known := func(r Ref) bool { return r.Alarm == ch.arn }
		if ch.state == stateAlarm && !slices.ContainsFunc(refs, known) {
			refs = append(refs, Ref{Alarm: ch.arn, From: "triggering alarm " + printable.Line(name, maxLabel)})
		}
	}
	switch {
	case err != nil:
		from := fmt.Sprintf("composite alarm %s, whose children are to be looked up: %v", printable.Line(c.alarm.Name, maxLabel), err)
		return []Ref{{Alarm: c.alarm.ARN, From: printable.Line(from, maxText)}}, Record{}
	case len(refs) == 0:
		return nil, ignore(ReasonNoInstance, "none of the composite alarm's %d triggering children is in %s", len(children), stateAlarm)
	}
	return refs, Record{}
}

// childName gives the name of a child. A child lives where its composite does ("Create a
// composite alarm" in the Amazon CloudWatch User Guide).
func (c *change) childName(arn string) (string, error) {
	parsed, err := parseAlarmARN(arn)
	if err != nil {
		return "", err
	}
	if parsed.owner != c.owner {
		return "", fmt.Errorf("%s is not of the composite alarm's account and Region", quote(arn))
	}
	return parsed.name, nil
}

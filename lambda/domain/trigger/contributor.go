package trigger

import (
	"fmt"

	"crashcart/lambda/domain/printable"
)

// contributorTargets reads detail.alarmContributor: the one series of a query
// that changed its state, and the labels it is grouped by ("Alarm events and
// EventBridge" in the Amazon CloudWatch User Guide, sample of a contributor's
// state change). It is a targetReader.
func contributorTargets(c *change, detail, _ object) ([]Ref, Record) {
	contributor, err := detail.object("alarmContributor")
	if err != nil {
		return nil, malformed(err)
	}
	if c.contributor, err = contributorID(contributor, "id"); err != nil {
		return nil, malformed(err)
	}
	return readAttributes(contributor, "attributes", c.contributor)
}

// contributorID reads the id. It is part of the source key, because contributors of one
// alarm change separately.
func contributorID(o object, key string) (string, error) {
	id, err := o.text(key)
	if err != nil {
		return "", err
	}
	if id == "" || id != printable.Line(id, maxLabel) {
		return "", fmt.Errorf("%s %s is not the id of a contributor", o.at(key), quote(id))
	}
	return id, nil
}

// readAttributes gives the instance that a contributor's attributes name, or else its Auto
// Scaling group. Where InstanceId is not an instance's id, the group does not count.
func readAttributes(o object, key, contributor string) ([]Ref, Record) {
	attributes, err := o.object(key)
	if err != nil {
		return nil, malformed(err)
	}
	from := "contributor " + contributor
	switch {
	case attributes.has(instanceDimension):
		id, err := attributes.text(instanceDimension)
		if err == nil {
			err = checkID(attributes.at(instanceDimension), id)
		}
		if err != nil {
			return nil, ignore(ReasonContributorWithoutInstance, "%v", err)
		}
		return []Ref{{Instance: id, From: from}}, Record{}
	case attributes.has(groupDimension):
		group, err := attributes.text(groupDimension)
		if err == nil {
			err = checkName(attributes.at(groupDimension), group)
		}
		if err != nil {
			return nil, ignore(ReasonContributorWithoutInstance, "%v", err)
		}
		return []Ref{{AutoScalingGroup: group, From: from}}, Record{}
	}
	return nil, ignore(ReasonContributorWithoutInstance, "%s names neither %s nor %s, only %s",
		printable.Line(from, maxLabel), instanceDimension, groupDimension, orNothing(attributes.keys()))
}

package notify

import (
	"fmt"
	"time"
)

// message is the message of a notice.
func (nt *Notifier) message(n notice) message {
	d := n.first()
	dryRun, mark := fmt.Sprint(n.dryRun()), ""
	if n.dryRun() {
		mark = "dry-run"
	}
	m := message{
		id: n.id(nt.Now()), thread: n.thread(), event: string(d.Outcome),
		title: n.title(), description: nt.description(n), steps: nt.nextSteps(n),
		keywords:  keywords(string(d.Outcome), d.Rule, n.instance(), mark),
		resources: n.instances(),
		context: map[string]string{
			"outcome": string(d.Outcome), "dryRun": dryRun, "instanceId": n.instance(), "rule": d.Rule, "region": nt.region(),
		},
		attributes: map[string]string{"outcome": string(d.Outcome), "rule": d.Rule, "dryRun": dryRun},
	}
	if !n.whole {
		m.context["caseId"] = d.CaseID
	}
	return m
}

// id is this message's alone: a topic has a message once an hour, or once.
func (n notice) id(now time.Time) string {
	id := n.topic + "/" + now.UTC().Format(time.RFC3339)
	if n.dryRun() {
		return "dry-run/" + id
	}
	return id
}

// thread groups the messages of a case, else those of an instance, else those of
// the topic.
func (n notice) thread() string {
	d := n.first()
	switch {
	case n.whole:
		return n.topic
	case d.CaseID != "":
		return d.CaseID
	case d.InstanceID != "":
		return d.InstanceID
	}
	return n.topic
}

package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crashcart/lab/sns"
)

// notification is a message to the notification topic, as far as a person reads it.
type notification struct {
	ID      string `json:"id"`
	Content struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		NextSteps   []string `json:"nextSteps"`
	} `json:"content"`
}

// notifications reads what was published.
func notifications(published []sns.Message) ([]notification, error) {
	out := make([]notification, len(published))
	for i, m := range published {
		if err := json.Unmarshal([]byte(m.Message), &out[i]); err != nil {
			return nil, fmt.Errorf("reading a notification: %w", err)
		}
	}
	return out, nil
}

// topic is what a notification is about: its id without its time.
func (n notification) topic() string {
	id := strings.TrimPrefix(n.ID, "dry-run/")
	return id[:max(0, strings.LastIndexByte(id, '/'))]
}

// lines are the notification as a chat shows it.
func (n notification) lines() []string {
	lines := append([]string{n.Content.Title}, strings.Split(n.Content.Description, "\n")...)
	for _, step := range n.Content.NextSteps {
		lines = append(lines, "→ "+step)
	}
	return lines
}

// about finds a notification by the beginning of its topic.
func (f facts) about(topic string) (notification, bool) {
	i := slices.IndexFunc(f.notified, func(n notification) bool { return strings.HasPrefix(n.topic(), topic) })
	if i < 0 {
		return notification{}, false
	}
	return f.notified[i], true
}

// notifiedOnce checks that there is one notification of every end of a trigger, however
// often it came, and of every end of a case, and no other but of a dump that is being
// written. "later" and "duplicate" need none.
func notifiedOnce(f facts) string {
	var want, got []string
	for _, e := range expectations() {
		for _, end := range e.ends {
			outcome, rule, _ := strings.Cut(end, " ")
			if topic := topicOf(outcome, rule, f.ids[e.name], e.name); topic != "" {
				want = append(want, topic)
			}
		}
	}
	for _, name := range victims {
		want = append(want, "ended/"+f.ids[name])
	}
	for _, n := range f.notified {
		// Of a dump's progress and way home people are notified if it lasts long enough for a
		// step of the follow-up.
		if topic := withoutCase(n.topic()); !strings.HasPrefix(topic, "dumping/") && !strings.HasPrefix(topic, "collect/") {
			got = append(got, topic)
		}
	}
	if again := repeatedTopic(f.notified); again != "" {
		return "notified twice of " + again
	}
	want = sorted(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("notified of %v, want %v", got, want)
	}
	return ""
}

// repeatedTopic is a topic of which people were notified more than once.
func repeatedTopic(notified []notification) string {
	seen := map[string]bool{}
	for _, n := range notified {
		if seen[n.topic()] {
			return n.topic()
		}
		seen[n.topic()] = true
	}
	return ""
}

// topicOf is the topic of one end of a trigger for an instance; empty if nobody is
// notified of it.
func topicOf(outcome, rule, id, name string) string {
	switch {
	case outcome == "duplicate":
		return ""
	case outcome == "interrupted" || outcome == "dry-run":
		return outcome + "/" + id
	case outcome == "held":
		return outcome + "-" + rule + "/" + id
	case rule == "group":
		return rule + "/asg/" + groupOf(name)
	}
	return rule + "/" + id
}

// withoutCase cuts the topic of an interrupt or of what came of it, which is its case, down
// to the instance that the case's id begins with.
func withoutCase(topic string) string {
	kind, _, _ := strings.Cut(topic, "/")
	if parts := strings.SplitN(topic, "-", 3); slices.Contains([]string{"interrupted", "dumping", "collect", "ended"}, kind) && len(parts) == 3 {
		return parts[0] + "-" + parts[1]
	}
	return topic
}

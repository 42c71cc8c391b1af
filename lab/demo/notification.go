package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crashcart/lab/sns"
)

// message is what the notification topic was told, as far as a person reads it.
type message struct {
	ID      string `json:"id"`
	Content struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		NextSteps   []string `json:"nextSteps"`
	} `json:"content"`
}

func messages(published []sns.Message) ([]message, error) {
	told := make([]message, len(published))
	for i, m := range published {
		if err := json.Unmarshal([]byte(m.Message), &told[i]); err != nil {
			return nil, fmt.Errorf("reading a notification: %w", err)
		}
	}
	return told, nil
}

// topic is what a message is about: its id without its time.
func (m message) topic() string {
	id := strings.TrimPrefix(m.ID, "dry-run/")
	return id[:max(0, strings.LastIndexByte(id, '/'))]
}

// lines are the message as a chat shows it.
func (m message) lines() []string {
	lines := append([]string{m.Content.Title}, strings.Split(m.Content.Description, "\n")...)
	for _, step := range m.Content.NextSteps {
		lines = append(lines, "→ "+step)
	}
	return lines
}

// about finds a message by the beginning of its topic.
func (f facts) about(topic string) (message, bool) {
	i := slices.IndexFunc(f.told, func(m message) bool { return strings.HasPrefix(m.topic(), topic) })
	if i < 0 {
		return message{}, false
	}
	return f.told[i], true
}

// toldOnce checks that every end of a trigger but "later" and "duplicate" was told,
// once however often it came, and nothing else.
func toldOnce(f facts) string {
	var want, got []string
	for _, e := range expectations() {
		for _, end := range e.ends {
			outcome, rule, _ := strings.Cut(end, " ")
			if topic := topicOf(outcome, rule, f.ids[e.name], e.name); topic != "" {
				want = append(want, topic)
			}
		}
	}
	for _, m := range f.told {
		got = append(got, withoutCase(m.topic()))
	}
	want = sorted(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("told of %v, want %v", got, want)
	}
	return ""
}

// topicOf is the topic of one end of a trigger for an instance; empty if it is not
// told.
func topicOf(outcome, rule, id, name string) string {
	switch {
	case outcome == "duplicate":
		return ""
	case outcome == "interrupted" || outcome == "dry-run":
		return outcome + "/" + id
	case rule == "group":
		return rule + "/asg/" + groupOf(name)
	}
	return rule + "/" + id
}

// withoutCase cuts the topic of an interrupt, which is its case, down to the
// instance that the case's id begins with.
func withoutCase(topic string) string {
	if parts := strings.SplitN(topic, "-", 3); strings.HasPrefix(topic, "interrupted/") && len(parts) == 3 {
		return parts[0] + "-" + parts[1]
	}
	return topic
}

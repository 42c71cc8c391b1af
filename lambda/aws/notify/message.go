package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Limits in characters ("Custom notifications using Amazon Q Developer in chat
// applications", Amazon Q Developer in chat applications Administrator Guide), and
// that of a subject ("Publish", Amazon SNS API Reference: less than 100).
const (
	mostTitle   = 250
	mostStep    = 350
	mostKeyword = 75
	mostSubject = 99
)

// notification is a custom notification (same page as the limits). Its description,
// of at most 8,000 characters, is kept within by the limits of its parts.
type notification struct {
	Version  string   `json:"version"`
	Source   string   `json:"source"`
	ID       string   `json:"id"`
	Content  content  `json:"content"`
	Metadata metadata `json:"metadata"`
}

type content struct {
	TextType    string   `json:"textType"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	NextSteps   []string `json:"nextSteps,omitempty"`
	Keywords    []string `json:"keywords,omitempty"`
}

type metadata struct {
	ThreadID            string            `json:"threadId"`
	Summary             string            `json:"summary"`
	EventType           string            `json:"eventType"`
	RelatedResources    []string          `json:"relatedResources,omitempty"`
	AdditionalContext   map[string]string `json:"additionalContext,omitempty"`
	EnableCustomActions bool              `json:"enableCustomActions"`
}

// input is the message of a notice as SNS takes it.
func (t *Notifier) input(n notice) (*sns.PublishInput, error) {
	message, err := json.Marshal(t.notification(n))
	if err != nil {
		return nil, fmt.Errorf("encoding the message: %w", err)
	}
	d := n.first()
	attributes := map[string]types.MessageAttributeValue{}
	for name, v := range map[string]string{"outcome": d.Outcome, "rule": d.Rule, "dryRun": fmt.Sprint(n.dryRun())} {
		if v != "" { // SNS refuses an empty one
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
		}
	}
	return &sns.PublishInput{
		TopicArn: &t.Topic, Subject: aws.String(subject(n.title())), Message: aws.String(string(message)), MessageAttributes: attributes,
	}, nil
}

func (t *Notifier) notification(n notice) notification {
	title := n.title()
	return notification{
		Version: "1.0", Source: "custom", // as the schema wants them
		ID: n.id(t.Now()),
		Content: content{
			TextType: "client-markdown", // the only one there is
			Title:    title, Description: t.description(n), NextSteps: t.nextSteps(n), Keywords: n.keywords(),
		},
		Metadata: metadata{
			ThreadID: n.thread(), Summary: title,
			// Letters, digits and "-", so that a custom action's button can be tied to it
			// ("CustomActionAttachment", Amazon Q Developer in chat applications API
			// Reference: NotificationType).
			EventType:        "crashcart-" + n.first().Outcome,
			RelatedResources: n.instances(), AdditionalContext: t.context(n), EnableCustomActions: true,
		},
	}
}

// id tells this message from every other: a topic is told of once an hour, or once.
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

func (n notice) keywords() []string {
	d := n.first()
	out := []string{"crashcart"}
	for _, k := range []string{d.Outcome, d.Rule, n.instance()} {
		if k != "" {
			out = append(out, cut(k, mostKeyword))
		}
	}
	if n.dryRun() {
		out = append(out, "dry-run")
	}
	return out
}

// context is what a custom action may put into its command. Everything in it has
// been checked by its form, or is a constant.
func (t *Notifier) context(n notice) map[string]string {
	d := n.first()
	out := map[string]string{"outcome": d.Outcome, "dryRun": fmt.Sprint(n.dryRun())}
	for name, v := range map[string]string{"instanceId": n.instance(), "rule": d.Rule, "region": t.region()} {
		if v != "" {
			out[name] = v
		}
	}
	if d.CaseID != "" && !n.whole {
		out["caseId"] = d.CaseID
	}
	return out
}

func (t *Notifier) region() string {
	if word(t.Region) {
		return t.Region
	}
	return ""
}

// instance is the one instance that a notice is about, empty if it is about none or
// about several.
func (n notice) instance() string {
	if n.several() {
		return ""
	}
	return n.first().InstanceID
}

// several says whether the notice is about more than one decision on more than one
// target. What went untold before was another event.
func (n notice) several() bool { return n.whole && len(n.decisions) > 1 }

// mostInstances is how many instances a message names. Nobody reads more, and the
// log has them all.
const mostInstances = 20

// instances are the first of the instances that the notice is about.
func (n notice) instances() []string {
	var out []string
	seen := map[string]bool{}
	for _, d := range n.decisions {
		if d.InstanceID != "" && !seen[d.InstanceID] && len(out) < mostInstances {
			seen[d.InstanceID] = true
			out = append(out, d.InstanceID)
		}
	}
	return out
}

// subject is a title as SNS takes it: ASCII, one line, and short.
func subject(title string) string {
	const begin, end = "Crashcart: ", "..."
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.ReplaceAll(title, "…", end))
	if s := begin + ascii; len(s) <= mostSubject {
		return s
	}
	return (begin + ascii)[:mostSubject-len(end)] + end
}

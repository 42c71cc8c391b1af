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
// applications", Amazon Q Developer in chat applications Administrator Guide). A subject
// must have less than 100 ("Publish", Amazon SNS API Reference).
const (
	mostTitle   = 250
	mostStep    = 350
	mostKeyword = 75
	mostSubject = 99
)

// notification is a custom notification (same page as the limits). Its description may
// have 8,000 characters; the limits of its parts keep it below that.
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
func (nt *Notifier) input(n notice) (*sns.PublishInput, error) {
	message, err := json.Marshal(nt.notification(n))
	if err != nil {
		return nil, fmt.Errorf("encoding the message: %w", err)
	}
	d := n.first()
	attributes := map[string]types.MessageAttributeValue{}
	for name, v := range map[string]string{"outcome": string(d.Outcome), "rule": d.Rule, "dryRun": fmt.Sprint(n.dryRun())} {
		if v != "" { // SNS refuses an empty one
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
		}
	}
	return &sns.PublishInput{
		TopicArn: &nt.Topic, Subject: aws.String(subject(n.title())), Message: aws.String(string(message)), MessageAttributes: attributes,
	}, nil
}

func (nt *Notifier) notification(n notice) notification {
	title := n.title()
	return notification{
		Version: "1.0", Source: "custom", // as the schema wants them
		ID: n.id(nt.Now()),
		Content: content{
			TextType: "client-markdown", // the only one there is
			Title:    title, Description: nt.description(n), NextSteps: nt.nextSteps(n), Keywords: n.keywords(),
		},
		Metadata: metadata{
			ThreadID: n.thread(), Summary: title,
			// Letters, digits and "-", so that a custom action's button can be tied to it
			// ("CustomActionAttachment", Amazon Q Developer in chat applications API
			// Reference: NotificationType).
			EventType:        "crashcart-" + string(n.first().Outcome),
			RelatedResources: n.instances(), AdditionalContext: nt.context(n), EnableCustomActions: true,
		},
	}
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

func (n notice) keywords() []string {
	d := n.first()
	out := []string{"crashcart"}
	for _, k := range []string{string(d.Outcome), d.Rule, n.instance()} {
		if k != "" {
			out = append(out, cut(k, mostKeyword))
		}
	}
	if n.dryRun() {
		out = append(out, "dry-run")
	}
	return out
}

// context is what a custom action may put into its command. Everything in it is a
// constant, or has the form that it must have.
func (nt *Notifier) context(n notice) map[string]string {
	d := n.first()
	out := map[string]string{"outcome": string(d.Outcome), "dryRun": fmt.Sprint(n.dryRun())}
	for name, v := range map[string]string{"instanceId": n.instance(), "rule": d.Rule, "region": nt.region()} {
		if v != "" {
			out[name] = v
		}
	}
	if d.CaseID != "" && !n.whole {
		out["caseId"] = d.CaseID
	}
	return out
}

func (nt *Notifier) region() string {
	if word(nt.Region) {
		return nt.Region
	}
	return ""
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

package notify

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Limits in characters ("Custom notifications using Amazon Q Developer in chat
// applications", Amazon Q Developer in chat applications Administrator Guide). A subject
// must have less than 100 ("Publish", Amazon SNS API Reference).
const (
	mostTitle = 250
	// mostDescription is what the limits of a description's parts stay below.
	mostDescription = 8000
	mostStep        = 350
	mostKeyword     = 75
	mostSubject     = 99
)

// notification is a custom notification (same page as the limits).
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

// message is what a notification says, whatever it is about.
type message struct {
	id, thread, event  string // the event is a word of ours, such as an outcome
	title, description string
	steps, keywords    []string
	resources          []string
	context            map[string]string // constants, or what has the form that it must have
	attributes         map[string]string // for the filters of subscriptions
}

// input is the message as SNS takes it.
func (nt *Notifier) input(m message) (*sns.PublishInput, error) {
	text, err := json.Marshal(m.notification())
	if err != nil {
		return nil, fmt.Errorf("encoding the message: %w", err)
	}
	attributes := map[string]types.MessageAttributeValue{}
	for name, v := range filled(m.attributes) { // SNS refuses an empty one
		attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
	}
	return &sns.PublishInput{
		TopicArn: &nt.Topic, Subject: aws.String(subject(m.title)), Message: aws.String(string(text)), MessageAttributes: attributes,
	}, nil
}

func (m message) notification() notification {
	return notification{
		Version: "1.0", Source: "custom", // as the schema wants them
		ID: m.id,
		Content: content{
			TextType: "client-markdown", // the only one there is
			Title:    m.title, Description: m.description, NextSteps: m.steps, Keywords: m.keywords,
		},
		Metadata: metadata{
			ThreadID: m.thread, Summary: m.title,
			// Letters, digits and "-", so that a custom action's button can be tied to it
			// ("CustomActionAttachment", Amazon Q Developer in chat applications API
			// Reference: NotificationType).
			EventType:        "crashcart-" + m.event,
			RelatedResources: m.resources, AdditionalContext: filled(m.context), EnableCustomActions: true,
		},
	}
}

// filled leaves out what is empty.
func filled(in map[string]string) map[string]string {
	out := map[string]string{}
	for name, v := range in {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// keywords are the words, short enough, after the one that all messages have.
func keywords(words ...string) []string {
	out := []string{"crashcart"}
	for _, w := range words {
		if w != "" {
			out = append(out, cut(w, mostKeyword))
		}
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

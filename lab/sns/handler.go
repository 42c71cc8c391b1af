package sns

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	namespace = "http://sns.amazonaws.com/doc/2010-03-31/"
	requestID = "11112222-3333-4444-5555-666677778888"

	// mostBytes is the size of the largest message, its attributes counted in, and
	// leastTooLong the length of the shortest subject that is too long ("Publish",
	// Amazon SNS API Reference).
	mostBytes    = 262144
	leastTooLong = 100
)

// Handler serves the topics of one account and Region (AWS query protocol). Only
// Publish to a topic exists.
type Handler struct{ topics []*Topic }

// NewHandler serves the topics.
func NewHandler(topics ...*Topic) *Handler { return &Handler{topics: topics} }

type refusal struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
	status    int
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{
		Namespace: namespace, Type: "Sender", Code: code, Message: fmt.Sprintf(format, args...), RequestID: requestID, status: status,
	}
}

func invalid(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+format, args...)
}

type published struct {
	XMLName   xml.Name `xml:"PublishResponse"`
	Namespace string   `xml:"xmlns,attr"`
	MessageID string   `xml:"PublishResult>MessageId"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	id, bad := h.answer(r)
	if bad != nil {
		w.WriteHeader(bad.status)
		_ = xml.NewEncoder(w).Encode(bad) // an error is the client's hang-up
		return
	}
	_ = xml.NewEncoder(w).Encode(published{Namespace: namespace, MessageID: id, RequestID: requestID})
}

func (h *Handler) answer(r *http.Request) (messageID string, bad *refusal) {
	if err := r.ParseForm(); err != nil {
		return "", refuse(http.StatusBadRequest, "MalformedQueryString", "%v", err)
	}
	in := r.PostForm
	if action := in.Get("Action"); action != "Publish" {
		return "", refuse(http.StatusBadRequest, "InvalidAction", "the lab's SNS does not know %s", action)
	}
	topic, bad := h.topic(in)
	if bad != nil {
		return "", bad
	}
	attributes, bad := attributesOf(in)
	if bad != nil {
		return "", bad
	}
	message, subject := in.Get("Message"), in.Get("Subject")
	if bad := checkMessage(message, in.Get("MessageStructure"), attributes); bad != nil {
		return "", bad
	}
	if bad := checkSubject(subject, in.Has("Subject")); bad != nil {
		return "", bad
	}
	id, _, err := topic.publish(message, subject, attributes)
	if err != nil {
		return "", invalid("%v", err)
	}
	return id, nil
}

func (h *Handler) topic(in url.Values) (*Topic, *refusal) {
	arn := in.Get("TopicArn")
	switch {
	case arn == "":
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	case strings.Count(arn, ":") != 5 || !strings.HasPrefix(arn, "arn:"):
		return nil, invalid("TopicArn Reason: An ARN must have at least 6 elements, not %s", arn)
	}
	for _, t := range h.topics {
		if t.ARN() == arn {
			return t, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "NotFound", "Topic does not exist")
}

func checkMessage(message, structure string, attributes map[string]Attribute) *refusal {
	size := len(message)
	for name, a := range attributes {
		size += len(name) + len(a.Type) + len(a.Value)
	}
	switch {
	case message == "":
		return invalid("Empty message")
	case !utf8.ValidString(message):
		return invalid("Message Reason: must be UTF-8")
	case size > mostBytes:
		return invalid("Message too long")
	case structure != "":
		return invalid("MessageStructure Reason: the lab knows only messages that are the same for everyone")
	}
	return nil
}

// checkSubject wants a subject that is one line of printable ASCII that begins with a
// letter, a digit or a punctuation mark ("Publish", Amazon SNS API Reference).
func checkSubject(subject string, given bool) *refusal {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if given && (subject == "" || len(subject) >= leastTooLong || subject[0] == ' ' || strings.ContainsFunc(subject, unprintable)) {
		return invalid("Subject")
	}
	return nil
}

// attributesOf reads MessageAttributes.entry.1, MessageAttributes.entry.2, ...
func attributesOf(in url.Values) (map[string]Attribute, *refusal) {
	out := map[string]Attribute{}
	for i := 1; ; i++ {
		entry := "MessageAttributes.entry." + strconv.Itoa(i)
		if !in.Has(entry + ".Name") {
			return out, nil
		}
		name, a := in.Get(entry+".Name"), Attribute{Type: in.Get(entry + ".Value.DataType")}
		kind, _, _ := strings.Cut(a.Type, ".")
		switch kind {
		case "String", "Number":
			a.Value = in.Get(entry + ".Value.StringValue")
		case "Binary":
			a.Value = in.Get(entry + ".Value.BinaryValue")
			if _, err := base64.StdEncoding.DecodeString(a.Value); err != nil {
				return nil, invalid("MessageAttributes Reason: %s is not base64", name)
			}
		default:
			return nil, refuse(http.StatusBadRequest, "ParameterValueInvalid", "The message attribute '%s' has an invalid message attribute type", name)
		}
		if _, twice := out[name]; twice || name == "" || a.Value == "" {
			return nil, refuse(http.StatusBadRequest, "ParameterValueInvalid",
				"The message attribute '%s' must have a name and a value, and only once", name)
		}
		out[name] = a
	}
}

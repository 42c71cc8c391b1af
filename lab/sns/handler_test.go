package sns_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/pace"
	"crashcart/lab/sns"
	"crashcart/lab/sqs"
)

const account = "111122223333"

// endpoint is a client of two topics, and the address behind it.
func endpoint(t *testing.T) (client *sdk.Client, url string, notifications, other *sns.Topic) {
	t.Helper()
	notifications, other = sns.New("crashcart-notifications", "eu-central-1", account), sns.New("crashcart-intake", "eu-central-1", account)
	srv := httptest.NewServer(pace.Handler(sns.NewHandler(other, notifications)))
	t.Cleanup(srv.Close)
	return sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	}), srv.URL, notifications, other
}

func TestAMessageReachesItsTopicWhole(t *testing.T) {
	client, _, notifications, other := endpoint(t)
	q := sqs.NewQueue(clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)), sqs.Config{Name: "q"})
	notifications.Subscribe(q, true)
	out, err := client.Publish(t.Context(), &sdk.PublishInput{
		TopicArn: aws.String(notifications.ARN()), Message: aws.String(text + "\n…"), Subject: aws.String("Crashcart: 1 & <2>"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"outcome": {DataType: aws.String("String"), StringValue: aws.String("refused")},
			"key":     {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 2}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := notifications.Messages()
	if len(m) != 1 || len(other.Messages()) != 0 {
		t.Fatalf("%+v, %+v", m, other.Messages())
	}
	if m[0].ID != aws.ToString(out.MessageId) || m[0].Message != text+"\n…" || m[0].Subject != "Crashcart: 1 & <2>" || time.Since(m[0].At).Abs() > time.Minute {
		t.Errorf("%+v, id %s", m[0], aws.ToString(out.MessageId))
	}
	want := map[string]sns.Attribute{"outcome": {Type: "String", Value: "refused"}, "key": {Type: "Binary", Value: "AAEC"}}
	if len(m[0].Attributes) != 2 || m[0].Attributes["outcome"] != want["outcome"] || m[0].Attributes["key"] != want["key"] {
		t.Errorf("attributes %+v", m[0].Attributes)
	}
	if got := q.Messages(); len(got) != 1 || got[0].Body != text+"\n…" {
		t.Errorf("the subscribed queue has %+v", got)
	}
}

func TestWhatSNSRefusesIsNeverPublished(t *testing.T) {
	client, _, notifications, _ := endpoint(t)
	arn := notifications.ARN()
	attribute := func(kind, value string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{"rule": {DataType: &kind, StringValue: &value}}
	}
	for name, c := range map[string]struct {
		in   sdk.PublishInput
		code string
	}{
		"no topic":             {sdk.PublishInput{Message: aws.String("m")}, "InvalidParameter"},
		"a name":               {sdk.PublishInput{TopicArn: aws.String("crashcart-notifications"), Message: aws.String("m")}, "InvalidParameter"},
		"another topic":        {sdk.PublishInput{TopicArn: aws.String(arn + "-2"), Message: aws.String("m")}, "NotFound"},
		"another Region":       {sdk.PublishInput{TopicArn: aws.String(strings.Replace(arn, "central", "west", 1)), Message: aws.String("m")}, "NotFound"},
		"empty":                {sdk.PublishInput{TopicArn: &arn, Message: aws.String("")}, "InvalidParameter"},
		"too long":             {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m" + strings.Repeat("é", 131072))}, "InvalidParameter"},
		"too long with rule":   {sdk.PublishInput{TopicArn: &arn, Message: aws.String(strings.Repeat("m", 262144)), MessageAttributes: attribute("String", "v")}, "InvalidParameter"},
		"not UTF-8":            {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m\xff")}, "InvalidParameter"},
		"subject of 100":       {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String(strings.Repeat("s", 100))}, "InvalidParameter"},
		"subject not ASCII":    {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String("s…")}, "InvalidParameter"},
		"subject of two lines": {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String("s\ns")}, "InvalidParameter"},
		"subject with DEL":     {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String("s\x7f")}, "InvalidParameter"},
		"subject with blank":   {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String(" s")}, "InvalidParameter"},
		"empty subject":        {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), Subject: aws.String("")}, "InvalidParameter"},
		"structured":           {sdk.PublishInput{TopicArn: &arn, Message: aws.String(`{"default":"m"}`), MessageStructure: aws.String("json")}, "InvalidParameter"},
		"empty attribute":      {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), MessageAttributes: attribute("String", "")}, "ParameterValueInvalid"},
		"odd attribute":        {sdk.PublishInput{TopicArn: &arn, Message: aws.String("m"), MessageAttributes: attribute("Text", "v")}, "ParameterValueInvalid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Publish(t.Context(), &c.in)
			if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != c.code {
				t.Errorf("%v, must be %s", err, c.code)
			}
			if missing, ok := errors.AsType[*types.NotFoundException](err); ok != (c.code == "NotFound") || ok && missing.ErrorMessage() == "" {
				t.Errorf("%v: as NotFoundException: %v", err, ok)
			}
		})
	}
	if m := notifications.Messages(); len(m) != 0 {
		t.Errorf("published: %+v", m)
	}
}

func TestWhatIsJustWithinTheLimitsIsPublished(t *testing.T) {
	client, _, notifications, _ := endpoint(t)
	for _, in := range []sdk.PublishInput{
		{Message: aws.String(strings.Repeat("m", 262144))},
		{Message: aws.String("m"), Subject: aws.String("!" + strings.Repeat("s", 98))},
		{Message: aws.String("m"), MessageAttributes: map[string]types.MessageAttributeValue{
			"n": {DataType: aws.String("Number.int"), StringValue: aws.String("1")},
		}},
	} {
		in.TopicArn = aws.String(notifications.ARN())
		if _, err := client.Publish(t.Context(), &in); err != nil {
			t.Error(err)
		}
	}
	if len(notifications.Messages()) != 3 {
		t.Errorf("%d messages", len(notifications.Messages()))
	}
}

// What no SDK client sends.
func TestWhatIsNoPublishIsRefused(t *testing.T) {
	_, address, notifications, _ := endpoint(t)
	valid := url.Values{"Action": {"Publish"}, "TopicArn": {notifications.ARN()}, "Message": {"m"}}
	for name, c := range map[string]struct {
		key, value, code string
	}{
		"another action":           {"Action", "PublishBatch", "InvalidAction"},
		"binary without its bytes": {"MessageAttributes.entry.1.Value.BinaryValue", "?", "InvalidParameter"},
		"an attribute unnamed":     {"MessageAttributes.entry.1.Name", "", "ParameterValueInvalid"},
		"an attribute twice":       {"MessageAttributes.entry.2.Name", "key", "ParameterValueInvalid"},
		"an attribute untyped":     {"MessageAttributes.entry.1.Value.DataType", "", "ParameterValueInvalid"},
		"an attribute too large":   {"MessageAttributes.entry.1.Value.BinaryValue", base64.StdEncoding.EncodeToString(make([]byte, 200000)), "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			form := maps.Clone(valid)
			for _, n := range []string{"1", "2"} {
				form.Set("MessageAttributes.entry."+n+".Name", "key"+n)
				form.Set("MessageAttributes.entry."+n+".Value.DataType", "Binary")
				form.Set("MessageAttributes.entry."+n+".Value.BinaryValue", "AAEC")
			}
			if name == "an attribute twice" {
				form.Set("MessageAttributes.entry.1.Name", "key")
			}
			form.Set(c.key, c.value)
			res, err := http.PostForm(address, form)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "<Code>"+c.code+"</Code>") {
				t.Errorf("%d %s, %v", res.StatusCode, body, err)
			}
		})
	}
	if m := notifications.Messages(); len(m) != 0 {
		t.Errorf("published: %+v", m)
	}
}

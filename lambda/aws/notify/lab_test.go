package notify_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"crashcart/lab"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/notify"
)

// With the SDK's own client and the casebook itself: what SNS does not take, or
// DynamoDB takes for no key, is refused there.
func TestEverySceneReachesTheTopicOnce(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := sns.NewFromConfig(l.Config(), func(o *sns.Options) { o.Retryer = aws.NopRetryer{} })
	var decisions []notify.Decision
	for _, scene := range scenes {
		decisions = append(decisions, scene...)
	}
	book := casebook.New(dynamodb.NewFromConfig(l.Config()), l.TableName)
	notifier := notify.New(client, l.Notifications.ARN(), book, l.Region)
	for range 2 { // the second time it is only what has no limit
		if _, err := notifier.Notify(t.Context(), decisions); err != nil {
			t.Error(err)
		}
	}
	published := map[string]int{}
	for _, m := range l.Notifications.Messages() {
		var n note
		if err := json.Unmarshal([]byte(m.Message), &n); err != nil || m.Subject == "" || m.Attributes["outcome"].Value == "" {
			t.Errorf("%+v, %v", m, err)
		}
		published[m.Attributes["outcome"].Value]++
	}
	// Of held, refused and dry-run as many as there are topics; the others twice.
	want := map[string]int{"interrupted": 4, "unknown": 2, "rejected": 2, "failed": 2, "dry-run": 1, "held": 4, "refused": 9}
	for outcome, n := range want {
		if published[outcome] != n {
			t.Errorf("%s was published %d times, not %d", outcome, published[outcome], n)
		}
	}
	if len(l.Topic.Messages()) != 0 {
		t.Errorf("the intake topic got %+v", l.Topic.Messages())
	}
}

func TestEveryUpdateReachesTheTopic(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := sns.NewFromConfig(l.Config(), func(o *sns.Options) { o.Retryer = aws.NopRetryer{} })
	notifier := notify.New(client, l.Notifications.ARN(), casebook.New(dynamodb.NewFromConfig(l.Config()), l.TableName), l.Region)
	for name, u := range updates {
		if err := notifier.Update(t.Context(), u); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := len(l.Notifications.Messages()); got != len(updates) {
		t.Errorf("%d of %d updates were published", got, len(updates))
	}
}

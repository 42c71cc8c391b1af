package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"crashcart/lambda/aws/notify"
)

const (
	host  = "i-0a1b2c3d4e5f60718"
	host2 = "i-0b1b2c3d4e5f60718"
	topic = "arn:aws:sns:eu-central-1:111122223333:crashcart-notifications"
)

// note is a message as a test reads it.
type note struct {
	Version, Source, ID string
	Content             struct {
		TextType, Title, Description string
		NextSteps, Keywords          []string
	}
	Metadata struct {
		ThreadID, Summary, EventType string
		RelatedResources             []string
		AdditionalContext            map[string]string
		EnableCustomActions          bool
	}
	subject    string
	attributes map[string]string
	raw        string
}

// board is a topic that keeps what is published.
type board struct {
	mu      sync.Mutex
	notes   []note
	refuse  error
	takes   time.Duration // of every publish
	running int
	most    int // publishes at once
}

func (b *board) Publish(ctx context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	b.mu.Lock()
	b.running++
	b.most = max(b.most, b.running)
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.running--
		b.mu.Unlock()
	}()
	if b.takes > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(b.takes):
		}
	}
	if b.refuse != nil {
		return nil, b.refuse
	}
	n := note{subject: aws.ToString(in.Subject), raw: aws.ToString(in.Message), attributes: map[string]string{}}
	if aws.ToString(in.TopicArn) != topic {
		return nil, fmt.Errorf("published to %s", aws.ToString(in.TopicArn))
	}
	if err := json.Unmarshal([]byte(n.raw), &n); err != nil {
		return nil, err
	}
	for name, a := range in.MessageAttributes {
		if n.attributes[name] = aws.ToString(a.StringValue); n.attributes[name] == "" || aws.ToString(a.DataType) != "String" {
			return nil, fmt.Errorf("attribute %s is %+v", name, a)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, n)
	return &sns.PublishOutput{}, nil
}

func (b *board) titles() []string {
	var out []string
	for _, n := range b.notes {
		out = append(out, n.Content.Title)
	}
	return out
}

// memory limits as the casebook does, on its own clock.
type memory struct {
	mu       sync.Mutex
	now      time.Time
	notified map[string]time.Time
	skipped  map[string]int
	asked    int
	fails    error
	hangs    bool
}

func (m *memory) MayNotify(ctx context.Context, topic string, n int, dryRun bool) (bool, int, error) {
	if m.hangs {
		<-ctx.Done()
		return false, 0, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.fails != nil {
		return false, 0, m.fails
	}
	if len(topic) > 300 || topic == "" {
		return false, 0, fmt.Errorf("%q is no key", topic)
	}
	key := fmt.Sprint(dryRun, " ", topic)
	if at, ok := m.notified[key]; ok && m.now.Sub(at) < time.Hour {
		m.skipped[key] += n
		return false, 0, nil
	}
	skipped := m.skipped[key]
	m.notified[key], m.skipped[key] = m.now, 0
	return true, skipped, nil
}

type world struct {
	*board
	memory   *memory
	notifier *notify.Notifier
}

func newWorld() world {
	w := world{board: &board{}, memory: &memory{
		now: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC), notified: map[string]time.Time{}, skipped: map[string]int{},
	}}
	w.notifier = notify.New(w.board, topic, w.memory, "eu-central-1")
	w.notifier.Now = func() time.Time { return w.memory.now }
	return w
}

// notify gives the titles of what one call published.
func (w world) notify(t *testing.T, decisions ...notify.Decision) []string {
	t.Helper()
	before := len(w.notes)
	if untold, err := w.notifier.Notify(t.Context(), decisions); err != nil || untold > 0 {
		t.Fatal(untold, err)
	}
	return w.titles()[before:]
}

func refused(instance, rule string) notify.Decision {
	return notify.Decision{InstanceID: instance, Outcome: "refused", Rule: rule, Why: "because of " + rule}
}

func with(d notify.Decision, change func(*notify.Decision)) notify.Decision {
	change(&d)
	return d
}

func dryRun(d notify.Decision) notify.Decision {
	d.DryRun = true
	return d
}

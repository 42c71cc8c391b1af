package lab_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"crashcart/lab"
	"crashcart/lab/states"
	"crashcart/lambda/domain/config"
)

// follower is a follow-up that ends a case by its age, as it reads it in the table.
type follower struct{ cfg aws.Config }

type followed struct {
	CaseID      string `json:"caseId"`
	Done        bool   `json:"done"`
	WaitSeconds int    `json:"waitSeconds"`
}

const endsAfter = 10 * time.Minute

func (f follower) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	var e struct {
		events.SQSEvent
		Advance, Finish *followed
		Sweep           bool
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Sweep:
		return nil, f.start(ctx, "swept", `{"caseId":"`+web+`"}`)
	case e.Finish != nil:
		return followed{CaseID: e.Finish.CaseID}, nil
	case e.Advance != nil:
		age, err := f.age(ctx, e.Advance.CaseID)
		return followed{CaseID: e.Advance.CaseID, Done: age > endsAfter, WaitSeconds: 60}, err
	}
	return nil, f.start(ctx, "queued", e.Records[0].Body)
}

func (f follower) start(ctx context.Context, name, input string) error {
	_, err := sfn.NewFromConfig(f.cfg).StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(os.Getenv(config.EnvStateMachine)), Name: &name, Input: &input,
	})
	return err
}

// age is how old the case is: the older of the time it has by itself, and of that in JSON.
func (f follower) age(ctx context.Context, id string) (time.Duration, error) {
	out, err := dynamodb.NewFromConfig(f.cfg).GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(os.Getenv(config.EnvTable)), Key: caseKey(id)})
	if err != nil {
		return 0, err
	}
	stamp, _ := out.Item["claimedAt"].(*types.AttributeValueMemberS)
	nested, _ := out.Item["followed"].(*types.AttributeValueMemberS)
	var known struct{ At []time.Time }
	if err := json.Unmarshal([]byte(nested.Value), &known); err != nil {
		return 0, err
	}
	claimed, err := time.Parse("2006-01-02T15:04:05.000Z", stamp.Value)
	if apart := claimed.Sub(known.At[0]).Abs(); apart > time.Second {
		err = fmt.Errorf("two times that were the same are %s apart", apart)
	}
	return time.Since(claimed), err
}

func caseKey(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text("case#" + id), "sk": text("case")}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// opened is a lab with a follow-up and an open case.
func opened(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	l := start(t, o)
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Follow(lab.Function{Path: path, Concurrency: 1}); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	item := caseKey(web)
	item["claimedAt"], item["followed"] = text(now), text(`{"At":["`+now+`"]}`)
	if _, err := dynamodb.NewFromConfig(l.Config()).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &l.TableName, Item: item}); err != nil {
		t.Fatal(err)
	}
	return l
}

// ended waits for an execution of that name to start and to end.
func ended(t *testing.T, l *lab.Lab, name string) states.Execution {
	t.Helper()
	for over := time.Now().Add(20 * time.Second); time.Now().Before(over); time.Sleep(10 * time.Millisecond) { // nobody notifies of it
		for _, e := range l.Machine.Executions() {
			if e.Name == name && e.Status != states.Running {
				return e
			}
		}
	}
	t.Fatalf("no execution %s ends; %d run", name, l.Machine.Running())
	return states.Execution{}
}

func TestACaseOfTheQueueIsFollowedInLabTime(t *testing.T) {
	l := opened(t, lab.Options{Speed: 600})
	l.FollowupQueue.Send(config.FollowMessage(web), nil, 0)
	e := ended(t, l, "queued")
	if e.Status != states.Succeeded || e.Output != `{"caseId":"`+web+`","done":false,"waitSeconds":0}` {
		t.Errorf("the execution ended as %+v", e)
	}
	if took := e.Stopped.Sub(e.Started); took < endsAfter-time.Minute || took > 3*endsAfter {
		t.Errorf("a case that ends after %s was followed for %s of lab time", endsAfter, took)
	}
	for over := time.Now().Add(10 * time.Second); len(l.FollowupQueue.Messages()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(over) {
			t.Fatal("the message is left in the queue")
		}
	}
	// What anybody else reads of the case stays as it was written.
	out, err := dynamodb.NewFromConfig(l.Config()).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &l.TableName, Key: caseKey(web)})
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, out.Item["claimedAt"].(*types.AttributeValueMemberS).Value)
	if age := time.Since(at); err != nil || age > time.Minute {
		t.Errorf("the claim is %s old to others (%v)", age, err)
	}
}

func TestTheSweepComesEveryFiveMinutesOfLabTimeUntilTheLabIsClosed(t *testing.T) {
	l := opened(t, lab.Options{Speed: 600})
	if e := ended(t, l, "swept"); e.Status != states.Succeeded {
		t.Errorf("the execution ended as %+v", e)
	}
	l.Run(6000)
	if l.Following() < 0 || l.Sweep(t.Context()) == nil {
		t.Error("a sweep that cannot start what has ended succeeds") // the name is taken
	}
}

func TestTwoFunctionsNeverGetEachOthersEvents(t *testing.T) {
	l := opened(t, lab.Options{})
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Invoke(t.Context(), []byte("{}")); err == nil {
		t.Error("the intake queue has a function that nobody has deployed")
	}
	if err := l.Deploy(lab.Function{Path: path}); err != nil {
		t.Fatal(err)
	}
	if r, err := l.Invoke(t.Context(), []byte("{}")); err != nil || string(r.Payload) != `"direct"` {
		t.Errorf("the interrupt function answers %s, %v", r.Payload, err)
	}
	if err := l.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	callers := map[string]string{}
	for _, c := range l.Calls() {
		if strings.HasPrefix(c.Caller, "ASIALAB") {
			callers[c.Service] = c.Caller
		}
	}
	if callers["states"] == "" || l.Kill("ASIALAB0990000000001") || !l.Kill(callers["states"]) {
		t.Errorf("the follow-up's process was not killed by its key: %v", callers)
	}
	if r, err := l.Invoke(t.Context(), []byte("{}")); err != nil || string(r.Payload) != `"direct"` || r.ColdStart {
		t.Errorf("with the follow-up the interrupt function was killed: %+v, %v", r, err)
	}
}

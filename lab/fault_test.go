package lab_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"crashcart/lab"
	labdynamodb "crashcart/lab/dynamodb"
	"crashcart/lab/fault"
)

func lever() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "lever"}, "sk": &types.AttributeValueMemberS{Value: "lever"},
	}
}

// table is a client that asks once and takes the answer it gets.
func table(l *lab.Lab) *dynamodb.Client {
	return dynamodb.NewFromConfig(l.Config(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
}

func TestALostAnswerIsNoAnswerThoughTheCallWasCarriedOut(t *testing.T) {
	l := start(t, lab.Options{Faults: []fault.Fault{fault.NewLostAnswers(fault.DynamoDB, "PutItem", 100, 1)}})
	c := table(l)
	_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(l.TableName), Item: lever()})
	if _, answered := errors.AsType[smithy.APIError](err); err == nil || answered {
		t.Errorf("err = %v", err)
	}
	out, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(l.TableName), Key: lever()})
	if err != nil || len(out.Item) == 0 {
		t.Errorf("item %v, %v", out, err)
	}
	if call := l.Calls()[0]; !call.Lost || call.Code != "" || call.Status != 200 || call.Caller != "LABACCESSKEY" {
		t.Errorf("recorded %+v", call)
	}
}

func TestAServiceThatIsAwayCarriesNothingOutAndComesBack(t *testing.T) {
	l := start(t, lab.Options{Faults: []fault.Fault{fault.Outage{Service: fault.DynamoDB}}})
	c := table(l)
	put := func() error {
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(l.TableName), Item: lever()})
		return err
	}
	written := 0
	l.Table.Subscribe(func(labdynamodb.Change) { written++ })
	if err := put(); err == nil || !strings.Contains(err.Error(), "connection reset") || written != 0 {
		t.Errorf("err = %v, %d written", err, written)
	}
	l.Faults.Use()
	if err := put(); err != nil || written != 1 {
		t.Errorf("err = %v, %d written", err, written)
	}
}

func TestAFaultsAnswerIsReadAndRecordedAsAWSs(t *testing.T) {
	l := start(t, lab.Options{Faults: []fault.Fault{fault.NewConflicts(100, 1)}})
	_, err := table(l).TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String(l.TableName), Item: lever()}},
	}})
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok || len(cancelled.CancellationReasons) != 1 || aws.ToString(cancelled.CancellationReasons[0].Code) != "TransactionConflict" {
		t.Errorf("err = %v", err)
	}
	if call := l.Calls()[0]; call.Code != "TransactionCanceledException" || call.Lost {
		t.Errorf("recorded %+v", call)
	}
}

package dynamodb_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lab/dynamodb"
)

func TestEveryChangeIsToldAndNothingElseIs(t *testing.T) {
	h, err := dynamodb.New(table)
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	h.Subscribe(func(c dynamodb.Change) {
		what := "changed"
		if c.Created {
			what = "created"
		}
		if c.Deleted {
			what = "deleted"
		}
		heard = append(heard, what+" "+c.Partition)
	})
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	put(t, c, key("a"))
	put(t, c, key("a"))
	_, err = c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{TableName: aws.String(table), Key: key("lever"), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		{Put: &types.Put{TableName: aws.String(table), Item: key("b"), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String(table), Item: key("b"), ConditionExpression: aws.String("attribute_not_exists(pk)")})
	if code(err) != "ConditionalCheckFailedException" {
		t.Errorf("err = %v", err)
	}
	if _, err := c.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: aws.String(table), Key: key("a")}); err != nil {
		t.Fatal(err)
	}
	want := []string{"created a", "changed a", "created b", "deleted a"}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}

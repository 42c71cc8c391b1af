package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// The casebook's attributes, as lambda/aws/casebook has them.
const (
	partitionKey = "pk"
	sortKey      = "sk"
	openKey      = "openKey"
	openedAt     = "openedAt"
	expiresAt    = "expiresAt"
)

// newCasebook makes the table. It is what keeps a machine from being interrupted
// twice: it survives the stack, and nobody deletes it by the way.
func newCasebook(s Stack, key awskms.Key) awsdynamodb.Table {
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	}
	table := awsdynamodb.NewTable(s.Stack, jsii.String("Casebook"), &awsdynamodb.TableProps{
		PartitionKey: text(partitionKey), SortKey: text(sortKey),
		BillingMode:   awsdynamodb.BillingMode_PAY_PER_REQUEST, // nothing for weeks, then a storm
		Encryption:    awsdynamodb.TableEncryption_CUSTOMER_MANAGED,
		EncryptionKey: key,
		// Tidies up; what has lapsed is known from the items themselves.
		TimeToLiveAttribute: jsii.String(expiresAt),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(true),
		RemovalPolicy:      awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
	})
	table.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{
		IndexName:    jsii.String(config.OpenIndex), // sparse: only an open case has the key
		PartitionKey: text(openKey), SortKey: text(openedAt),
		ProjectionType: awsdynamodb.ProjectionType_ALL,
	})
	return table
}

package casebook

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// noteTries is how often noting tries. Notes matter to a reader alone.
const noteTries = 4

// Note adds the notes to the case of this claim.
func (b *Book) Note(ctx context.Context, c cases.Case, n cases.Notes) error {
	for tries := 1; ; tries++ {
		_, err := b.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &b.Table, Key: keysOf(c.DryRun).caseKey(c.ID),
			ConditionExpression: aws.String("nonce = :nonce"),
			UpdateExpression:    aws.String("SET evidence = :evidence, protected = :protected, notedAt = :now"),
			ExpressionAttributeValues: item{
				":nonce": str(c.Hold.Nonce), ":evidence": str(n.Evidence), ":protected": str(n.Protected), ":now": str(stamp(b.Now())),
			},
		})
		if err == nil {
			return nil
		}
		if _, other := errors.AsType[*types.ConditionalCheckFailedException](err); other {
			return fmt.Errorf("noting what was done in case %s: it is no longer this claim's case", c.ID)
		}
		if tries == noteTries {
			return fmt.Errorf("noting what was done in case %s: %w", c.ID, err)
		}
		if stop := wait(ctx, tries); stop != nil {
			return fmt.Errorf("noting what was done in case %s: %w", c.ID, errors.Join(err, stop))
		}
	}
}

package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// batchGetLimit is how many items one BatchGetItem may ask for ("BatchGetItem", Amazon
// DynamoDB API Reference).
const batchGetLimit = 100

// unprocessedTries is how many answers of BatchGetItem in a row may leave all keys
// unprocessed before the read counts as failed. An answer that left only some of them
// does not count: DynamoDB gives what it can ("BatchGetItem", Amazon DynamoDB API
// Reference).
const unprocessedTries = 4

// Read returns the views of all subjects by instance id and source key, with
// consistent reads. The error means that nothing may be concluded for any.
func (b *Book) Read(ctx context.Context, subjects []cases.Subject) (map[cases.Subject]cases.View, error) {
	keys := map[string]item{"lever": leverKey()}
	for _, s := range subjects {
		add := func(k item) { keys[get(k, attrPK)] = k }
		add(realKeys.instanceKey(s.InstanceID))
		add(dumpKey(s.InstanceID))
		add(realKeys.caseKey(cases.ID(s.InstanceID, s.SourceKey)))
		add(keysOf(s.DryRun).caseKey(cases.ID(s.InstanceID, s.SourceKey)))
	}
	found, err := b.fetch(ctx, keys)
	if err != nil {
		return nil, err
	}
	lever := leverOf(found["lever"])
	views, now := make(map[cases.Subject]cases.View, len(subjects)), b.Now()
	for _, s := range subjects {
		v := viewOf(found[get(realKeys.instanceKey(s.InstanceID), attrPK)], now)
		v.Lever = lever
		v.DumpSeen = parseStamp(get(found[get(dumpKey(s.InstanceID), attrPK)], attrSeenAt))
		for _, keys := range []keyspace{keysOf(s.DryRun), realKeys} {
			if c, ok := found[get(keys.caseKey(cases.ID(s.InstanceID, s.SourceKey)), attrPK)]; ok {
				v.ClaimedBy = get(c, attrCase)
			}
		}
		views[s] = v
	}
	return views, nil
}

func leverOf(it item) cases.Lever {
	if it == nil {
		return cases.Lever{}
	}
	return cases.Lever{Pulled: true, Reason: get(it, attrReason), By: get(it, attrBy), Since: parseStamp(get(it, attrSince))}
}

// viewOf is what the instance's item says at that moment.
func viewOf(instance item, at time.Time) cases.View {
	v := cases.View{LastClaim: parseStamp(get(instance, attrLastClaim))}
	if id := get(instance, attrOpenCase); id != "" && get(instance, attrOpenUntil) >= stamp(at) {
		v.OpenCase, v.OpenedAt = id, v.LastClaim
	}
	return v
}

// fetch gets the items by partition key; every partition asked for has one item.
func (b *Book) fetch(ctx context.Context, keys map[string]item) (map[string]item, error) {
	found := make(map[string]item, len(keys))
	pending := make([]item, 0, len(keys))
	for _, k := range keys {
		pending = append(pending, k)
	}
	for tries := 0; len(pending) > 0; {
		chunk := pending[:min(len(pending), batchGetLimit)]
		out, err := b.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			b.Table: {Keys: chunk, ConsistentRead: aws.Bool(true)},
		}})
		if err != nil {
			return nil, fmt.Errorf("reading the casebook: %w", err)
		}
		for _, it := range out.Responses[b.Table] {
			found[get(it, attrPK)] = it
		}
		pending = pending[len(chunk):]
		left := out.UnprocessedKeys[b.Table].Keys
		if len(left) == 0 {
			continue
		}
		if tries++; len(left) < len(chunk) {
			tries = 0
		}
		if tries == unprocessedTries {
			return nil, errors.New("reading the casebook: DynamoDB left all keys unprocessed")
		}
		if err := wait(ctx, tries+1); err != nil {
			return nil, err
		}
		pending = append(pending, left...)
	}
	return found, nil
}

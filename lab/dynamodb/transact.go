package dynamodb

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/truora/minidyn/server"
)

const (
	// maxActions is the limit of one transaction ("TransactWriteItems", Amazon
	// DynamoDB API Reference).
	maxActions = 100
	// tokenLife is how long a ClientRequestToken is remembered (same page).
	tokenLife = 10 * time.Minute
)

// commit is a transaction that went through under a ClientRequestToken.
type commit struct {
	payload [sha256.Size]byte
	at      time.Time
}

func (h *Handler) transactWrite(body []byte) (any, error) {
	var in server.TransactWriteItemsInput
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	token, payload := aws.ToString(in.ClientRequestToken), payloadOf(in)
	if done, ok := h.tokens[token]; ok && token != "" && h.now().Sub(done.at) < tokenLife {
		if done.payload != payload {
			return nil, &Error{Code: codeMismatch, Message: "The request uses the same client token as a previous, but non-identical request."}
		}
		return struct{}{}, nil
	}
	if err := h.transact(in.TransactItems); err != nil {
		return nil, err
	}
	if token != "" {
		h.tokens[token] = commit{payload: payload, at: h.now()}
	}
	return struct{}{}, nil
}

// payloadOf identifies what a transaction asks for. The order of its JSON keys does not
// matter.
func payloadOf(in server.TransactWriteItemsInput) [sha256.Size]byte {
	in.ClientRequestToken = nil
	canonical, err := json.Marshal(in)
	if err != nil { // it was decoded from JSON a moment ago
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(canonical)
}

// transact checks every action, and works out every change, before it stores the
// first one.
func (h *Handler) transact(items []server.TransactWriteItem) error {
	actions, err := h.actions(items)
	if err != nil {
		return err
	}
	if err := h.conditions(actions); err != nil {
		return err
	}
	changes := make([]change, len(actions))
	for i, a := range actions {
		if changes[i], err = h.plan(a); err != nil {
			return err
		}
	}
	for _, c := range changes {
		h.apply(c)
	}
	return nil
}

// actions reads what a transaction holds and refuses what AWS refuses of it.
func (h *Handler) actions(items []server.TransactWriteItem) ([]action, error) {
	if len(items) == 0 || len(items) > maxActions {
		return nil, invalid("Member must have length between 1 and %d: transactItems has %d", maxActions, len(items))
	}
	out := make([]action, len(items))
	seen := map[[2]string]bool{}
	for i, it := range items {
		a, err := actionOf(it)
		if err != nil {
			return nil, err
		}
		if err := h.check(a); err != nil {
			return nil, err
		}
		id := [2]string{*a.key[HashKey].S, *a.key[RangeKey].S}
		if seen[id] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id], out[i] = true, a
	}
	return out, nil
}

// conditions evaluates all of them, so that each failure has its index in the answer.
func (h *Handler) conditions(actions []action) error {
	reasons, broken := make([]reason, len(actions)), false
	for i, a := range actions {
		reasons[i] = reason{Code: reasonNone}
		f, err := h.failed(a)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		broken = true
		reasons[i] = reason{Code: reasonCondition, Message: failedCondition}
		if f.item != nil {
			reasons[i].Item = wireItem(f.item)
		}
	}
	if broken {
		return cancelled(reasons)
	}
	return nil
}

// actionOf reads the one operation that a transaction item must hold.
func actionOf(it server.TransactWriteItem) (action, error) {
	var found []action
	if p := it.Put; p != nil {
		found = append(found, action{
			table: p.TableName, key: keyOf(p.Item), put: p.Item, condition: p.ConditionExpression,
			names: p.ExpressionAttributeNames, values: p.ExpressionAttributeValues, onFailure: p.ReturnValuesOnConditionCheckFailure,
		})
	}
	if u := it.Update; u != nil {
		found = append(found, action{
			table: u.TableName, key: u.Key, update: aws.String(aws.ToString(u.UpdateExpression)), condition: u.ConditionExpression,
			names: u.ExpressionAttributeNames, values: u.ExpressionAttributeValues, onFailure: u.ReturnValuesOnConditionCheckFailure,
		})
	}
	if d := it.Delete; d != nil {
		found = append(found, action{
			table: d.TableName, key: d.Key, remove: true, condition: d.ConditionExpression,
			names: d.ExpressionAttributeNames, values: d.ExpressionAttributeValues, onFailure: d.ReturnValuesOnConditionCheckFailure,
		})
	}
	if c := it.ConditionCheck; c != nil {
		found = append(found, action{
			table: c.TableName, key: c.Key, condition: aws.String(aws.ToString(c.ConditionExpression)),
			names: c.ExpressionAttributeNames, values: c.ExpressionAttributeValues, onFailure: c.ReturnValuesOnConditionCheckFailure,
		})
	}
	if len(found) != 1 {
		return action{}, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	return found[0], nil
}

package dynamodb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/truora/minidyn/server"
)

// action is one write or check, from a single call or from a transaction. Every
// write goes the same way: check the expressions, check the condition, work out
// the item, and only then store it.
type action struct {
	table     *string
	key       item
	put       item    // the whole new item of a put
	update    *string // the expression of an update
	remove    bool    // a delete
	condition *string
	names     map[string]string
	values    item
	onFailure types.ReturnValuesOnConditionCheckFailure
}

// change is what an allowed action does to the table.
type change struct {
	key      item
	old, new item // nil: no such item
}

func (h *Handler) putItem(in *server.PutItemInput) (any, error) {
	c, err := h.run(action{
		table: in.TableName, key: keyOf(in.Item), put: in.Item, condition: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		onFailure: in.ReturnValuesOnConditionCheckFailure,
	})
	if err != nil {
		return nil, err
	}
	return attributes(in.ReturnValues, c, nil), nil
}

func (h *Handler) deleteItem(in *server.DeleteItemInput) (any, error) {
	c, err := h.run(action{
		table: in.TableName, key: in.Key, remove: true, condition: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		onFailure: in.ReturnValuesOnConditionCheckFailure,
	})
	if err != nil {
		return nil, err
	}
	return attributes(in.ReturnValues, c, nil), nil
}

func (h *Handler) updateItem(in *server.UpdateItemInput) (any, error) {
	expression := aws.ToString(in.UpdateExpression)
	c, err := h.run(action{
		table: in.TableName, key: in.Key, update: aws.String(expression), condition: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		onFailure: in.ReturnValuesOnConditionCheckFailure,
	})
	if err != nil {
		return nil, err
	}
	u, err := parseUpdate(expression, in.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	return attributes(in.ReturnValues, c, u.touched()), nil
}

// attributes answers ReturnValues; touched are the attributes an update names.
func attributes(want types.ReturnValue, c change, touched []string) any {
	var out item
	switch want {
	case types.ReturnValueAllOld:
		out = c.old
	case types.ReturnValueAllNew:
		out = c.new
	case types.ReturnValueUpdatedOld:
		out = pick(c.old, touched)
	case types.ReturnValueUpdatedNew:
		out = pick(c.new, touched)
	}
	if len(out) == 0 {
		return struct{}{}
	}
	return map[string]any{"Attributes": wireItem(out)}
}

func pick(it item, names []string) item {
	out := item{}
	for _, n := range names {
		if v, ok := it[n]; ok {
			out[n] = v
		}
	}
	return out
}

func keyOf(it item) item {
	return pick(it, []string{HashKey, RangeKey})
}

// run does one action by itself.
func (h *Handler) run(a action) (change, error) {
	if err := h.check(a); err != nil {
		return change{}, err
	}
	failed, err := h.failed(a)
	if err != nil {
		return change{}, err
	}
	if failed != nil {
		return change{}, &Error{Code: codeCondition, Message: failedCondition, item: failed.item}
	}
	c, err := h.plan(a)
	if err != nil {
		return change{}, err
	}
	h.apply(c)
	return c, nil
}

// check refuses what AWS refuses before it reads any item.
func (h *Handler) check(a action) error {
	if aws.ToString(a.table) != h.table {
		return &Error{Code: codeNotFound, Message: "Requested resource not found: Table: " + aws.ToString(a.table) + " not found"}
	}
	if a.put != nil {
		if err := checkItemKeys(a.put); err != nil {
			return err
		}
	} else if err := checkKey(a.key); err != nil {
		return err
	}
	if a.condition != nil && *a.condition == "" {
		return invalid("Invalid ConditionExpression: The expression can not be empty;")
	}
	condition, update := aws.ToString(a.condition), aws.ToString(a.update)
	if err := checkReserved("ConditionExpression", condition); err != nil {
		return err
	}
	if err := checkReserved("UpdateExpression", update); err != nil {
		return err
	}
	if err := checkPlaceholders(a.names, a.values, condition, update); err != nil {
		return err
	}
	return errors.Join(checkNumbers(a.put), checkNumbers(a.values))
}

// failure is a condition that did not hold, with the item if the action asked for it.
type failure struct{ item item }

// failed evaluates the action's condition against the table as it stands.
func (h *Handler) failed(a action) (*failure, error) {
	if a.condition == nil {
		return nil, nil
	}
	old := h.store.get(a.key)
	engine, err := h.engine(old)
	if err != nil {
		return nil, err
	}
	_, err = engine.TransactWriteItems(context.Background(), &server.TransactWriteItemsInput{
		TransactItems: []server.TransactWriteItem{{ConditionCheck: &server.ConditionCheck{
			TableName: a.table, Key: a.key, ConditionExpression: a.condition,
			ExpressionAttributeNames:  restrict(a.names, *a.condition),
			ExpressionAttributeValues: restrict(a.values, *a.condition),
		}}},
	})
	if _, cancelled := errors.AsType[*types.TransactionCanceledException](err); !cancelled {
		return nil, err
	}
	f := &failure{}
	if a.onFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
		f.item = old
	}
	return f, nil
}

// plan works out the change without making it.
func (h *Handler) plan(a action) (change, error) {
	old := h.store.get(a.key)
	c := change{key: a.key, old: old, new: old}
	switch {
	case a.put != nil:
		c.new = a.put
	case a.remove:
		c.new = nil
	case a.update != nil:
		var err error
		if c.new, err = h.updated(a, old); err != nil {
			return change{}, err
		}
	}
	return c, nil
}

package dynamodb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/truora/minidyn/server"
)

// touched are the top-level attributes that the expression assigns or removes.
func (u update) touched() []string {
	out := slices.Clone(u.changed)
	for _, path := range u.removed {
		out = append(out, path[0])
	}
	return out
}

// updated gives the item that an update makes of old. The engine computes SET,
// ADD and DELETE on a copy; of that only the attributes assigned to are taken,
// since it rewrites every number of an item it touches. REMOVE is done here.
func (h *Handler) updated(a action, old item) (item, error) {
	u, err := parseUpdate(*a.update, a.names)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(old)
	if out == nil {
		out = maps.Clone(a.key)
	}
	if u.rest != "" {
		computed, err := h.compute(a, out, u.rest)
		if err != nil {
			return nil, err
		}
		for _, name := range u.changed {
			delete(out, name)
			if v, ok := computed[name]; ok {
				out[name] = v
			}
		}
	}
	for _, path := range u.removed {
		if path[0] == HashKey || path[0] == RangeKey {
			return nil, invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", path[0])
		}
		if err := removePath(out, path); err != nil {
			return nil, err
		}
	}
	return out, checkItemKeys(out)
}

// compute runs the expression on a copy of the item.
func (h *Handler) compute(a action, it item, expression string) (item, error) {
	engine, err := h.engine(it)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if _, err := engine.UpdateItem(ctx, &server.UpdateItemInput{
		TableName: aws.String(h.table), Key: a.key, UpdateExpression: aws.String(expression),
		ExpressionAttributeNames:  restrict(a.names, expression),
		ExpressionAttributeValues: restrict(a.values, expression),
	}); err != nil {
		return nil, err
	}
	out, err := engine.GetItem(ctx, &server.GetItemInput{TableName: aws.String(h.table), Key: a.key})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// removePath deletes the attribute at path. A missing attribute is no error.
func removePath(it item, path []string) error {
	last := path[len(path)-1]
	if strings.HasPrefix(last, "[") {
		return invalid("the lab does not remove list elements: %s", strings.Join(path, "."))
	}
	for i, name := range path[:len(path)-1] {
		v := it[name]
		if v == nil || v.M == nil {
			return invalid("The document path provided in the update expression is invalid for update: %s", strings.Join(path[:i+1], "."))
		}
		m := maps.Clone(v.M)
		it[name] = &value{M: m}
		it = m
	}
	delete(it, last)
	return nil
}

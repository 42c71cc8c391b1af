package dynamodb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/truora/minidyn/server"
)

func (h *Handler) known(table *string) error {
	if aws.ToString(table) != h.table {
		return &Error{Code: codeNotFound, Message: "Requested resource not found: Table: " + aws.ToString(table) + " not found"}
	}
	return nil
}

func (h *Handler) getItem(in *server.GetItemInput) (any, error) {
	if err := h.known(in.TableName); err != nil {
		return nil, err
	}
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	if err := checkReserved("ProjectionExpression", aws.ToString(in.ProjectionExpression)); err != nil {
		return nil, err
	}
	engine, err := h.engine(h.store.get(in.Key))
	if err != nil {
		return nil, err
	}
	out, err := engine.GetItem(context.Background(), in)
	if err != nil {
		return nil, err
	}
	if len(out.Item) == 0 {
		return struct{}{}, nil
	}
	return map[string]any{"Item": wireItem(out.Item)}, nil
}

func (h *Handler) query(in *server.QueryInput) (any, error) {
	if err := h.checkSearch(in.TableName, in.IndexName, in.ConsistentRead); err != nil {
		return nil, err
	}
	for kind, e := range map[string]*string{
		"KeyConditionExpression": in.KeyConditionExpression, "FilterExpression": in.FilterExpression,
		"ProjectionExpression": in.ProjectionExpression,
	} {
		if err := checkReserved(kind, aws.ToString(e)); err != nil {
			return nil, err
		}
	}
	hash, err := partitionOf(in)
	if err != nil {
		return nil, err
	}
	asked := h.store.partition(hash)
	if in.IndexName != nil {
		asked = slices.Collect(maps.Values(h.store.open))
	}
	engine, err := h.engine(asked...)
	if err != nil {
		return nil, err
	}
	out, err := engine.Query(context.Background(), in)
	if err != nil {
		return nil, err
	}
	return page(out.Items, out.LastEvaluatedKey, in.Select), nil
}

// partitionOf reads the one partition that a query must name: the engine would
// answer a query that does not with a scan.
func partitionOf(in *server.QueryInput) (string, error) {
	hash := HashKey
	if in.IndexName != nil {
		hash = OpenHashKey
	}
	tokens := tokenize(aws.ToString(in.KeyConditionExpression))
	for i, t := range tokens {
		if full, ok := in.ExpressionAttributeNames[t]; ok {
			t = full
		}
		if t != hash || i+2 >= len(tokens) || tokens[i+1] != "=" {
			continue
		}
		if v := in.ExpressionAttributeValues[tokens[i+2]]; v != nil && v.S != nil {
			return *v.S, nil
		}
	}
	return "", invalid("Query condition missed key schema element: %s", hash)
}

func (h *Handler) scan(in *server.ScanInput) (any, error) {
	if err := h.checkSearch(in.TableName, in.IndexName, in.ConsistentRead); err != nil {
		return nil, err
	}
	if err := checkReserved("FilterExpression", aws.ToString(in.FilterExpression)); err != nil {
		return nil, err
	}
	engine, err := h.engine(h.store.all()...)
	if err != nil {
		return nil, err
	}
	out, err := engine.Scan(context.Background(), in)
	if err != nil {
		return nil, err
	}
	return page(out.Items, out.LastEvaluatedKey, in.Select), nil
}

func (h *Handler) checkSearch(table, index *string, consistent *bool) error {
	if err := h.known(table); err != nil {
		return err
	}
	if index != nil && *index != OpenIndex {
		return invalid("The table does not have the specified index: %s", *index)
	}
	if index != nil && aws.ToBool(consistent) {
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	return nil
}

func page(items []item, last item, selection types.Select) any {
	out := map[string]any{"Count": len(items), "ScannedCount": len(items)}
	if selection != types.SelectCount {
		out["Items"] = wireItems(items)
	}
	if len(last) > 0 {
		out["LastEvaluatedKey"] = wireItem(last)
	}
	return out
}

func (h *Handler) batchGet(in *server.BatchGetItemInput) (any, error) {
	responses := map[string]any{}
	for table, request := range in.RequestItems {
		if err := h.known(&table); err != nil {
			return nil, err
		}
		var found []item
		for _, key := range request.Keys {
			if err := checkKey(key); err != nil {
				return nil, err
			}
			if it := h.store.get(key); it != nil {
				found = append(found, it)
			}
		}
		responses[table] = wireItems(found)
	}
	return map[string]any{"Responses": responses, "UnprocessedKeys": struct{}{}}, nil
}

func (h *Handler) transactGet(in *server.TransactGetItemsInput) (any, error) {
	var asked []item
	for _, it := range in.TransactItems {
		if it.Get != nil && checkKey(it.Get.Key) == nil { // what is wrong the engine refuses
			asked = append(asked, h.store.get(it.Get.Key))
		}
	}
	engine, err := h.engine(asked...)
	if err != nil {
		return nil, err
	}
	out, err := engine.TransactGetItems(context.Background(), in)
	if err != nil {
		return nil, err
	}
	responses := make([]any, len(out.Responses))
	for i, r := range out.Responses {
		responses[i] = struct{}{}
		if len(r.Item) > 0 {
			responses[i] = map[string]any{"Item": wireItem(r.Item)}
		}
	}
	return map[string]any{"Responses": responses}, nil
}

func (h *Handler) describe(in *server.DescribeTableInput) (any, error) {
	if err := h.known(in.TableName); err != nil {
		return nil, err
	}
	keys := func(hash, sort string) []map[string]string {
		return []map[string]string{
			{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"},
		}
	}
	var definitions []map[string]string
	for name := range strings.FieldsSeq(HashKey + " " + RangeKey + " " + OpenHashKey + " " + OpenRangeKey) {
		definitions = append(definitions, map[string]string{"AttributeName": name, "AttributeType": "S"})
	}
	return map[string]any{"Table": map[string]any{
		"TableName": h.table, "TableStatus": "ACTIVE", "KeySchema": keys(HashKey, RangeKey),
		"AttributeDefinitions": definitions,
		"GlobalSecondaryIndexes": []any{map[string]any{
			"IndexName": OpenIndex, "IndexStatus": "ACTIVE", "KeySchema": keys(OpenHashKey, OpenRangeKey),
			"Projection": map[string]string{"ProjectionType": "ALL"},
		}},
	}}, nil
}

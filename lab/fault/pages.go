package fault

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Pages makes every answer that can come in pages come in small pages, even when larger
// ones were asked for: AWS promises no page to be full ("Pagination", in each
// service's API reference). It is also how BatchGetItem leaves keys unprocessed.
type Pages struct {
	// Size is how many elements a page has at most. EC2 and Systems Manager have no
	// pages of less than five.
	Size int
}

const (
	leastPage = 5 // "DescribeInstances", "DescribeInstanceInformation": MaxResults
	// leastPoints is how many points of metrics count as one element: a page of a few
	// points would take thousands of calls for one host.
	leastPoints = 400
)

// Serve implements Fault.
func (f Pages) Serve(c Call, next Next) Answer {
	switch {
	case c.Service == DynamoDB && c.Operation == "BatchGetItem":
		return f.batch(c, next)
	case c.Service == DynamoDB && (c.Operation == "Query" || c.Operation == "Scan"):
		c.Body = f.json(c.Body, "Limit", f.Size)
	case c.Service == CloudWatch && c.Operation == "GetMetricData":
		c.Body = cborNumber(c.Body, "MaxDatapoints", f.Size*leastPoints)
	case c.Service == SSM:
		c.Body = f.json(c.Body, "MaxResults", max(f.Size, leastPage))
	case strings.HasPrefix(c.Operation, "Describe"):
		c.Body = f.describe(c)
	}
	return next(c)
}

// describe bounds the pages of the services that are asked by a form.
func (f Pages) describe(c Call) []byte {
	switch {
	case c.Service == AutoScaling:
		return f.form(c.Body, "MaxRecords", "", f.Size)
	case c.Operation == "DescribeTargetGroups":
		return f.form(c.Body, "PageSize", "TargetGroupArns.member.1", f.Size)
	case c.Service == EC2 && c.Operation != "DescribeInstanceAttribute": // which has no pages
		return f.form(c.Body, "MaxResults", "InstanceId.1", max(f.Size, leastPage))
	}
	return c.Body
}

// form bounds a number of a query's form, unless the form has the field without,
// with which there are no pages.
func (f Pages) form(body []byte, field, without string, most int) []byte {
	form, err := url.ParseQuery(string(body))
	if err != nil || without != "" && form.Has(without) {
		return body
	}
	if n, err := strconv.Atoi(form.Get(field)); err == nil && n <= most {
		return body
	}
	form.Set(field, strconv.Itoa(most))
	return []byte(form.Encode())
}

// json bounds a number of a JSON request.
func (f Pages) json(body []byte, field string, most int) []byte {
	in := map[string]json.RawMessage{}
	if json.Unmarshal(body, &in) != nil {
		return body
	}
	if n, err := strconv.Atoi(string(in[field])); err == nil && n <= most {
		return body
	}
	in[field] = json.RawMessage(strconv.Itoa(most))
	return encoded(in, body)
}

// cborNumber bounds a number of a CBOR request.
func cborNumber(body []byte, field string, most int) []byte {
	v, err := cbor.Decode(body)
	in, ok := v.(cbor.Map)
	if err != nil || !ok {
		return body
	}
	if n, err := cbor.AsInt32(in[field]); in[field] != nil && err == nil && int(n) <= most {
		return body
	}
	in[field] = cbor.Uint(most) //nolint:gosec // a number of points, which is positive
	return cbor.Encode(in)
}

// request is a BatchGetItem's part about one table.
type request struct {
	keys []json.RawMessage
	rest map[string]json.RawMessage
}

// batch has the first keys read and leaves the others unprocessed.
func (f Pages) batch(c Call, next Next) Answer {
	in, left := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	tables := map[string]map[string]json.RawMessage{}
	if json.Unmarshal(c.Body, &in) != nil || json.Unmarshal(in["RequestItems"], &tables) != nil {
		return next(c)
	}
	room := f.Size
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		t := request{rest: tables[name]}
		if json.Unmarshal(t.rest["Keys"], &t.keys) != nil {
			return next(c)
		}
		n := min(room, len(t.keys))
		room -= n
		if n == len(t.keys) {
			continue
		}
		left[name] = encoded(t.with(t.keys[n:]), nil)
		tables[name] = t.with(t.keys[:n])
	}
	if len(left) == 0 {
		return next(c)
	}
	in["RequestItems"] = encoded(tables, nil)
	c.Body = encoded(in, c.Body)
	a := next(c)
	out := map[string]json.RawMessage{}
	if json.Unmarshal(a.Body, &out) != nil || out["Responses"] == nil {
		return a // an error
	}
	out["UnprocessedKeys"] = encoded(left, nil)
	a.Body = encoded(out, a.Body)
	return a
}

func (r request) with(keys []json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(r.rest)
	out["Keys"] = encoded(keys, nil)
	return out
}

// encoded is v as JSON, otherwise if it cannot be, which nothing here ever meets.
func encoded(v any, otherwise []byte) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return otherwise
	}
	return raw
}

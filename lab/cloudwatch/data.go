package cloudwatch

import (
	"regexp"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

const (
	// maxQueries and maxPoints are the limits of one call ("GetMetricData", Amazon
	// CloudWatch API Reference).
	maxQueries = 500
	maxPoints  = 100_800
)

// query is one of the queries of a GetMetricData. The lab has those for one statistic of
// one metric, and no expressions.
type query struct {
	id, label       string
	namespace, name string
	dimensions      map[string]string
	period          time.Duration
	stat            string
	hidden          bool // it is only for an expression
}

// dataInput are the parameters of GetMetricData. Its times are the caller's.
type dataInput struct {
	queries    []query
	from, to   time.Time
	descending bool
	most       int
	token      string
}

// data answers GetMetricData: of every query the points that are published by now, the
// newest first unless asked otherwise. A metric that nobody ever published has no points,
// and is no error.
func (h *Handler) data(body cbor.Map) (cbor.Map, error) {
	in, err := readData(body)
	if err != nil {
		return nil, err
	}
	start, moment := 0, h.moment()
	if in.token != "" {
		if start, err = moment.resume(in.token); err != nil {
			return nil, err
		}
	}
	results, passed, left := cbor.List{}, 0, 0
	for _, q := range in.queries {
		if q.hidden {
			continue
		}
		points := moment.points(q, in.from, in.to)
		if in.descending {
			slices.Reverse(points)
		}
		n := len(points)
		some := points[min(max(start-passed, 0), n):min(max(start+in.most-passed, 0), n)]
		passed += n
		partial := passed > start+in.most
		if partial {
			left = passed
		}
		results = append(results, result(q, some, partial))
	}
	out := cbor.Map{"MetricDataResults": results, "Messages": cbor.List{}}
	if left > 0 {
		out["NextToken"] = cbor.String(moment.token(start + in.most))
	}
	return out, nil
}

// result is what one query came to ("MetricDataResult", ibid.).
func result(q query, points []point, partial bool) cbor.Map {
	times, values := make(cbor.List, len(points)), make(cbor.List, len(points))
	for i, p := range points {
		times[i] = &cbor.Tag{ID: 1, Value: cbor.Float64(float64(p.at.UnixMilli()) / 1e3)}
		values[i] = cbor.Float64(p.value)
	}
	label, status := q.label, "Complete"
	if label == "" {
		label = q.name
	}
	if partial {
		status = "PartialData"
	}
	return cbor.Map{
		"Id": cbor.String(q.id), "Label": cbor.String(label), "Timestamps": times, "Values": values, "StatusCode": cbor.String(status),
	}
}

func readData(body cbor.Map) (dataInput, error) {
	in := dataInput{descending: true, most: maxPoints}
	for name, value := range body {
		if err := in.read(name, value); err != nil {
			return in, err
		}
	}
	return in, in.validate()
}

// read takes one parameter.
func (in *dataInput) read(name string, value cbor.Value) (err error) {
	ok := true
	switch name {
	case "MetricDataQueries":
		in.queries, err = readQueries(value)
		return err
	case "StartTime":
		in.from, err = cbor.AsTime(value)
	case "EndTime":
		in.to, err = cbor.AsTime(value)
	case "ScanBy":
		var order string
		order, ok = asText(value)
		in.descending, ok = order != "TimestampAscending", ok && (order == "TimestampAscending" || order == "TimestampDescending")
	case "NextToken":
		in.token, ok = asText(value)
	case "MaxDatapoints":
		var n int32
		n, err = cbor.AsInt32(value)
		in.most = int(n)
	default:
		ok = false
	}
	if err != nil || !ok {
		return invalid("the lab does not have the parameter %s, or it is of another type", name)
	}
	return nil
}

var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

func (in *dataInput) validate() error {
	switch {
	case len(in.queries) == 0:
		return invalid("The parameter MetricDataQueries is required")
	case len(in.queries) > maxQueries:
		return invalid("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.from.IsZero() || in.to.IsZero():
		return invalid("The parameters StartTime and EndTime are required")
	case !in.from.Before(in.to):
		return invalid("The parameter StartTime must be less than the parameter EndTime.")
	case in.most < 1 || in.most > maxPoints:
		return invalid("The parameter MaxDatapoints must be between 1 and %d.", maxPoints)
	}
	seen := map[string]bool{}
	for _, q := range in.queries {
		if seen[q.id] {
			return invalid("The values for parameter Id in MetricDataQueries are not unique: %s", q.id)
		}
		if err := q.validate(); err != nil {
			return err
		}
		seen[q.id] = true
	}
	return nil
}

func (q query) validate() error {
	switch {
	case !queryID.MatchString(q.id):
		return invalid("The value '%s' of MetricDataQueries.member.Id must match %s", q.id, queryID)
	case q.period < time.Minute || q.period%time.Minute != 0:
		return invalid("The period of %s must be a multiple of 60", q.id)
	case !slices.Contains(statistics, q.stat):
		return invalid("The lab does not have the statistic %q", q.stat)
	case q.namespace == "" || q.name == "":
		return invalid("The metric of %s must have a namespace and a name", q.id)
	}
	return nil
}

// statistics are those that the lab has.
var statistics = []string{"Sum", "SampleCount", "Average", "Minimum", "Maximum"}

func readQueries(value cbor.Value) ([]query, error) {
	list, ok := value.(cbor.List)
	if !ok {
		return nil, invalid("MetricDataQueries must be a list")
	}
	out := make([]query, len(list))
	for i, one := range list {
		m, ok := one.(cbor.Map)
		if !ok || m["Expression"] != nil || m["MetricStat"] == nil {
			return nil, invalid("the lab has queries of one metric alone, and no expressions")
		}
		if out[i], ok = readQuery(m); !ok {
			return nil, invalid("a query of MetricDataQueries cannot be read")
		}
	}
	return out, nil
}

func readQuery(m cbor.Map) (query, bool) {
	q := query{dimensions: map[string]string{}}
	q.id, _ = asText(m["Id"])
	q.label, _ = asText(m["Label"])
	if shown, ok := m["ReturnData"].(cbor.Bool); ok {
		q.hidden = !bool(shown)
	}
	stat, ok := m["MetricStat"].(cbor.Map)
	if !ok {
		return q, false
	}
	q.stat, _ = asText(stat["Stat"])
	period, err := cbor.AsInt32(stat["Period"])
	metric, ok := stat["Metric"].(cbor.Map)
	if err != nil || !ok {
		return q, false
	}
	q.period = time.Duration(period) * time.Second
	q.namespace, _ = asText(metric["Namespace"])
	q.name, _ = asText(metric["MetricName"])
	dimensions, ok := metric["Dimensions"].(cbor.List)
	if metric["Dimensions"] == nil {
		return q, true
	}
	for _, d := range dimensions {
		pair, isMap := d.(cbor.Map)
		name, named := asText(pair["Name"])
		value, valued := asText(pair["Value"])
		q.dimensions[name], ok = value, ok && isMap && named && valued
	}
	return q, ok
}

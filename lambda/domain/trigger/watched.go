package trigger

import "encoding/json"

// Metric is one metric of an alarm, as DescribeAlarms gives it.
type Metric struct {
	ID         string // in metric math
	Namespace  string
	Name       string
	Account    string // of a metric of another account; usually empty
	Dimensions map[string]string
}

// Watched gives what an alarm's metrics lead to, by the same rules as for an event of that
// alarm. If they lead to nothing, Ignored says why.
func Watched(alarmARN string, metrics []Metric) ([]Ref, *Ignored) {
	at, err := parseAlarmARN(alarmARN)
	if err != nil {
		return nil, malformed(err).Ignored
	}
	read := make([]metric, len(metrics))
	for i, m := range metrics {
		if m.Dimensions == nil { // an expression
			m.Dimensions = map[string]string{}
		}
		raw, err := json.Marshal(m.Dimensions)
		if err != nil {
			return nil, malformed(err).Ignored
		}
		read[i] = metric{id: m.ID, namespace: m.Namespace, name: m.Name, account: m.Account}
		if read[i].dimensions, err = readObject("dimensions", raw); err != nil {
			return nil, malformed(err).Ignored
		}
	}
	refs, record := metricTargets(read, at.owner)
	return refs, record.Ignored
}

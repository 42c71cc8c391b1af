package trigger

import "encoding/json"

// Metric is one metric of an alarm, as DescribeAlarms tells it.
type Metric struct {
	ID         string // in metric math
	Namespace  string
	Name       string
	Account    string // if it is another account's; usually empty
	Dimensions map[string]string
}

// Watched gives what an alarm's metrics lead to, by the same rules as an event of
// that alarm, or why they lead nowhere.
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

package intake

import (
	"strings"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

// vitals is what every observer says of the job's host, as it is shown. There are none of
// a target that came to no instance, and none of an instance that AWS did not describe.
func (h *Handler) vitals(j *job) []vitals.Vital {
	if j.question.Instance == nil {
		return nil
	}
	if d, err := j.question.Instance.Description.Get(); err != nil || !d.Exists {
		return nil
	}
	return cases.KeepVitals(h.Guard.Vitals(j.question))
}

// compact writes the vitals as one field of a log line: "ssm-ping=dead heartbeat=nothing".
func compact(seen []vitals.Vital) string {
	words := make([]string, len(seen))
	for i, v := range seen {
		words[i] = string(v.Name) + "=" + string(v.Says)
	}
	return strings.Join(words, " ")
}

package casebook

import (
	"encoding/json"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

// encodeVitals is a case's vitals as its item holds them, bounded. A case without vitals
// has no such attribute. Vitals are for a reader alone, so they never keep a claim from
// being made.
func encodeVitals(seen []vitals.Vital) string {
	if len(seen) == 0 {
		return ""
	}
	text, err := json.Marshal(cases.KeepVitals(seen))
	if err != nil { // a time that JSON cannot have
		return ""
	}
	return string(text)
}

// decodeVitals reads what encodeVitals wrote. A text that it did not write has no vitals.
func decodeVitals(text string) []vitals.Vital {
	if text == "" {
		return nil
	}
	var seen []vitals.Vital
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return nil
	}
	return cases.KeepVitals(seen)
}

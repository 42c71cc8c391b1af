package scenario

import (
	"encoding/json"
	"fmt"
	"time"

	"crashcart/lab/sim/world"
)

// The shape of the file.
type (
	file struct {
		Name             string                  `json:"name"`
		Seed             uint64                  `json:"seed"`
		Days             int                     `json:"days"`
		Hosts            []fileHosts             `json:"hosts"`
		Faults           []fileFault             `json:"faults,omitempty"`
		Rates            map[world.Cause]float64 `json:"rates,omitempty"`
		Alarms           []world.AlarmKind       `json:"alarms"`
		HangsPerHostYear float64                 `json:"hangsPerHostYear"`
	}
	fileHosts struct {
		Fleet              world.Fleet `json:"fleet"`
		Count              int         `json:"count"`
		PingMinutes        int         `json:"pingMinutes,omitempty"`
		DetailedMonitoring bool        `json:"detailedMonitoring"`
		Heartbeat          bool        `json:"heartbeat"`
	}
	fileFault struct {
		Cause world.Cause `json:"cause"`
		Scope world.Scope `json:"scope"`
		At    string      `json:"at"`
		For   string      `json:"for,omitempty"`
	}
)

// Format writes a scenario with everything that it says and every default. Parse reads it
// back.
func (s Scenario) Format() ([]byte, error) {
	f := file{
		Name: s.Name, Seed: s.Seed, Days: s.Days, Hosts: []fileHosts{}, Rates: s.Rates, Alarms: s.Alarms, HangsPerHostYear: s.HangsPerHostYear,
	}
	if f.Alarms == nil {
		f.Alarms = []world.AlarmKind{}
	}
	for _, h := range s.Hosts {
		f.Hosts = append(f.Hosts, fileHosts(h))
	}
	for _, one := range s.Faults {
		f.Faults = append(f.Faults, fileFault{Cause: one.Cause, Scope: one.Scope, At: Span(one.At), For: lasting(one.For)})
	}
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the scenario %s: %w", s.Name, err)
	}
	return append(out, '\n'), nil
}

// lasting is empty where the file is not to say how long.
func lasting(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return Span(d)
}

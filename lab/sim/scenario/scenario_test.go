package scenario_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"crashcart/lab/sim/scenario"
	"crashcart/lab/sim/world"
)

// theIssues is the example of the issue "The simulation".
const theIssues = `{"name":"x","seed":1,"days":30,"hosts":[{"fleet":"group6","count":60,"pingMinutes":5,"detailedMonitoring":false}],
"faults":[{"cause":"egress","scope":"subnet","at":"2d3h","for":"8m"}],"rates":{"lost-ping":20},
"alarms":["heartbeat","status","target","cpu"],"hangsPerHostYear":2}`

func TestTheExampleNeverFails(t *testing.T) {
	got, err := scenario.Parse([]byte(theIssues))
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Scenario{
		Name: "x", Seed: 1, Days: 30, HangsPerHostYear: 2, Alarms: world.AlarmKinds(), Rates: map[world.Cause]float64{world.LostPing: 20},
		Hosts:  []scenario.Hosts{{Fleet: world.Group6, Count: 60, PingMinutes: 5, Heartbeat: true}},
		Faults: []scenario.Fault{{Cause: world.Egress, Scope: world.OneSubnet, At: 51 * time.Hour, For: 8 * time.Minute}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is\n%+v\nnot\n%+v", got, want)
	}
	if w, err := got.World(1); err != nil || len(w.Hosts()) != 60 || w.HostDays() != 1800 {
		t.Errorf("its world: %v", err)
	}
}

func TestWhatIsLeftOutNeverHasNoDefault(t *testing.T) {
	got, err := scenario.Parse([]byte(`{"hosts":[{"fleet":"idle","count":3}],"faults":[{"cause":"spin"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Default()
	want.Hosts = []scenario.Hosts{{Fleet: world.Idle, Count: 3, Heartbeat: true}}
	want.Faults = []scenario.Fault{{Cause: world.Spin, Scope: world.OneHost}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is\n%+v\nnot\n%+v", got, want)
	}
}

// TestABadFileNeverPasses has what is wrong, and where the error says that it is.
func TestABadFileNeverPasses(t *testing.T) {
	hosts := func(more string) string { return `{"hosts":[{"fleet":"idle","count":3}],` + more + `}` }
	for text, says := range map[string]string{
		``:                                  "it is no JSON",
		`[]`:                                "must be an object",
		`{`:                                 "it is no JSON",
		`{}`:                                "hosts: there are none",
		`null`:                              "must be an object",
		`{"hosts":[]} x`:                    "something behind its end",
		`{"hosts":[],}`:                     "it is no JSON",
		`{"Hosts":[]}`:                      "Hosts: there is no such key",
		`{"hosts":null}`:                    "hosts: must be an array",
		`{"hosts":[7]}`:                     "hosts[0]: must be an object",
		hosts(`"hosts":[]`):                 "hosts: it stands there twice",
		hosts(`"speed":1`):                  "speed: there is no such key",
		hosts(`"name":"a b"`):               `name: "a b" is no word`,
		hosts(`"name":""`):                  `name: "" is no word`,
		hosts(`"name":null`):                "name: must be a text, not null",
		hosts(`"seed":-1`):                  "seed: must be a whole number from 0 up, not -1",
		hosts(`"seed":1.5`):                 "seed: must be a whole number from 0 up, not 1.5",
		hosts(`"days":0`):                   "days: must be 1 to 3650, not 0",
		hosts(`"days":"30"`):                `days: must be a whole number, not "30"`,
		hosts(`"alarms":["x"]`):             `alarms[0]: there is no alarm "x"; alarms are heartbeat, status, target, cpu`,
		hosts(`"alarms":["cpu","cpu"]`):     `alarms[1]: "cpu" stands there twice`,
		hosts(`"alarms":"cpu"`):             "alarms: must be an array",
		hosts(`"rates":{"lost":1}`):         "rates.lost: there is no such cause",
		hosts(`"rates":{"lost-ping":-1}`):   "rates.lost-ping: must be 0 to 1e+06, not -1",
		hosts(`"rates":{"dns":1,"dns":2}`):  "rates.dns: it stands there twice",
		hosts(`"hangsPerHostYear":-2`):      "hangsPerHostYear: must be 0 to 1e+06, not -2",
		hosts(`"faults":[{"cause":"nat"}]`): `faults[0].cause: there is no cause "nat"; causes are lost-ping, `,
		hosts(`"faults":[{}]`):              `faults[0].cause: there is no cause ""`,
		hosts(`"faults":[{"cause":"dns","scope":"zone"}]`):                    `faults[0].scope: there is no scope "zone"; scopes are host, subnet, vpc, az, group, profile, region`,
		hosts(`"faults":[{"cause":"ssm-late"}]`):                              "faults[0].scope: ssm-late befalls the region and no host",
		hosts(`"faults":[{"cause":"dns","at":"8"}]`):                          `faults[0].at: "8" is no duration`,
		hosts(`"faults":[{"cause":"dns","at":"31d"}]`):                        "faults[0].at: 31d is not within the 30 days",
		hosts(`"faults":[{"cause":"dns","for":"-8m"}]`):                       `faults[0].for: "-8m" is no duration`,
		hosts(`"faults":[{"cause":"dns","for":"0s"}]`):                        "faults[0].for: must be more than nothing",
		hosts(`"faults":[{"cause":"dns","for":8}]`):                           "faults[0].for: must be a text, not 8",
		`{"hosts":[{"fleet":"web","count":1}]}`:                               `hosts[0].fleet: there is no fleet "web"; fleets are single, `,
		`{"hosts":[{"fleet":"idle"}]}`:                                        "hosts[0].count: must be 1 to 100000, not 0",
		`{"hosts":[{"fleet":"idle","count":-4}]}`:                             "hosts[0].count: must be 1 to 100000, not -4",
		`{"hosts":[{"fleet":"idle","count":1,"pingMinutes":4}]}`:              "hosts[0].pingMinutes: an agent pings every 5 to 60 min, not 4",
		`{"hosts":[{"fleet":"idle","count":1,"pingMinutes":0}]}`:              "hosts[0].pingMinutes: an agent pings every 5 to 60 min, not 0",
		`{"hosts":[{"fleet":"idle","count":1,"detailedMonitoring":"yes"}]}`:   `hosts[0].detailedMonitoring: must be true or false, not "yes"`,
		`{"hosts":[{"fleet":"idle","count":1},{"fleet":"idle","count":"2"}]}`: `hosts[1].count: must be a whole number, not "2"`,
	} {
		_, err := scenario.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\nsays %v\nnot  %s", text, err, says)
		}
	}
}

// TestAllThatIsWrongIsNeverSaidInTurns has two mistakes in one file.
func TestAllThatIsWrongIsNeverSaidInTurns(t *testing.T) {
	_, err := scenario.Parse([]byte(`{"hosts":[{"fleet":"web","count":0}],"days":0}`))
	for _, where := range []string{"hosts[0].fleet", "hosts[0].count", "days"} {
		if err == nil || !strings.Contains(err.Error(), where+": ") {
			t.Errorf("%s is not said: %v", where, err)
		}
	}
}

func TestAFaultNeverBefallsAGroupThatIsNotThere(t *testing.T) {
	s, err := scenario.Parse([]byte(`{"hosts":[{"fleet":"idle","count":3}],"faults":[{"cause":"bad-deploy","scope":"group"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.World(1); err == nil || !strings.Contains(err.Error(), "fault 0") {
		t.Errorf("it says %v", err)
	}
}

func TestADurationIsNeverReadOtherwise(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "8m": 8 * time.Minute, "2d3h": 51 * time.Hour, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second, "90s": 90 * time.Second, "3650d": 3650 * 24 * time.Hour,
	} {
		if got, err := scenario.ParseSpan(text); err != nil || got != want {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "8", "m", "8x", "1m2h", "1m1m", "1.5h", "-1s", " 1s", "1s ", "1ms", "99999999999d", "3651d", "١s"} {
		if got, err := scenario.ParseSpan(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

// FuzzParse reads anything. What it accepts, it reads again as the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(theIssues))
	f.Add([]byte(`{"hosts":[{"fleet":"idle","count":1,"heartbeat":false}],"alarms":[],"rates":{}}`))
	f.Add([]byte(`{"hosts":[{"fleet":"web"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scenario.Parse(text)
		if err != nil {
			return
		}
		written, err := s.Format()
		if err != nil {
			t.Fatal(err)
		}
		again, err := scenario.Parse(written)
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("%v: %+v is read again as %+v", err, s, again)
		}
	})
}

// FuzzSpan reads any duration.
func FuzzSpan(f *testing.F) {
	f.Add("2d3h")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := scenario.ParseSpan(text); err == nil {
			if again, err := scenario.ParseSpan(scenario.Span(d)); err != nil || again != d {
				t.Errorf("%q is %s, and then %s, %v", text, d, again, err)
			}
		}
	})
}

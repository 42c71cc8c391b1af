package props_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

func parse(t *testing.T, text string) (props.Props, error) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return props.Parse(v)
}

func TestTheDefaultsNeverInterrupt(t *testing.T) {
	p, err := parse(t, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Mode != config.ModeDryRun || p.Protect != config.ProtectAuto || !slices.Equal(p.AlarmPrefixes, []string{"crashcart-"}) ||
		p.Slack != nil || p.ReservedConcurrency != 20 || p.LogDays != 90 || p.EvidenceDays != 365 || len(p.Settings) > 0 || p.Rules.Budget != 3 {
		t.Errorf("%+v", p)
	}
}

// What is in the repository is what a fresh clone deploys.
func TestTheStackIsShippedInDryRun(t *testing.T) {
	raw, err := os.ReadFile("../../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		App     string
		Context map[string]any
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	p, err := props.Parse(file.Context[props.Key])
	if err != nil || p.Mode != config.ModeDryRun || file.App != "go run ./infra" {
		t.Errorf("app %q, mode %s, %v", file.App, p.Mode, err)
	}
	if n := strings.Count(string(raw), `"mode"`); n != 1 {
		t.Errorf("going live must be one line, there are %d", n)
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	p, err := parse(t, `{
		"mode": "auto", "protect": "off", "alarmPrefixes": ["hang-", "web-"], "settings": {"CRASHCART_BUDGET": "7"},
		"reservedConcurrency": 0, "logDays": 30, "evidenceDays": 90,
		"slack": {"workspace": "T0123ABCD", "channel": "C0123ABCD"},
		"watch": {"instances": ["i-0a1b2c3d4e5f60718"], "autoScalingGroups": ["web"],
			"targetGroups": [{"targetGroup": "targetgroup/web/0123456789abcdef", "loadBalancer": "net/web/0123456789abcdef"}]}
	}`)
	if err != nil {
		t.Fatal(err)
	}
	if p.Mode != config.ModeAuto || p.Protect != config.ProtectOff || len(p.AlarmPrefixes) != 2 || p.Rules.Budget != 7 ||
		p.ReservedConcurrency != 0 || p.LogDays != 30 || p.EvidenceDays != 90 || *p.Slack != (props.Slack{Workspace: "T0123ABCD", Channel: "C0123ABCD"}) ||
		len(p.Watch.Instances) != 1 || len(p.Watch.AutoScalingGroups) != 1 || p.Watch.TargetGroups[0].LoadBalancer != "net/web/0123456789abcdef" {
		t.Errorf("%+v", p)
	}
	env := p.Environment()
	if len(env) != 3 || env[config.EnvMode] != "auto" || env[config.EnvProtect] != "off" || env[config.EnvBudget] != "7" {
		t.Errorf("the function has %v", env)
	}
}

// The follow-up's own defaults hold for what is not given.
func TestHowDumpsAreBroughtHomeIsRead(t *testing.T) {
	p, err := parse(t, `{}`)
	usual := config.Collect{Dumps: config.On, LimitGiB: 64, RateMiB: 32, For: 2 * time.Hour, Snapshot: config.Off}
	if env := p.Bring.Environment(); err != nil || p.Collect != usual || len(env) > 0 {
		t.Errorf("%+v, %v, %v", p.Collect, env, err)
	}
	p, err = parse(t, `{"collect": "off", "collectLimitGiB": 200, "collectRateMiB": 8, "collectFor": "90m", "snapshot": "on"}`)
	want := config.Collect{Dumps: config.Off, LimitGiB: 200, RateMiB: 8, For: 90 * time.Minute, Snapshot: config.On}
	if err != nil || p.Collect != want {
		t.Errorf("%+v, %v", p.Collect, err)
	}
	env := p.Bring.Environment()
	if !maps.Equal(env, map[string]string{
		config.EnvCollect: "off", config.EnvCollectLimit: "200", config.EnvCollectRate: "8", config.EnvCollectFor: "90m", config.EnvSnapshot: "on",
	}) {
		t.Errorf("the follow-up has %v", env)
	}
	if env := p.Environment(); len(env) != 2 {
		t.Errorf("the interrupt function has %v", env)
	}
}

// A setting of the follow-up that no key sets could never be changed.
func TestNoSettingOfHowDumpsAreBroughtHomeIsWithoutAKey(t *testing.T) {
	p, err := parse(t, `{"collect": "on", "collectLimitGiB": 1, "collectRateMiB": 1, "collectFor": "10m", "snapshot": "off"}`)
	if err != nil {
		t.Fatal(err)
	}
	env := p.Bring.Environment()
	for _, s := range config.CollectSettings() {
		if _, given := env[s.Env]; !given {
			t.Errorf("no key sets %s", s.Env)
		}
	}
	if n := len(config.CollectSettings()); len(env) != n {
		t.Errorf("%d variables, want %d", len(env), n)
	}
}

func TestAnImpossibleWayToBringDumpsHomeIsToldByItsKey(t *testing.T) {
	_, err := parse(t, `{"collect": "yes", "collectLimitGiB": 0, "collectRateMiB": 5000, "collectFor": "5m", "snapshot": true}`)
	if err == nil {
		t.Fatal("it is accepted")
	}
	want := []string{
		"crashcart.snapshot must be a string", `crashcart.collect="yes" must be on, off`, `crashcart.collectLimitGiB="0" must be 1 to 4096`,
		`crashcart.collectRateMiB="5000" must be 1 to 4096`, `crashcart.collectFor="5m" must be 10m to 12h`,
	}
	if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestAChannelThatHasAConfigurationIsNamedByItAlone(t *testing.T) {
	p, err := parse(t, `{"slack": {"configuration": "ops-team_1"}}`)
	if err != nil || *p.Slack != (props.Slack{Configuration: "ops-team_1"}) {
		t.Errorf("%+v, %v", p.Slack, err)
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	_, err := parse(t, `{"Mode": "auto", "mode": 1, "alarmPrefixes": "web-", "slack": {"team": "x"}, "watch": {"targetGroups": [{"arn": "x"}, 5]}, "logDays": 1.5, "evidenceDays": null}`)
	if err == nil {
		t.Fatal("it is accepted")
	}
	want := []string{
		"crashcart.Mode is unknown: there are mode, protect,", "crashcart.alarmPrefixes must be a list of strings", "crashcart.evidenceDays is null",
		"crashcart.logDays must be a whole number", "crashcart.mode must be a string", "crashcart.slack.team is unknown: there are workspace, channel, configuration",
		"crashcart.watch.targetGroups[0].arn is unknown", "crashcart.watch.targetGroups[1] must be an object",
		// and what could be read
		"crashcart.slack.workspace must be", "crashcart.slack.channel must be",
		`crashcart.watch.targetGroups[0].targetGroup="" must be`, `crashcart.watch.targetGroups[0].loadBalancer="" must be`,
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Errorf("%d problems, want %d: %v", len(lines), len(want), err)
	}
	for i := range min(len(lines), len(want)) {
		if !strings.Contains(lines[i], want[i]) {
			t.Errorf("%q, want %q", lines[i], want[i])
		}
	}
}

func TestEveryValueOutOfBoundsIsToldAtOnce(t *testing.T) {
	_, err := parse(t, `{"mode": "live", "settings": {"CRASHCART_COOLDOWN": "5m", "CRASHCART_BUGDET": "9", "COOLDOWN": "6h", "CRASHCART_TABLE": "mine", "CRASHCART_MODE": "auto", "CRASHCART_COLLECT": "off"}, "reservedConcurrency": 10}`)
	for _, want := range []string{
		"CRASHCART_COOLDOWN=\"5m\"", "CRASHCART_BUGDET is not a setting", "settings.COOLDOWN must be one of",
		"settings.CRASHCART_TABLE is set by the stack", "settings.CRASHCART_MODE has a key of its own", "settings.CRASHCART_COLLECT has a key of its own", "reservedConcurrency must be 0, or 11 to 1000",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

func TestAModeThatDoesNotExistIsNeverAccepted(t *testing.T) {
	for _, mode := range []string{"live", "Auto", "", "auto ", "dry"} {
		if _, err := parse(t, `{"mode": "`+mode+`"}`); err == nil {
			t.Errorf("mode %q is accepted", mode)
		}
	}
}

func TestNothingElseIsAccepted(t *testing.T) {
	for _, text := range []string{
		`null`, `[]`, `"auto"`, `5`,
		`{"alarmPrefixes": []}`, `{"alarmPrefixes": [""]}`, `{"alarmPrefixes": ["*"]}`, `{"alarmPrefixes": ["web*"]}`, `{"alarmPrefixes": [" web"]}`,
		`{"alarmPrefixes": ["web-", "web-"]}`, `{"alarmPrefixes": ["c"]}`, `{"alarmPrefixes": ["crashcart"]}`, `{"alarmPrefixes": ["crashcart_"]}`,
		`{"alarmPrefixes": ["crashcart_errors"]}`,
		`{"logDays": 0}`, `{"logDays": 91}`, `{"evidenceDays": 0}`, `{"evidenceDays": 3651}`, `{"reservedConcurrency": -1}`, `{"reservedConcurrency": 1001}`,
		`{"slack": {"configuration": ""}}`, `{"slack": {"configuration": "my ops"}}`, `{"slack": {"configuration": "ops", "channel": "C1"}}`,
		`{"slack": {"configuration": "ops", "workspace": "T1", "channel": "C1"}}`, `{"slack": {"configuration": true}}`,
		`{"slack": {}}`, `{"slack": {"workspace": "T1"}}`, `{"slack": {"workspace": "t1", "channel": "C1"}}`, `{"slack": {"workspace": "T1", "channel": "#ops"}}`,
		`{"watch": {"instances": ["web-1"]}}`, `{"watch": {"instances": ["i-0a1b2c3d", "i-0a1b2c3d"]}}`, `{"watch": {"autoScalingGroups": [""]}}`,
		`{"watch": {"targetGroups": [{}]}}`, `{"watch": {"targetGroups": [{"targetGroup": "web", "loadBalancer": "app/web/0123456789abcdef"}]}}`,
		`{"watch": {"targetGroups": [{"targetGroup": "targetgroup/web/0123456789abcdef", "loadBalancer": "gwy/web/0123456789abcdef"}]}}`,
		`{"collect": true}`, `{"collect": ""}`, `{"collect": "On"}`, `{"collectLimitGiB": "64"}`, `{"collectLimitGiB": 1.5}`, `{"collectFor": 120}`,
		`{"collectFor": "13h"}`, `{"snapshot": "yes"}`, `{"snapshot": null}`, `{"collectRate": 32}`,
		`{"settings": {"CRASHCART_BUDGET": 3}}`, `{"settings": {"AWS_REGION": "eu-west-1"}}`,
	} {
		if p, err := parse(t, text); err == nil {
			t.Errorf("%s is accepted as %+v", text, p)
		}
	}
}

package config_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
)

var update = flag.Bool("update", false, "rewrite the configuration table in README.md")

// required is the least that a function needs.
func required() map[string]string {
	return map[string]string{
		config.EnvTable:            "crashcart-casebook",
		config.EnvBucket:           "crashcart-evidence-111122223333",
		config.EnvQueueURL:         "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-intake",
		config.EnvFollowupQueueURL: "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-followup",
		config.EnvTopic:            "arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
		"AWS_REGION":               "eu-central-1",
		"AWS_LAMBDA_FUNCTION_NAME": "crashcart-interrupt",
		"PATH":                     "/usr/bin",
	}
}

func with(env map[string]string, pairs ...string) map[string]string {
	env = maps.Clone(env)
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return env
}

func environ(env map[string]string) []string {
	var list []string
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	return list
}

func TestDefaultsAreThoseOfTheDesign(t *testing.T) {
	got, err := config.FromEnv(environ(required()))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Table:            "crashcart-casebook",
		Bucket:           "crashcart-evidence-111122223333",
		QueueURL:         "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-intake",
		FollowupQueueURL: "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-followup",
		Topic:            "arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
		Mode:             config.ModeDryRun,
		Protect:          config.ProtectAuto,
		Region:           "eu-central-1",
		FunctionName:     "crashcart-interrupt",
		Heartbeat:        config.Heartbeat{Namespace: "CWAgent", Metric: "mem_used_percent"},
		Rules: config.Rules{
			Fresh: 30 * time.Minute, FreshWindows: time.Hour,
			Booted:   10 * time.Minute,
			Impaired: 5 * time.Minute, ImpairedWindows: 20 * time.Minute,
			PingPeriod: 5 * time.Minute,
			Silent:     11 * time.Minute, SilentWindows: 20 * time.Minute,
			SilentMax: 30 * time.Minute, SilentMaxWindows: time.Hour,
			SilentPercent: 10,
			Cooldown:      6 * time.Hour,
			GroupPercent:  20,
			RegionLimit:   10,
			Budget:        3,
		},
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if config.FreshDirect != 2*time.Minute {
		t.Errorf("a person's request is fresh for %s, want 2m", config.FreshDirect)
	}
	if config.CooldownForced != time.Hour {
		t.Errorf("force shortens the cooldown to %s, want 1h", config.CooldownForced)
	}
}

// A template that renders a value as nothing has lost the value.
func TestAnEmptyVariableIsNeverTakenForItsDefault(t *testing.T) {
	for _, s := range config.Settings() {
		_, err := config.FromEnv(environ(with(required(), s.Env, "")))
		if want := s.Env + " is empty: give it a value, or leave it away"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Each setting must reach a field of its own. This finds two that share one.
func TestEverySettingIsRead(t *testing.T) {
	set := map[string]string{
		config.EnvTable: "t", config.EnvBucket: "b", config.EnvQueueURL: "http://127.0.0.1:9324/q",
		config.EnvFollowupQueueURL: "http://127.0.0.1:9324/f",
		config.EnvTopic:            "arn:aws-us-gov:sns:us-gov-west-1:111122223333:t", config.EnvMode: "auto", config.EnvProtect: "on",
		config.EnvFresh: "20m", config.EnvFreshWindows: "59m", config.EnvBooted: "4m",
		config.EnvImpaired: "5m30s", config.EnvImpairedWindows: "21m",
		config.EnvHeartbeat: "Our/Agent/uptime", config.EnvPingPeriod: "6m",
		config.EnvSilent: "12m", config.EnvSilentWindows: "22m", config.EnvSilentMax: "31m", config.EnvSilentMaxWindows: "61m",
		config.EnvSilentPercent: "17", config.EnvCooldown: "13h", config.EnvGroupPercent: "14", config.EnvRegionLimit: "15", config.EnvBudget: "16",
	}
	for _, s := range config.Settings() {
		if _, ok := set[s.Env]; !ok {
			t.Errorf("%s is a setting that this test does not know", s.Env)
		}
	}
	got, err := config.FromEnv(environ(with(set, "AWS_REGION", "eu-central-1", "AWS_ENDPOINT_URL", "http://127.0.0.1:4566")))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Table: "t", Bucket: "b", QueueURL: "http://127.0.0.1:9324/q", FollowupQueueURL: "http://127.0.0.1:9324/f",
		Topic: "arn:aws-us-gov:sns:us-gov-west-1:111122223333:t", Mode: config.ModeAuto, Protect: config.ProtectOn,
		Heartbeat: config.Heartbeat{Namespace: "Our/Agent", Metric: "uptime"},
		Region:    "eu-central-1", Endpoint: "http://127.0.0.1:4566",
		Rules: config.Rules{
			Fresh: 20 * time.Minute, FreshWindows: 59 * time.Minute, Booted: 4 * time.Minute,
			Impaired: 5*time.Minute + 30*time.Second, ImpairedWindows: 21 * time.Minute, PingPeriod: 6 * time.Minute,
			Silent: 12 * time.Minute, SilentWindows: 22 * time.Minute, SilentMax: 31 * time.Minute, SilentMaxWindows: 61 * time.Minute,
			SilentPercent: 17, Cooldown: 13 * time.Hour, GroupPercent: 14, RegionLimit: 15, Budget: 16,
		},
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestNothingOutOfBoundsIsAccepted(t *testing.T) {
	for _, c := range []struct{ env, good, bad string }{
		{config.EnvMode, "dry-run manual auto", "Auto live true dry"},
		{config.EnvProtect, "auto on off", "On true never yes"},
		{config.EnvTopic, "arn:aws:sns:eu-central-1:111122223333:t", "t arn:aws:sns:eu-central-1:111122223333 arn:aws:sqs:eu-central-1:111122223333:q arn:aws:sns:eu-central-1:111122223333:t:sub arn:aws:sns:eu-central-1:111122223333: arn:aws:sns:eu-central-1:111122223333:t.fifo"},
		{config.EnvQueueURL, "http://127.0.0.1:9324/q https://queue.invalid/a", "q /q sqs.eu-central-1.amazonaws.com/q ftp://queue.invalid/q https:///q https://%zz arn:aws:sqs:eu-central-1:111122223333:q"},
		{config.EnvFollowupQueueURL, "http://127.0.0.1:9324/f https://queue.invalid/f", "f /f ftp://queue.invalid/f https:///f arn:aws:sqs:eu-central-1:111122223333:f"},
		{config.EnvFresh, "11m1s 30m 1h", "59s 1h1s 0 -5m 15 15min soon"},
		{config.EnvFreshWindows, "20m1s 1h", "59s 61m"},
		{config.EnvBooted, "1m 24h", "0s 24h1s"},
		{config.EnvImpaired, "5m 29m59s", "4m59s 61m"},
		{config.EnvImpairedWindows, "20m 59m59s", "19m59s 121m"},
		{config.EnvPingPeriod, "5m 1h", "4m59s 61m 0s"},
		{config.EnvSilent, "11m 29m59s", "10m59s 61m"},
		{config.EnvSilentWindows, "20m 59m59s", "19m59s 121m"},
		{config.EnvSilentMax, "30m 6h", "29m59s 6h1s"},
		{config.EnvSilentMaxWindows, "1h 6h", "59m59s 6h1s"},
		{config.EnvHeartbeat, "CWAgent/mem_used_percent a/b/c Our/m", "CWAgent /x CWAgent/ / AWS/EC2/CPUUtilization AWS/x/y CWAgent/\u00e4"},
		{config.EnvCooldown, "1h 720h", "59m59s 0s 721h"},
		{config.EnvSilentPercent, "1 50", "0 51 -1 10% 0.5"},
		{config.EnvGroupPercent, "1 100", "0 101 -1 20% 2.5"},
		{config.EnvRegionLimit, "1 100000", "0 100001 ten"},
		{config.EnvBudget, "1 1000", "0 1001 3.0"},
	} {
		for v := range strings.FieldsSeq(c.good) {
			if _, err := config.FromEnv(environ(with(required(), c.env, v))); err != nil {
				t.Errorf("%s=%s is refused: %v", c.env, v, err)
			}
		}
		for v := range strings.FieldsSeq(c.bad) {
			_, err := config.FromEnv(environ(with(required(), c.env, v)))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s=%q: must be", c.env, v)) {
				t.Errorf("%s=%s: %v, want it named with what is allowed", c.env, v, err)
			}
		}
	}
}

func TestANameWithABlankIsNeverAccepted(t *testing.T) {
	for _, env := range []string{config.EnvTable, config.EnvBucket, config.EnvQueueURL, config.EnvFollowupQueueURL, config.EnvTopic} {
		good := required()[env]
		for _, v := range []string{" ", good + " ", " " + good, good + "\n", good + "\u00a0x", good + "\tx"} {
			_, err := config.FromEnv(environ(with(required(), env, v)))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s=%q: must be", env, v)) {
				t.Errorf("%s=%q: %v, want it named with what is allowed", env, v, err)
			}
		}
	}
}

func TestALimitBelowItsOtherHalfIsNeverAccepted(t *testing.T) {
	for _, c := range []struct{ low, high, value, below string }{
		{config.EnvSilent, config.EnvSilentMax, "31m", "30m"},
		{config.EnvSilentWindows, config.EnvSilentMaxWindows, "1h1m", "1h"},
		{config.EnvSilent, config.EnvFresh, "30m", "29m"},
		{config.EnvImpaired, config.EnvFresh, "30m", "29m"},
		{config.EnvSilentWindows, config.EnvFreshWindows, "30m", "29m"},
		{config.EnvImpairedWindows, config.EnvFreshWindows, "30m", "29m"},
	} {
		for _, v := range []string{c.below, c.value} {
			_, err := config.FromEnv(environ(with(required(), c.low, c.value, c.high, v)))
			if want := fmt.Sprintf("%s (%s) must be below %s (%s)", c.low, c.value, c.high, v); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s=%s %s=%s: %v, want %q", c.low, c.value, c.high, v, err, want)
			}
		}
	}
}

// A figure below the design's own would believe an observer too early.
func TestNoSettingIsEverMoreTrustingThanItsDefault(t *testing.T) {
	for _, env := range []string{
		config.EnvImpaired, config.EnvImpairedWindows, config.EnvSilent, config.EnvSilentWindows,
		config.EnvSilentMax, config.EnvSilentMaxWindows, config.EnvPingPeriod,
	} {
		i := slices.IndexFunc(config.Settings(), func(s config.Setting) bool { return s.Env == env })
		def, err := time.ParseDuration(config.Settings()[i].Default)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.FromEnv(environ(with(required(), env, (def - time.Second).String()))); err == nil {
			t.Errorf("%s takes a second less than %s", env, def)
		}
	}
}

func TestTheHeartbeatIsNeverAMetricOfAWS(t *testing.T) {
	for v, want := range map[string]string{
		"AWS/EC2/StatusCheckFailed":           "must be a metric that the host sends itself",
		"CWAgent/up\n":                        "must be a namespace and a metric, such as CWAgent/mem_used_percent",
		" CWAgent/up":                         "must be a namespace and a metric, such as CWAgent/mem_used_percent",
		"CWAgent/" + strings.Repeat("x", 600): "must be a namespace and a metric, such as CWAgent/mem_used_percent",
	} {
		if _, err := config.FromEnv(environ(with(required(), config.EnvHeartbeat, v))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", v, err, want)
		}
	}
}

// A group is changed without being asked only where no person is at hand.
func TestNothingIsProtectedUnasked(t *testing.T) {
	for _, c := range []struct {
		mode    config.Mode
		protect config.Protect
		want    bool
	}{
		{config.ModeAuto, config.ProtectAuto, true},
		{config.ModeManual, config.ProtectAuto, false},
		{config.ModeDryRun, config.ProtectAuto, false},
		{config.ModeManual, config.ProtectOn, true},
		{config.ModeAuto, config.ProtectOff, false},
		{config.ModeAuto, "", false},
	} {
		if got := (config.Config{Mode: c.mode, Protect: c.protect}).Protects(); got != c.want {
			t.Errorf("mode %s, protect %q: %v", c.mode, c.protect, got)
		}
	}
}

func TestMissingConfigurationIsNeverGuessed(t *testing.T) {
	for _, env := range []string{config.EnvTable, config.EnvBucket, config.EnvQueueURL, config.EnvFollowupQueueURL, config.EnvTopic, "AWS_REGION"} {
		for _, set := range []func(map[string]string){
			func(e map[string]string) { delete(e, env) },
			func(e map[string]string) { e[env] = "" },
		} {
			e := required()
			set(e)
			if _, err := config.FromEnv(environ(e)); err == nil || !strings.Contains(err.Error(), env+" is ") {
				t.Errorf("without %s: %v", env, err)
			}
		}
	}
}

func TestAMistypedNameIsNeverIgnored(t *testing.T) {
	_, err := config.FromEnv(environ(with(required(), "CRASHCART_COOLDOWNS", "12h")))
	if err == nil || !strings.Contains(err.Error(), "CRASHCART_COOLDOWNS is not a setting") {
		t.Errorf("error %v", err)
	}
	if _, err := config.FromEnv(append(environ(required()), "OTHER_COOLDOWN=1", "nonsense")); err != nil {
		t.Errorf("somebody else's variable: %v", err)
	}
}

func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	_, err := config.FromEnv([]string{
		config.EnvMode + "=live", config.EnvCooldown + "=0s", config.EnvBudget + "=none",
		config.EnvSilent + "=40m", "CRASHCART_B=1", "CRASHCART_A=1",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	want := []string{
		"CRASHCART_TABLE is missing: DynamoDB table of the casebook",
		"CRASHCART_BUCKET is missing: S3 bucket for console, screenshot and dump",
		"CRASHCART_QUEUE_URL is missing: URL of the SQS intake queue; a target that is later goes back into it",
		"CRASHCART_FOLLOWUP_QUEUE_URL is missing: URL of the SQS queue of the follow-up; every case whose interrupt was sent, or may have been, goes into it",
		"CRASHCART_TOPIC is missing: ARN of the SNS topic for notifications",
		`CRASHCART_MODE="live": must be one of dry-run, manual, auto`,
		`CRASHCART_COOLDOWN="0s": must be a duration from 1h to 720h, such as 6h`,
		`CRASHCART_BUDGET="none": must be a whole number, 1 to 1000`,
		"CRASHCART_A is not a setting of Crashcart",
		"CRASHCART_B is not a setting of Crashcart",
		"AWS_REGION is empty: Lambda sets it, elsewhere it must be given",
		"CRASHCART_SILENT (40m) must be below CRASHCART_SILENT_MAX (30m)",
		"CRASHCART_SILENT (40m) must be below CRASHCART_FRESH (30m)",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// A limit that could not be read has been reported already, and must not be
// compared as if it were zero.
func TestAProblemIsNeverNamedTwice(t *testing.T) {
	for _, env := range []string{config.EnvSilent, config.EnvSilentMax, config.EnvSilentWindows, config.EnvSilentMaxWindows} {
		_, err := config.FromEnv(environ(with(required(), env, "soon")))
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=soon: %v, want one problem", env, err)
		}
	}
}

// Every setting's own default must be one that it accepts.
func TestSettingsDescribeThemselves(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if !strings.HasPrefix(s.Env, config.Prefix) || seen[s.Env] || s.Meaning == "" || s.Allowed == "" {
			t.Errorf("%+v", s)
		}
		seen[s.Env] = true
		if s.Default != "" {
			if _, err := config.FromEnv(environ(with(required(), s.Env, s.Default))); err != nil {
				t.Errorf("the default of %s: %v", s.Env, err)
			}
		}
	}
	config.Settings()[0].Env = "changed"
	if config.Settings()[0].Env == "changed" {
		t.Error("a caller can change the settings")
	}
}

// table is a configuration table of the README.
func table(settings []config.Setting) string {
	var b strings.Builder
	b.WriteString("| variable | default | allowed | meaning |\n|---|---|---|---|\n")
	for _, s := range settings {
		def := "required"
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Env, def, s.Allowed, s.Meaning)
	}
	return b.String()
}

// With -update the tables are rewritten where they stand.
func TestTheReadmeShowsTheSettings(t *testing.T) {
	path := filepath.Join("..", "..", "..", "README.md")
	for name, settings := range map[string][]config.Setting{"settings": config.Settings(), "collect": config.CollectSettings()} {
		begins, ends, want := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n", table(settings)
		readme, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(readme), begins)
		got, after, closed := strings.Cut(rest, ends)
		if !ok || !closed {
			t.Fatalf("README.md has no markers for the table %q", name)
		}
		if got == want {
			continue
		}
		if !*update {
			t.Fatalf("the README's table %q is not that of the package: run go test ./lambda/domain/config -update", name)
		}
		if err := os.WriteFile(path, []byte(before+begins+want+ends+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

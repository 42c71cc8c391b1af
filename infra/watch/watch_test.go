package watch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/stack/stacktest"
	"crashcart/infra/watch"
)

const (
	id       = "i-0a1b2c3d4e5f60718"
	targets  = "targetgroup/web/0123456789abcdef"
	balancer = "app/web/fedcba9876543210"
)

func TestMain(m *testing.M) {
	code := m.Run()
	stacktest.Close()
	os.Exit(code)
}

// alarm gives the properties of the one alarm that make adds to a stack.
func alarm(t *testing.T, made func(awscdk.Stack) awscloudwatch.Alarm) map[string]any {
	t.Helper()
	stacktest.NeedNode(t)
	stack := awscdk.NewStack(awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir())}), jsii.String("Test"), nil)
	made(stack)
	for _, r := range *assertions.Template_FromStack(stack, nil).FindResources(jsii.String("AWS::CloudWatch::Alarm"), nil) {
		properties, _ := (*r)["Properties"].(map[string]any)
		return properties
	}
	t.Fatal("there is no alarm")
	return nil
}

// command runs a script with an aws that only prints its arguments.
func command(t *testing.T, script string, args ...string) []string {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell here")
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte("#!"+shell+"\nprintf '%s\\0' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), shell, append([]string{script}, args...)...)
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// spoken gives the alarm that a command asks for, as CloudFormation would have it.
func spoken(t *testing.T, words []string) map[string]any {
	t.Helper()
	if len(words) < 2 || !slices.Equal(words[:2], []string{"cloudwatch", "put-metric-alarm"}) {
		t.Fatalf("it is %q", words)
	}
	got := map[string]any{}
	option := ""
	for _, w := range words[2:] {
		if name, ok := strings.CutPrefix(w, "--"); ok {
			option = name
			continue
		}
		key := ""
		for part := range strings.SplitSeq(option, "-") {
			key += strings.ToUpper(part[:1]) + part[1:]
		}
		switch key {
		case "Threshold", "EvaluationPeriods", "Period":
			n, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			got[key] = n
		case "Dimensions":
			name, value, _ := strings.Cut(strings.TrimPrefix(w, "Name="), ",Value=")
			list, _ := got[key].([]any)
			got[key] = append(list, map[string]any{"Name": name, "Value": value})
		case "Metrics":
			var list []any
			if err := json.Unmarshal([]byte(w), &list); err != nil {
				t.Fatal(err)
			}
			got[key] = list
		default:
			got[key] = w
		}
	}
	return got
}

// sorted orders what CloudWatch does not: the dimensions by name.
func sorted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = sorted(e)
		}
	case []any:
		for i := range v {
			v[i] = sorted(v[i])
		}
		slices.SortFunc(v, func(a, b any) int {
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			return strings.Compare(string(x), string(y))
		})
	}
	return v
}

func TestTheScriptsMakeTheSameAlarmsAsTheConstructs(t *testing.T) {
	for name, c := range map[string]struct {
		made func(awscdk.Stack) awscloudwatch.Alarm
		args []string
	}{
		"instance": {func(s awscdk.Stack) awscloudwatch.Alarm { return watch.Instance(s, "crashcart-", id) }, []string{id}},
		"group":    {func(s awscdk.Stack) awscloudwatch.Alarm { return watch.Group(s, "crashcart-", "web") }, []string{"web"}},
		"targetgroup": {func(s awscdk.Stack) awscloudwatch.Alarm {
			return watch.TargetGroup(s, "crashcart-", watch.Targets{Group: targets, LoadBalancer: balancer})
		}, []string{targets, balancer}},
	} {
		t.Run(name, func(t *testing.T) {
			construct, script := sorted(alarm(t, c.made)), sorted(spoken(t, command(t, name+".sh", c.args...)))
			if !reflect.DeepEqual(construct, script) {
				a, _ := json.MarshalIndent(construct, "", " ")
				b, _ := json.MarshalIndent(script, "", " ")
				t.Errorf("the construct makes\n%s\nthe script\n%s", a, b)
			}
		})
	}
}

// Silence is what a hang looks like.
func TestMissingHeartbeatsAreNeverTakenForHealth(t *testing.T) {
	instance := alarm(t, func(s awscdk.Stack) awscloudwatch.Alarm { return watch.Instance(s, "hang-", id) })
	if instance["TreatMissingData"] != "breaching" || instance["AlarmName"] != "hang-heartbeat-"+id || instance["AlarmActions"] != nil {
		t.Errorf("%v", instance)
	}
	group := alarm(t, func(s awscdk.Stack) awscloudwatch.Alarm { return watch.Group(s, "hang-", "web") })
	raw, err := json.Marshal(group["Metrics"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "members - FILL(beats, 0)") || group["AlarmName"] != "hang-heartbeat-group-web" {
		t.Errorf("%v", group)
	}
}

func TestANetworkLoadBalancerHasItsOwnNamespace(t *testing.T) {
	got := alarm(t, func(s awscdk.Stack) awscloudwatch.Alarm {
		return watch.TargetGroup(s, "hang-", watch.Targets{Group: targets, LoadBalancer: "net/web/fedcba9876543210"})
	})
	if got["Namespace"] != "AWS/NetworkELB" || got["AlarmName"] != "hang-unhealthy-web" {
		t.Errorf("%v", got)
	}
	if words := command(t, "targetgroup.sh", targets, "net/web/fedcba9876543210"); !slices.Contains(words, "AWS/NetworkELB") {
		t.Errorf("%q", words)
	}
}

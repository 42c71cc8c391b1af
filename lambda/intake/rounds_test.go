package intake_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/elb"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
	serial "crashcart/lambda/domain/console"
	"crashcart/lambda/domain/trigger"
)

// TestNoMoreRoundsThanPromised runs the real bootstrap and counts its rounds of
// AWS calls up to the interrupt, the evidence apart: each round is time in which
// it may vanish.
func TestNoMoreRoundsThanPromised(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	if err := lab.Build(t.Context(), lab.Bootstrap, bootstrap); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		group      string
		neighbours int
		target     bool // it is behind a load balancer
		want       int
	}{
		{"alone", "", 0, false, 4},
		{"with neighbours", "", 3, false, 5}, // their pings
		{"in an Auto Scaling group", "web", 3, false, 5},
		{"behind a target group that nobody named", "", 3, true, 6}, // its members' pings
	} {
		t.Run(c.name, func(t *testing.T) {
			// Calls side by side must overlap, whatever else this machine does.
			l, err := lab.Start(lab.Options{Latency: 50 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			hungGuest(t, l, c.group, c.neighbours)
			if c.target {
				balance(t, l)
			}
			sent := make(chan struct{}, 8)
			l.Subscribe(func(call lab.Call) {
				if call.Operation == "SendDiagnosticInterrupt" {
					sent <- struct{}{}
				}
			})
			var log strings.Builder
			err = l.Deploy(lab.Function{Path: bootstrap, Concurrency: 1, Log: func(line string) { log.WriteString(line + "\n") }, Env: map[string]string{
				config.EnvMode: "auto",
			}})
			if err != nil {
				t.Fatal(err)
			}
			l.Queue.Send(secondPass(t, l), nil, 0)
			select {
			case <-sent:
			case <-time.After(30 * time.Second):
				t.Fatalf("no interrupt:\n%s", log.String())
			}
			if got := lab.Rounds(upToTheInterrupt(l.Calls())); got != c.want {
				t.Errorf("%d rounds, want %d: %+v", got, c.want, l.Calls())
			}
		})
	}
}

func hungGuest(t *testing.T, l *lab.Lab, group string, neighbours int) {
	t.Helper()
	specs := []fleet.Spec{{ID: webA, Name: "web", Type: "m6i.large", Group: group, Tags: map[string]string{"crashcart": "auto"}, LastPing: time.Minute}}
	if group != "" {
		specs = append(specs, fleet.Spec{ID: webB, Name: "web-b", Type: "m6i.large", Group: group, Tags: map[string]string{"crashcart": "auto"}})
	}
	for i := range neighbours {
		specs = append(specs, fleet.Spec{ID: host(i), Name: "near", Type: "m6i.large", Tags: map[string]string{"crashcart": "auto"}})
	}
	for _, s := range specs {
		if err := l.Fleet.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	// Its last minutes are not published yet, whatever second of a minute it is now.
	if err := l.Fleet.Hang(webA, fleet.Frozen, 20*time.Minute); err != nil {
		t.Fatal(err)
	}
}

// balance registers the guest and two others in a target group, which checks the port alone.
func balance(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := l.Balancer.Add(elb.Group{Name: "api", CheckProtocol: "TCP"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Balancer.Register("api", time.Hour, webA, host(0), host(1)); err != nil {
		t.Fatal(err)
	}
}

// secondPass is the message of an alarm whose first pass was nine minutes ago. That pass has
// read the guest's console: it ends with the boot of long ago, as that of a host that has
// just come back does.
func secondPass(t *testing.T, l *lab.Lab) string {
	t.Helper()
	text, _, err := l.Fleet.Console(webA, true)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-9 * time.Minute)
	raised, err := l.AlarmEvent(lab.Alarm{Name: "crashcart-web", Namespace: "CWAgent", Metric: "heartbeat", Instances: []string{webA}, At: began})
	if err != nil {
		t.Fatal(err)
	}
	alarm := trigger.Decode(raised.Event, trigger.Invocation{At: began}).Records[0].Trigger
	mark := serial.NewsSince(text, serial.Mark{}).Mark
	ref := alarm.Targets[0]
	ref.Seen = &trigger.Seen{At: began.Add(time.Minute), Kernel: mark.Clock.Seconds(), Lines: mark.Lines, Still: began}
	body, err := trigger.EncodeLater(trigger.Later(*alarm, ref))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func upToTheInterrupt(calls []lab.Call) []lab.Call {
	var rounds []lab.Call
	for _, c := range calls {
		if strings.HasPrefix(c.Operation, "GetConsole") {
			continue
		}
		rounds = append(rounds, c)
		if c.Operation == "SendDiagnosticInterrupt" {
			break
		}
	}
	return rounds
}

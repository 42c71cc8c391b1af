package vitals_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

// target is a target that a load balancer asks by HTTP every 10 seconds, and gives up after
// three checks.
func target(state, reason string) instance.Registration {
	return instance.Registration{Protocol: "HTTP", Port: 8080, Interval: 10 * time.Second, Threshold: 3, State: state, Reason: reason}
}

func targets(all ...instance.Registration) func(*vitals.Host) {
	return func(h *vitals.Host) { h.Instance.Targets = fact.Known(all) }
}

func TestOnlyAnAnswerOfTheHostsOwnUserSpaceIsLife(t *testing.T) {
	healthy := func(change func(*instance.Registration)) func(*vitals.Host) {
		one := target("healthy", "")
		change(&one)
		return targets(one)
	}
	protocol := func(p string) func(*vitals.Host) {
		return healthy(func(r *instance.Registration) { r.Protocol = p })
	}
	port := func(p int) func(*vitals.Host) { return healthy(func(r *instance.Registration) { r.Port = p }) }
	checks := func(interval time.Duration, n int) func(*vitals.Host) {
		return healthy(func(r *instance.Registration) { r.Interval, r.Threshold = interval, n })
	}
	cluster := described(func(d *instance.Description) { d.Kubernetes = true })
	died := failing(ago(10 * time.Minute))
	none := time.Time{}
	check(t, vitals.TargetHealth, []row{
		{"in no target group", host(died), vitals.Nothing, none, 0},
		{"healthy", host(died, targets(target("healthy", ""))), vitals.Alive, noon, 0},
		{"it answers with an error", host(died, targets(target("unhealthy", "Target.ResponseCodeMismatch"))), vitals.Alive, noon, 0},
		{"it does not answer", host(died, targets(target("unhealthy", "Target.Timeout"))), vitals.Nothing, none, 0},
		{"it refuses", host(died, targets(target("unhealthy", "Target.FailedHealthChecks"))), vitals.Nothing, none, 0},
		{"the load balancer's own trouble", host(died, targets(target("unhealthy", "Elb.InternalError"))), vitals.Nothing, none, 0},
		{"not asked yet", host(died, targets(target("initial", "Elb.RegistrationInProgress"))), vitals.Nothing, none, 0},
		{"draining", host(died, targets(target("draining", ""))), vitals.Nothing, none, 0},
		{"HTTPS", host(died, protocol("HTTPS")), vitals.Alive, noon, 0},
		{"TLS", host(died, protocol("TLS")), vitals.Alive, noon, 0},
		{"TCP", host(died, protocol("TCP")), vitals.Nothing, none, 0},
		{"UDP", host(died, protocol("UDP")), vitals.Nothing, none, 0},
		{"no protocol said", host(died, protocol("")), vitals.Nothing, none, 0},
		{"a protocol in lower case", host(died, protocol("http")), vitals.Nothing, none, 0},
		{"port 29999", host(died, port(29999)), vitals.Alive, noon, 0},
		{"port 30000", host(died, port(30000)), vitals.Nothing, none, 0},
		{"port 32767", host(died, port(32767)), vitals.Nothing, none, 0},
		{"port 32768", host(died, port(32768)), vitals.Alive, noon, 0},
		{"a node of a cluster", host(died, cluster, targets(target("healthy", ""))), vitals.Nothing, none, 0},
		{"checks of 10 minutes in all", host(died, checks(5*time.Minute, 2)), vitals.Alive, noon, 0},
		{"checks of a second more", host(died, checks(5*time.Minute+second/2, 2)), vitals.Waiting, none, second},
		{"one waits, one does not answer", host(died, checks(5*time.Minute, 3), func(h *vitals.Host) {
			all, _ := h.Instance.Targets.Get()
			targets(target("unhealthy", "Target.Timeout"), all[0])(h)
		}), vitals.Waiting, none, 5 * time.Minute},
		{"the second of two is healthy", host(died, targets(target("unhealthy", "Target.Timeout"), target("healthy", ""))), vitals.Alive, noon, 0},
		{"the first of two is healthy", host(died, targets(target("healthy", ""), target("unhealthy", "Target.Timeout"))), vitals.Alive, noon, 0},
		{"healthy, and nothing dead: since the alarm", host(targets(target("healthy", ""))), vitals.Alive, noon, 0},
	})
}

// A name of a reason comes from AWS, and still is text from outside.
func TestWhatALoadBalancerSaysIsNeverPrintedAsItCame(t *testing.T) {
	bad := target("unhealthy", "\x1b[2J\r\n"+strings.Repeat("x", 1000))
	bad.Protocol = "\x1b]0;owned\a"
	if v := vitals.Read(host(targets(bad))).Named(vitals.TargetHealth); len(v.Saw) > 300 || strings.ContainsAny(v.Saw, "\x1b\r\n\a") {
		t.Errorf("%d bytes: %q", len(v.Saw), v.Saw)
	}
}

// traffic makes the host send as much in every period of the two hours before its death,
// and as much after it. It died at 11:40.
func traffic(period time.Duration, before, after float64) func(*vitals.Host) {
	return func(h *vitals.Host) {
		failing(ago(20 * time.Minute))(h)
		metrics(func(m *instance.Metrics) {
			m.NetworkPeriod, m.NetworkOut = period, nil
			for at := ago(140 * time.Minute); at.Before(noon); at = at.Add(period) {
				p := instance.Point{At: at, Value: before}
				if !at.Before(ago(20 * time.Minute)) {
					p.Value = after
				}
				m.NetworkOut = append(m.NetworkOut, p)
			}
		})(h)
	}
}

func TestOnlyTrafficAsBeforeIsLife(t *testing.T) {
	const five = 5 * time.Minute
	// keep leaves out the periods that are not published.
	keep := func(is func(at time.Time) bool) func(*vitals.Host) {
		return metrics(func(m *instance.Metrics) {
			all := m.NetworkOut
			m.NetworkOut = nil
			for _, p := range all {
				if is(p.At) {
					m.NetworkOut = append(m.NetworkOut, p)
				}
			}
		})
	}
	between := func(from, to time.Duration) func(*vitals.Host) {
		return keep(func(at time.Time) bool { return !at.Before(ago(from)) && at.Before(ago(to)) })
	}
	router := described(func(d *instance.Description) { d.Router = true })
	node := described(func(d *instance.Description) { d.Kubernetes = true })
	none := time.Time{}
	check(t, vitals.NetworkOut, []row{
		{"none", host(), vitals.Nothing, none, 0},
		{"as before", host(traffic(five, 1e6, 1e6)), vitals.Alive, ago(10 * time.Minute), 0},
		{"a tenth of before", host(traffic(five, 1e6, 1e5)), vitals.Alive, ago(10 * time.Minute), 0},
		{"less than a tenth", host(traffic(five, 1e6, 1e5-1)), vitals.Nothing, none, 0},
		{"much more than before", host(traffic(five, 1e6, 1e9)), vitals.Alive, ago(10 * time.Minute), 0},
		{"nothing at all", host(traffic(five, 1e6, 0)), vitals.Nothing, none, 0},
		{"detailed, in minutes", host(traffic(time.Minute, 1e6, 1e6)), vitals.Alive, ago(17 * time.Minute), 0},
		{"a router", host(router, traffic(five, 1e6, 1e6)), vitals.Nothing, none, 0},
		{"a node of a cluster", host(node, traffic(five, 1e6, 1e6)), vitals.Nothing, none, 0},
		{"quiet before: 200 bytes a second", host(traffic(five, 60_000, 60_000)), vitals.Alive, ago(10 * time.Minute), 0},
		{"quiet before: less", host(traffic(five, 59_999, 59_999)), vitals.Nothing, none, 0},
		{"three periods of before", host(traffic(five, 1e6, 1e6), between(35*time.Minute, 0)), vitals.Alive, ago(10 * time.Minute), 0},
		{"two periods of before", host(traffic(five, 1e6, 1e6), between(30*time.Minute, 0)), vitals.Nothing, none, 0},
		{"only a period that began at the death", host(traffic(five, 1e6, 1e6), between(140*time.Minute, 15*time.Minute)), vitals.Nothing, none, 0},
		{"only a period that has not ended", host(traffic(five, 1e6, 1e6), between(140*time.Minute, 15*time.Minute), metrics(func(m *instance.Metrics) {
			m.NetworkOut = append(m.NetworkOut, instance.Point{At: ago(five).Add(second), Value: 1e6})
		})), vitals.Nothing, none, 0},
		{"a period of before the hour does not count", host(traffic(five, 1e6, 1e6), keep(func(at time.Time) bool {
			return at.Before(ago(80*time.Minute)) || !at.Before(ago(20*time.Minute))
		})), vitals.Nothing, none, 0},
	})
	// A host that seemed to die an hour ago: its traffic of half an hour ago says nothing of now.
	for newest, want := range map[time.Duration]vitals.Says{31 * time.Minute: vitals.Nothing, 30*time.Minute - second: vitals.Alive} {
		old := host(person, traffic(five, 1e6, 1e6), failing(ago(time.Hour)), between(140*time.Minute, newest))
		if v := vitals.Read(old).Named(vitals.NetworkOut); v.Says != want {
			t.Errorf("the newest period began %s ago: %s (%s)", newest, v.Says, v.Saw)
		}
	}
	// A period in which it died is none of before: two are left.
	cut := host(traffic(five, 1e6, 1e6), failing(ago(18*time.Minute)), between(30*time.Minute, 0))
	if v := vitals.Read(cut).Named(vitals.NetworkOut); v.Says != vitals.Nothing {
		t.Errorf("with the period of its death: %s (%s)", v.Says, v.Saw)
	}
}

func TestAnApplicationThatFailsIsNeverDead(t *testing.T) {
	application := func(status string) vitals.Host {
		return host(func(h *vitals.Host) {
			h.Instance.Status = fact.Known(instance.Status{Application: instance.Check{Status: status, Since: ago(time.Hour)}})
		})
	}
	none := time.Time{}
	check(t, vitals.ApplicationStatus, []row{
		{"none", application(""), vitals.Nothing, none, 0},
		{"ok", application("ok"), vitals.Alive, noon, 0},
		{"impaired", application("impaired"), vitals.Nothing, none, 0},
		{"initializing", application("initializing"), vitals.Nothing, none, 0},
		{"insufficient-data", application("insufficient-data"), vitals.Nothing, none, 0},
		{"not-applicable", application("not-applicable"), vitals.Nothing, none, 0},
	})
}

// The host may have died long after the vital that seemed to show it. A person asks about
// now; an alarm is not older than the sign.
func TestTrafficOfBeforeNeverSpeaksToAPersonForTheHostOfNow(t *testing.T) {
	sent := metrics(func(m *instance.Metrics) {
		m.NetworkPeriod = 5 * time.Minute
		for at := ago(100 * time.Minute); at.Before(noon); at = at.Add(5 * time.Minute) {
			bytes := 50e6
			if !at.Before(ago(10 * time.Minute)) {
				bytes = 2e3
			}
			m.NetworkOut = append(m.NetworkOut, instance.Point{At: at, Value: bytes})
		}
	})
	check(t, vitals.NetworkOut, []row{
		{"an alarm", host(sent, pinged(ago(29*time.Minute))), vitals.Alive, ago(15 * time.Minute), 0},
		{"a person", host(sent, pinged(ago(29*time.Minute)), person), vitals.Nothing, time.Time{}, 0},
	})
}

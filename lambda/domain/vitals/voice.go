package vitals

import (
	"fmt"
	"time"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

// ssmPing is Systems Manager's word: when it last heard the host's agent.
type ssmPing struct{}

func (ssmPing) name() Name         { return SSMPing }
func (ssmPing) question() Question { return Voice }

func (ssmPing) read(h Host, since time.Time) Vital {
	ping, d, err := described(h, h.Instance.Ping)
	switch {
	case err != nil:
		return unknown(err)
	case ping.At.IsZero():
		return Vital{Says: Nothing, Saw: "no SSM agent"}
	case d.LaunchedAt.IsZero() || ping.At.Before(d.LaunchedAt):
		return Vital{Says: Nothing, Saw: "no SSM ping since the launch"}
	}
	return pinged(h, ping.At, d.Windows, since)
}

// pinged is what the last ping of an agent says. While the neighbours are not known its
// period may be longer than it seems: then it may be too early for a death, and never too
// late for a life.
func pinged(h Host, at time.Time, windows bool, since time.Time) Vital {
	silent := h.At.Sub(at)
	least, longest := silence(h, windows)
	v := Vital{Says: Waiting, Spoke: true, Heard: at, Late: silent > period(h)+late, Saw: fmt.Sprintf("SSM ping %s ago", printable.Duration(silent))}
	_, err := h.Instance.Neighbours.Get()
	switch {
	case silent >= least && err != nil:
		u := unknown(fmt.Errorf("how often its neighbours ping: %w", err))
		u.Late = true
		return u
	case silentBefore(h, at) > longest && !h.Person:
		v.Says, v.Spoke = Nothing, false
		v.Saw += fmt.Sprintf(", longer than the %s that could belong to this alarm", printable.Duration(longest))
	case silent >= least:
		v.Says, v.Since = Dead, at.Add(period(h))
	case !since.IsZero() && at.After(since):
		v.Says, v.Since = Alive, at
	default:
		v.Wait = least - silent
		v.Saw += fmt.Sprintf(", %s required", printable.Duration(least))
		if p := period(h); p > periods()[0] {
			v.Saw += fmt.Sprintf(" where agents ping every %s", printable.Duration(p))
		}
	}
	return v
}

// silentBefore is for how long an agent had been silent when the alarm went off. By then it
// must not have been silent for longer than could belong to that alarm. While the alarm
// waits for another question it grows older, and that is no reason to believe it less.
func silentBefore(h Host, ping time.Time) time.Duration {
	if h.Asked.IsZero() || h.Asked.After(h.At) {
		return h.At.Sub(ping)
	}
	return h.Asked.Sub(ping)
}

const (
	// beatsMissed is for how many full minutes there must be no heartbeat, at least.
	beatsMissed = 5
	// beatsHeard is how lately before them there must have been one, for an alarm.
	beatsHeard = time.Hour
)

// heartbeat is CloudWatch's word: when the host's own metric last came.
type heartbeat struct{}

func (heartbeat) name() Name         { return Heartbeat }
func (heartbeat) question() Question { return Voice }

func (heartbeat) read(h Host, since time.Time) Vital {
	m, d, err := described(h, h.Instance.Metrics)
	if err != nil {
		return unknown(err)
	}
	if len(m.Heartbeat) == 0 {
		return Vital{Says: Nothing, Saw: "no heartbeat"}
	}
	last := m.Heartbeat[len(m.Heartbeat)-1]
	end := last.At.Add(instance.Minute)
	missed, need := int(h.At.Truncate(instance.Minute).Sub(end)/instance.Minute), beatsRequired(m.Heartbeat)
	v := Vital{Says: Waiting, Spoke: true, Heard: end, Late: 2*missed > need, Saw: fmt.Sprintf("heartbeat %s ago", printable.Duration(h.At.Sub(end)))}
	switch {
	case d.LaunchedAt.IsZero() || end.Before(d.LaunchedAt): // of the host that was stopped, not of this one
		return Vital{Says: Nothing, Saw: "no heartbeat since the launch"}
	case missed > need+int(beatsHeard/instance.Minute) && !h.Person:
		v.Says, v.Spoke = Nothing, false
		v.Saw += ", longer than the hour that could belong to this alarm"
	case missed >= need:
		v.Says, v.Since = Dead, end
	case !since.IsZero() && !last.At.Before(since.Add(settle)):
		v.Says, v.Since = Alive, last.At
	default:
		v.Wait = end.Add(time.Duration(need) * instance.Minute).Sub(h.At)
		v.Saw += fmt.Sprintf(", %d full minutes required", need)
	}
	return v
}

// beatsRequired is for how many full minutes there must be no heartbeat. A host that sends
// one every five minutes has four without one each time. So it is twice the longest pause
// of the hour before the last beat, and a minute.
func beatsRequired(beats []instance.Point) int {
	last := beats[len(beats)-1].At
	longest := 0
	var before time.Time
	for _, b := range instance.Between(beats, last.Add(-beatsHeard), last.Add(instance.Minute)) {
		if !before.IsZero() {
			longest = max(longest, int(b.At.Sub(before)/instance.Minute)-1)
		}
		before = b.At
	}
	return max(beatsMissed, 2*longest+1)
}

// reachability is EC2's word: it gets no answer to an ARP request. It never says alive,
// since a hung kernel answers ARP. A check that passes takes its word back.
type reachability struct{}

func (reachability) name() Name         { return Reachability }
func (reachability) question() Question { return Voice }

func (reachability) read(h Host, _ time.Time) Vital {
	u, d, err := described(h, h.Instance.Unreachable)
	if err != nil {
		return unknown(err)
	}
	if !u.Failing {
		return Vital{Says: Nothing, Saw: "reachability check does not fail"}
	}
	if s, err := h.Instance.Status.Get(); asked(err) {
		return unknown(err)
	} else if err == nil && s.Instance.Status != "impaired" { // asked a moment later
		return Vital{Says: Nothing, Saw: "reachability check failed, and is " + printable.Line(s.Instance.Status, maxText) + " by now"}
	}
	if u.Since.IsZero() {
		return Vital{Says: Waiting, Saw: "reachability check fails, AWS does not say since when"}
	}
	need := h.Rules.Impaired
	if d.Windows {
		need = h.Rules.ImpairedWindows
	}
	failed := h.At.Sub(u.Since)
	v := Vital{Says: Dead, Since: u.Since, Saw: fmt.Sprintf("reachability check has failed for %s", printable.Duration(failed))}
	if failed < need {
		v.Says, v.Since, v.Wait = Waiting, time.Time{}, need-failed
		v.Saw += fmt.Sprintf(", %s required", printable.Duration(need))
	}
	return v
}

// maxText is how much of a text from outside goes into a sentence, in bytes.
const maxText = 100

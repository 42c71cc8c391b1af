package cases

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Moment is one line of a case's timeline.
type Moment struct {
	At   time.Time
	What string // one sentence without its full stop
}

// Timeline is what happened in the case, oldest first. Its sentences hold text from
// outside as it came, such as alarm names and reasons: clean them before they are shown.
func (r Record) Timeline() []Moment {
	moments := []Moment{{r.ClaimedAt, r.claimed()}}
	add := func(at time.Time, what string) {
		if !at.IsZero() && what != "" {
			moments = append(moments, Moment{at, what})
		}
	}
	add(r.Followup.LostAt, "the result of the send is lost: it may have been sent, and is not sent again")
	if !r.SettledAt.Equal(r.Followup.LostAt) { // else the follow-up settled it so
		add(r.SettledAt, r.settled())
	}
	if r.Notes.Evidence != "" {
		add(r.NotedAt, "evidence: "+r.Notes.Evidence)
	}
	add(r.NotedAt, r.Notes.Protected)
	for _, p := range r.Followup.Account.Proofs {
		add(p.SeenAt, p.sentence())
	}
	add(r.Followup.Collect.BeganAt, "the host was asked for what its crash has left")
	add(r.Followup.Collect.EndedAt, r.Followup.Collect.ended())
	add(r.Followup.ConcludedAt, r.Followup.concluded())
	add(r.ClosedAt, r.closed())
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return moments
}

// claimed says for what the case was opened.
func (r Record) claimed() string {
	what := "claimed for "
	switch {
	case r.Origin.Alarm != "":
		what += "the alarm " + r.Origin.Alarm
	case r.Origin.RequestedBy != "":
		what += r.Origin.RequestedBy
	default:
		what += "a trigger of the kind " + cmp.Or(r.Origin.Kind, "unknown")
	}
	if r.Origin.Reason != "" {
		what += ": " + r.Origin.Reason
	}
	if len(r.Origin.Forced) > 0 {
		what += " (forced: " + strings.Join(r.Origin.Forced, ", ") + ")"
	}
	return what
}

// settled says how the send ended. In a case that was closed since, ClosedFrom has that
// state.
func (r Record) settled() string {
	code := ""
	if r.Code != "" {
		code = " (" + r.Code + ")"
	}
	switch state := cmp.Or(r.ClosedFrom, r.State); state {
	case StateInterrupted:
		return "EC2 accepted the interrupt"
	case StateUnknown:
		return "sent, but no answer proved anything; it is not sent again" + code
	case StateRejected:
		return "EC2 did not send it; the instance may be claimed again" + code
	case StateDryRun:
		return "a dry run: nothing was sent" + code
	default:
		return string(state) + code
	}
}

// closed says by whom and why. The follow-up's reason is its finding, which has a line of
// its own.
func (r Record) closed() string {
	what := "closed by " + cmp.Or(r.ClosedBy, "somebody")
	if r.Followup.Concluded() && strings.HasPrefix(r.ClosedWhy, string(r.Followup.Finding)) {
		return what
	}
	return what + ": " + r.ClosedWhy
}

// stageSays is what a stage means, as a sentence. The send has a sentence of its own.
var stageSays = map[Stage]string{
	StageSeen:          "the kernel noticed the interrupt",
	StagePanicked:      "the kernel panicked",
	StageCaptureKernel: "the capture kernel booted",
	StageDmesgSaved:    "the log of the crashed kernel is saved",
	StageDumpComplete:  "the dump is complete",
	StageRebooted:      "an ordinary kernel booted",
	StageReachable:     "the host answers again",
}

// sentence says what was seen and what shows it. It is empty for the send.
func (p Proof) sentence() string {
	if p.Stage == StageSent {
		return ""
	}
	what := cmp.Or(stageSays[p.Stage], string(p.Stage))
	if p.By != "" {
		what += " (" + p.By + ")"
	}
	if p.Line != "" {
		what += ": " + p.Line
	}
	return what + inDoubt(p.Doubt)
}

// concluded says what the case came to. It is empty until it has come to anything.
func (f Followup) concluded() string {
	if !f.Concluded() {
		return ""
	}
	what := "finding " + string(f.Finding)
	if f.Why != "" {
		what += ": " + f.Why
	}
	return what + inDoubt(f.Doubt)
}

// ended says what has come home at the end.
func (c Collecting) ended() string {
	switch {
	case c.HasAllDumps():
		return "its dump is in the bucket"
	case c.HasDump():
		return "not all of its dumps are in the bucket, and no more is waited for"
	default:
		return "its dump is not in the bucket, and is not waited for any more"
	}
}

// inDoubt is a doubt, as the end of a sentence.
func inDoubt(doubt string) string {
	if doubt == "" {
		return ""
	}
	return " (in doubt: " + doubt + ")"
}

package followup

import (
	"context"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/witness"
)

// step is one step of a case. It is due or not by what the casebook has, and by the time.
// do has the step's effect outside of the casebook, if it has one, and then makes its one
// write. It gives the record as it is then.
type step struct {
	name string
	due  func(task) bool
	do   func(context.Context, *Handler, task) (cases.Record, error)
}

// task is a case as it was read, and what a step needs besides.
type task struct {
	r       cases.Record
	now     time.Time
	failure *failure // why Advance has failed for good; mostly nil
	collect config.Collect
}

// advancing are the steps of Advance. The first that is due is made.
var advancing = slices.Concat(losing, collecting, []step{
	{"conclude", canConclude, conclude},
	{"notify of the dump", news(cases.NewsDumping, dumpsLong), tell(cases.NewsDumping)},
	{"notify of the stall", news(cases.NewsStalled, stalled), tell(cases.NewsStalled)},
	{"notify of the way home", news(cases.NewsCollect, collectsLong), tell(cases.NewsCollect)},
	{nameObserve, settled, observeHost},
})

// finishing are the steps of Finish. All that are due are made, one after another.
var finishing = []step{
	losing[0],
	{"conclude", unconcluded, conclude},
	sealing,
	{"list the evidence", unlisted, writeManifest},
	{"notify of the end", news(cases.NewsEnded, concluded), tell(cases.NewsEnded)},
	{"close", toldOrGivenUp, closeCase},
}

// first gives the first of the steps that is due.
func first(steps []step, t task) (step, bool) {
	for _, s := range steps {
		if s.due(t) {
			return s, true
		}
	}
	return step{}, false
}

// settled says that the interrupt was sent, or may have been: no step is written before.
func settled(t task) bool { return t.r.State != cases.StateClaimed }

func concluded(t task) bool   { return t.r.Followup.Concluded() }
func unconcluded(t task) bool { return settled(t) && !concluded(t) }

// found is what the witness makes of the account at the time of the last step. A deadline
// that has passed since then does not end a case: its host is observed once more before.
// Of a case that was never observed nothing is found.
func found(t task) witness.Conclusion {
	if t.r.Followup.Account.SentAt.IsZero() {
		return witness.Conclusion{}
	}
	return witness.Conclude(t.r.Followup.Account, t.r.Followup.SteppedAt)
}

// blindFor is how long a case is not concluded because EC2 does not answer. What the host
// did meanwhile is still on its console. A function that is not allowed to see it would see
// no more later.
const blindFor = 6 * time.Hour

func comesToNothingMore(t task) bool {
	seen := !t.r.Followup.Blind || t.now.Sub(t.r.ClaimedAt) >= blindFor
	return found(t).Done && seen && unconcluded(t)
}

// canConclude says that nothing more is to be seen of the crash, or to come home of it.
func canConclude(t task) bool { return comesToNothingMore(t) && isHome(t) }

func stalled(t task) bool { return found(t).Stalled && !t.r.Followup.Blind }
func dumping(t task) bool { return found(t).Dumping }

// longDump is how long a capture kernel must run, without a word of its progress, until
// people hear of a dump. Most dumps are over by then, and their end is news enough.
const longDump = 2 * time.Minute

// dumpsLong says that a dump is worth a notification of its own: it says how far it is, or
// it has gone on for long.
func dumpsLong(t task) bool {
	f := t.r.Followup
	p, ok := f.Account.Reached(cases.StageCaptureKernel)
	return dumping(t) && (f.Account.Percent != "" || ok && f.SteppedAt.Sub(p.SeenAt) >= longDump)
}

// longCollect is how long a dump must be on its way home until people hear of it. A small
// one is there by then.
const longCollect = 2 * time.Minute

func collectsLong(t task) bool {
	c := t.r.Followup.Collect
	return collects(t) && c.Files.Open() && t.now.Sub(c.BeganAt) >= longCollect
}

// news is due as long as its topic has not taken it and is not given up.
func news(n cases.News, happened func(task) bool) func(task) bool {
	return func(t task) bool {
		told := t.r.Followup.Told[n]
		return happened(t) && !told.Done && told.Tries < mostTries && (n == cases.NewsEnded || t.now.Sub(told.Last) >= againAfter)
	}
}

func toldOrGivenUp(t task) bool {
	told := t.r.Followup.Told[cases.NewsEnded]
	return concluded(t) && (told.Done || told.Tries >= mostTries)
}

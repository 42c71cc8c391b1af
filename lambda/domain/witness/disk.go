package witness

import (
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	disk "crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/printable"
)

const byDisk = "its disk"

// Why a dump on a disk may not be of this crash.
const (
	doubtBefore = "by the host's clock it was written before the interrupt"
	doubtAhead  = "by the host's clock it was written in the future"
)

// AddSurvey gives the account with what a survey of the host's disk shows, that was read at
// a time. A dump on it proves itself, whatever the console has shown. A Windows shows no
// more than that. Whoever answers a survey is back.
func AddSurvey(a cases.Account, s disk.Survey, at time.Time) cases.Account {
	found, ok := newestDump(s)
	if !ok {
		return a
	}
	a.Proofs = slices.Clone(a.Proofs)
	prove(&a, cases.Proof{
		Stage: cases.StageDumpComplete, By: byDisk, SeenAt: at, Doubt: doubtOf(found, a.SentAt, at),
		Line: found.Path + ", " + printable.Bytes(found.Size),
	})
	prove(&a, cases.Proof{Stage: cases.StageReachable, By: byAgent, SeenAt: at})
	return a
}

// newestDump is the one that was written last.
func newestDump(s disk.Survey) (newest disk.File, ok bool) {
	for _, f := range s.Files {
		if f.Kind != disk.KindDmesg && (!ok || f.Modified > newest.Modified) {
			newest, ok = f, true
		}
	}
	return newest, ok
}

// doubtOf is why a dump may be of another crash. A capture kernel may have another clock
// than the host.
func doubtOf(f disk.File, sentAt, now time.Time) string {
	switch written := f.ModifiedAt(); {
	case written.Before(sentAt.Truncate(time.Second)):
		return doubtBefore
	case written.After(now.Add(clocks)):
		return doubtAhead
	}
	return ""
}

package witness

import (
	"bytes"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/printable"
)

// drift is how far a kernel's own time and ours may be apart within the two days of a case.
// A kernel may also write a line on its console minutes late.
const drift = 5 * time.Minute

// Why a host may not have done what its console seems to show.
const (
	doubtRolled = "its console has been overwritten since the interrupt, and does not show any more what came then"
	doubtAlone  = "no console from before the interrupt was kept, and the newest does not show that no boot came between"
	doubtUptime = "only the time of its kernel shows the boot, and nothing shows the cause"
)

// addUptime adds what the time of the newest kernel says: whether it has booted since the
// interrupt, and whether the console still shows what came then. A follow-up that begins
// hours late finds a ring that may have forgotten a crash, its dump and the boot behind it.
func addUptime(a *cases.Account, s Sight, r *reader) {
	ran, timed := r.reading.Clock, r.reading.Timed
	a.Rolled = (s.Before == nil || !r.joined) && (!timed || ran <= s.At.Sub(a.SentAt)+drift)
	if !timed {
		return
	}
	was, at := a.Uptime, a.LookedAt
	a.Uptime, a.LookedAt = ran, s.At
	if a.Booted == "" && (ran+drift < r.clock || isBootSince(ran, was, at, a.SentAt)) {
		a.Booted, a.BootedAt = lineAt(s.Console, ran), s.At
	}
}

// isBootSince says that a kernel's time proves a boot since the interrupt. The time must be
// newer than what was seen at the last sight: then its line is written since that sight, and
// its kernel had run for no longer. A time that stands still proves nothing: a kernel may be
// silent for days.
func isBootSince(ran, was time.Duration, lookedAt, sentAt time.Time) bool {
	return !lookedAt.IsZero() && ran > was && ran+drift < lookedAt.Sub(sentAt)
}

// lineAt is the newest line with this time of the kernel, or what the time is.
func lineAt(text []byte, clock time.Duration) string {
	stamp := fmt.Sprintf("[%5d.%06d]", clock/time.Second, clock%time.Second/time.Microsecond)
	at := bytes.LastIndex(text, []byte(stamp))
	if at < 0 {
		return "its kernel has run for " + printable.Duration(clock)
	}
	line := text[at:]
	if end := bytes.IndexAny(line, "\r\n"); end >= 0 {
		line = line[:end]
	}
	line = line[:min(len(line), maxRaw)]
	return printable.Line(string(printable.StripEscapes(nil, line)), console.MaxLine)
}

package trigger

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Limits of what a pass may say that it saw.
const (
	// seenBefore is how much earlier than its trigger a pass may be. A trigger may be ahead of
	// the function's clock by a minute (the guard's rule fresh).
	seenBefore = time.Minute
	// seenAfter is how much later than its trigger a pass may be. A trigger is fresh for an
	// hour at most (CRASHCART_FRESH and CRASHCART_FRESH_WINDOWS). The rest is room for a
	// message that came late.
	seenAfter = 2 * time.Hour
	// stuckBefore is how much earlier than its trigger a complaint of the kernel may be. One of
	// more than ten minutes counts no more.
	stuckBefore = 15 * time.Minute
	// maxLines bounds the lines of a console. EC2 keeps the last 64 KB of it
	// ("GetConsoleOutput" in the Amazon EC2 API Reference), which are fewer lines than this.
	maxLines = 100_000

	// ScreenDigits is how long the hash of a picture is, in hexadecimal digits: long enough
	// that two pictures do not have the same by chance.
	ScreenDigits = 16
	// maxScreens is how many pictures a screen that shows nothing new may have: a cursor may
	// blink.
	maxScreens = 2
)

// Seen is what the pass before saw of an instance. The next pass compares: a kernel that
// has written since then is alive, and a check that failed a moment ago is not trusted yet.
type Seen struct {
	At     time.Time `json:"at"`               // when that pass looked
	Kernel float64   `json:"kernel,omitempty"` // the newest kernel time on the console, in seconds since the boot
	Lines  int       `json:"lines,omitempty"`  // the lines of the console after the one with that time
	EBS    time.Time `json:"ebs,omitzero"`     // when the check of its attached volumes was last seen impaired, by any pass

	Still   time.Time `json:"still,omitzero"`    // since when its console, or else its screen, shows no restart
	Screens []string  `json:"screens,omitempty"` // the pictures on its screen since then, as hashes
	Back    time.Time `json:"back,omitzero"`     // when its console last showed a restart under way, or one that was not there before
	Stuck   time.Time `json:"stuck,omitzero"`    // when its kernel last complained of what has been stuck for minutes
}

// seenKeys are the keys of a Seen in the queue.
func seenKeys() []string {
	return []string{"at", "kernel", "lines", "ebs", "still", "screens", "back", "stuck"}
}

// laterSeen checks what the pass before saw. Only an instance can have been seen, and only
// while the trigger went from pass to pass.
func laterSeen(ref Ref, at time.Time, bad *problems) {
	if ref.Seen == nil {
		return
	}
	s := *ref.Seen
	if ref.Instance == "" {
		bad.add("only an instance was seen by a pass")
	}
	if !duringPasses(s.At, at) {
		bad.add("seen.at is not a time at which the trigger was decided")
	}
	seenTimes(s, at, bad)
	if len(s.Screens) > maxScreens || slices.ContainsFunc(s.Screens, func(hash string) bool { return !isScreen(hash) }) {
		bad.add("seen.screens are not at most %d hashes of %d digits", maxScreens, ScreenDigits)
	}
	if !isClock(s.Kernel) {
		bad.add("seen.kernel is not a time since the boot")
	}
	if s.Lines < 0 || s.Lines > maxLines {
		bad.add("seen.lines %d is not 0 to %d", s.Lines, maxLines)
	}
}

// seenTimes checks what a pass says when it saw.
func seenTimes(s Seen, at time.Time, bad *problems) {
	for _, one := range []struct {
		name string
		at   time.Time
	}{{"ebs", s.EBS}, {"still", s.Still}, {"back", s.Back}} {
		if !one.at.IsZero() && (!duringPasses(one.at, at) || one.at.After(s.At)) {
			bad.add("seen.%s is not a time at which the trigger was decided", one.name)
		}
	}
	if !s.Stuck.IsZero() && (checkTime(s.Stuck) != nil || s.Stuck.Before(at.Add(-stuckBefore)) || s.Stuck.After(s.At)) {
		bad.add("seen.stuck is not a time before that pass, and not long before the trigger")
	}
}

// isScreen reports whether text can be the hash of a picture.
func isScreen(text string) bool {
	return len(text) == ScreenDigits && !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
}

// isClock reports whether seconds can be a kernel's time.
func isClock(seconds float64) bool {
	return seconds >= 0 && !math.IsInf(seconds, 0) // and no NaN, which is not at least 0
}

// duringPasses reports whether a pass of a trigger may have been at that time. at is the
// trigger's time.
func duringPasses(seen, at time.Time) bool {
	return checkTime(seen) == nil && !seen.Before(at.Add(-seenBefore)) && !seen.After(at.Add(seenAfter))
}

// checkSeenKeys is checkLaterKeys for what the pass before saw.
func checkSeenKeys(target object) error {
	if !target.has("seen") {
		return nil
	}
	seen, err := target.object("seen")
	if err != nil {
		return fmt.Errorf("reading the pass before: %w", err)
	}
	return seen.onlyKeys(seenKeys()...)
}

// copySeen gives a copy of what the pass before saw, with its times in UTC.
func copySeen(s *Seen) *Seen {
	if s == nil {
		return nil
	}
	c := *s
	for _, at := range []*time.Time{&c.At, &c.EBS, &c.Still, &c.Back, &c.Stuck} {
		*at = at.Round(0).UTC()
	}
	c.Screens = slices.Clone(c.Screens)
	return &c
}

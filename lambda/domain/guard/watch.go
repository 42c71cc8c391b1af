package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// Signs of life are published minutes after they happen. A host that has just come back, by
// a restart, is alive and looks dead in all of them. Its console and its screen are seen at
// once. So every pass over a silent host reads them, and an alarm's interrupt needs that
// they show no restart for longer than a sign of life takes to be published
// (docs/adr/0024-storms-and-hosts-that-have-just-come-back.md).

const (
	// publishedWithin is how long a sign of life may take to be published. It counts where no
	// minute of a disk says how long it does take.
	publishedWithin = 6 * time.Minute
	// sinceBack is how long after a restart that passes have seen a host may be interrupted
	// again. What seemed dead before it proves nothing of what has started since.
	sinceBack = 20 * time.Minute
	// stuckWithin is how lately the kernel must have said that something has been stuck for
	// minutes. It says so every two minutes, but ten times at most, for all its tasks together
	// (sysctl kernel.hung_task_warnings). Five tasks are common, and then it is silent from the
	// fifth minute on (docs/hangs.md).
	stuckWithin = 10 * time.Minute
)

// watch is what the passes over a target have seen of its console, and where that can show
// nothing, of its screen.
type watch struct {
	read    bool   // this pass has read what it needs
	mute    string // why its console can show no restart; empty where it can
	known   bool   // the console was read
	shown   console.Reading
	news    console.News
	mark    console.Mark
	still   time.Time // since when nothing has restarted, as far as that was seen
	screens []string  // the hashes of the pictures since then
	back    time.Time // when a restart was last seen that goes on, or was not there at the pass before
	stuck   time.Time // when the kernel last complained of what has been stuck for minutes
}

// watch is what was seen up to this pass.
func (in Inquiry) watch() watch {
	if in.watched != nil {
		return in.watched()
	}
	return watching(in)
}

func watching(in Inquiry) watch {
	w := watch{still: in.asOf()}
	before := in.Ref.Seen
	if before != nil {
		w.stuck, w.back = before.Stuck, before.Back
	}
	windows := false
	if d, err := in.Instance.Description.Get(); err == nil {
		windows = d.Windows
	}
	text, err := in.Console.Get()
	if err != nil && !windows {
		return w
	}
	if err == nil {
		w.console(in, text, before)
	}
	if windows {
		w.mute = "the console of a Windows shows no dump, so there may be one"
	}
	if w.mute == "" {
		w.read = true
		return w
	}
	w.still = in.asOf()
	if picture, err := in.Screenshot.Get(); err == nil {
		w.read = true
		w.screen(picture, before)
	}
	return w
}

// console reads what a console shows, beside the pass before.
func (w *watch) console(in Inquiry, text []byte, before *trigger.Seen) {
	w.shown, w.news = console.Compare(text, markOf(before))
	w.known = true
	w.mark, w.mute = w.news.Mark, hides(text, w.shown)
	if w.mute == "" && !w.news.Timed {
		w.mute = "its console shows nothing of its kernel, and so would not show a dump"
	}
	w.complained(in)
	w.compare(in.asOf(), before)
}

// complained notes when the kernel last said that something has been stuck for minutes. A new
// line is younger than the pass before. One that stood there already may be of any time. But
// a kernel does not run before its instance was launched, so that the line is no older than
// its kernel's time after the launch.
func (w *watch) complained(in Inquiry) {
	if before := in.Ref.Seen; before != nil && w.news.StuckFor >= console.LongStuckFor {
		w.stuck = before.At
		return
	}
	d, err := in.Instance.Description.Get()
	if err != nil || d.LaunchedAt.IsZero() || w.news.LongStuck == 0 {
		return
	}
	if at := d.LaunchedAt.Add(w.news.LongStuck); at.After(w.stuck) && !at.After(in.asOf()) {
		w.stuck = at
	}
}

// compare notes since when the console shows no restart, and when it last showed one.
func (w *watch) compare(now time.Time, before *trigger.Seen) {
	switch {
	case w.mute == "" && w.shown.Activity != console.Quiet: // it does something now
		w.back = now
	case before == nil:
	case w.news.Same && !before.Still.IsZero():
		w.still = before.Still
	case w.news.Timed && !w.news.Same && before.Kernel > 0:
		w.back, w.stuck = now, time.Time{}
	}
}

// screen compares the picture with those of the passes before. Two pictures that take turns
// are one screen: a cursor blinks.
func (w *watch) screen(picture []byte, before *trigger.Seen) {
	sum := sha256.Sum256(picture)
	hash := hex.EncodeToString(sum[:])[:trigger.ScreenDigits]
	switch {
	case before == nil || before.Still.IsZero() || len(before.Screens) == 0:
		w.screens = []string{hash}
	case slices.Contains(before.Screens, hash):
		w.screens, w.still = before.Screens, before.Still
	case len(before.Screens) == 1:
		w.screens = []string{before.Screens[0], hash}
	default:
		w.screens = []string{hash}
	}
}

// stuckLately says whether the kernel has complained a moment ago of what has been stuck for
// minutes.
func (w watch) stuckLately(at time.Time) bool {
	return !w.stuck.IsZero() && at.Sub(w.stuck) < stuckWithin
}

// proves says whether nothing has restarted for longer than a sign of life takes to be
// published. A minute of the disk that is published and begun after the console was first
// read says how long it takes: a boot writes.
func (w watch) proves(in Inquiry) bool {
	if newest := in.published(); !newest.IsZero() {
		return !newest.Before(w.still.Add(instance.Minute))
	}
	return in.asOf().Sub(w.still) >= publishedWithin
}

// published is when the newest minute of its disks that has ended, and is published, ended.
// It is zero for none.
func (in Inquiry) published() time.Time {
	m, err := in.Instance.Metrics.Get()
	if err != nil {
		return time.Time{}
	}
	for _, p := range slices.Backward(m.Writes) {
		if end := p.At.Add(instance.Minute); !end.After(in.asOf()) {
			return end
		}
	}
	return time.Time{}
}

package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
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
	// stuckFor is how long a task or a CPU must have been stuck, in the kernel's own words,
	// for what is no storm that ends by itself. It is the second complaint of a hung task
	// (Linux source, kernel/hung_task.c: each two minutes).
	stuckFor = 4 * time.Minute
	// sinceBack is how long after a restart that passes have seen a host may be interrupted
	// again. What seemed dead before it proves nothing of what has started since.
	sinceBack = 20 * time.Minute
	// stuckWithin is how lately the kernel must have said so. It does every two minutes.
	stuckWithin = 5 * time.Minute
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
	news := w.news
	w.mark, w.mute = news.Mark, hides(text, w.shown)
	if w.mute == "" && !news.Timed {
		w.mute = "its console shows nothing of its kernel, and so would not show a dump"
	}
	if news.StuckFor >= stuckFor {
		w.stuck = in.asOf()
	}
	switch {
	case w.mute == "" && w.shown.Activity != console.Quiet: // it does something now
		w.back = in.asOf()
	case before == nil:
	case news.Same && !before.Still.IsZero():
		w.still = before.Still
	case news.Timed && !news.Same && before.Kernel > 0:
		w.back = in.asOf()
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
	if m, err := in.Instance.Metrics.Get(); err == nil && len(m.Writes) > 0 {
		newest := m.Writes[len(m.Writes)-1].At.Add(instance.Minute)
		return !newest.Before(w.still.Add(instance.Minute))
	}
	return in.asOf().Sub(w.still) >= publishedWithin
}

// volumesHeal is how soon at the earliest the attached-EBS check passes again once the
// volumes answer ("Status checks for Amazon EC2 instances", Amazon EC2 User Guide: its checks
// run every minute; measured by others: 155 s).
const volumesHeal = 2 * time.Minute

// prompt says whether the writes of a host are published so soon that those of volumes that
// answer again would show before EC2's check of them passes.
func prompt(in Inquiry) bool {
	m, err := in.Instance.Metrics.Get()
	if err != nil || len(m.Writes) == 0 {
		return false
	}
	return in.asOf().Sub(m.Writes[len(m.Writes)-1].At.Add(instance.Minute)) < volumesHeal
}

// unwatched is the verdict on a host that may have come back a moment ago, for all that its
// console or its screen has shown up to now.
func unwatched(in Inquiry) Verdict {
	w := in.watch()
	switch {
	case unresponsive{}.Check(in).Kind == Held: // a person decides, and need not wait
		return allow()
	case !w.back.IsZero() && in.asOf().Sub(w.back) < sinceBack:
		left := sinceBack - in.asOf().Sub(w.back)
		return notYet("its console has shown a restart meanwhile: what it hung in is over; %s more required", printable.Duration(left)).in(left)
	case w.mute == "" && (!w.shown.Begun || w.shown.Ran >= publishedWithin) && prompt(in):
		return allow() // a boot that it shows was over long ago
	case w.mute == "":
		if w.proves(in) {
			return allow()
		}
		return notYet("it may have come back a moment ago, and its signs of life not be published yet: no restart on its console for some minutes " +
			"required, while passes read it").in(time.Minute)
	}
	if _, err := in.Screenshot.Get(); err != nil {
		v := doubt("its screen", err)
		v.ends, v.endsWith = Held, in.command()
		return v
	}
	if w.proves(in) {
		return allow()
	}
	v := notYet("%s; its screen must show the same for some minutes, or else it may be shutting down, or have booted a moment ago", w.mute).in(time.Minute)
	v.ends, v.endsWith = Held, in.command()
	return v
}

// WantsConsole says whether the console is needed before the evidence is taken. It is where
// an alarm asks, and a voice is dead or late: the console shows at once what is published
// later of a host that comes back. It is compared with the pass before.
func (g *Guard) WantsConsole(q Question) bool {
	in := g.inquiry(q)
	d, err := in.Instance.Description.Get()
	return err == nil && !d.Windows && in.fallsSilent()
}

// WantsScreenshot says the same of the picture on the screen, where the console can show
// nothing. The console must have been read.
func (g *Guard) WantsScreenshot(q Question) bool {
	in := g.inquiry(q)
	d, err := in.Instance.Description.Get()
	if err == nil && d.Windows {
		return in.fallsSilent()
	}
	_, unread := in.Console.Get()
	return unread == nil && in.watch().mute != "" && in.fallsSilent()
}

// fallsSilent says whether an alarm asks for a host of which a voice is dead or late, and
// nothing is alive.
func (in Inquiry) fallsSilent() bool {
	if in.person() {
		return false
	}
	r := in.vitals()
	return len(r.All(vitals.Alive)) == 0 && slices.ContainsFunc(r.Of(vitals.Voice, vitals.Dead, vitals.Waiting), func(v vitals.Vital) bool {
		return v.Says == vitals.Dead || v.Late
	})
}

package vitals

import (
	"bytes"
	"time"

	"crashcart/lambda/domain/console"
)

// kernelLog is the kernel's own word on the serial console: it says that it is stuck. It
// counts only where no disk can be asked, and only what is new since the pass before. The
// kernel must also have said, a moment ago, that something has been stuck for minutes: one
// complaint of two minutes comes from a storm that ends by itself, too.
type kernelLog struct{}

func (kernelLog) name() Name         { return KernelLog }
func (kernelLog) question() Question { return Machine }

func (kernelLog) read(h Host, _ time.Time) Vital {
	text, err := h.Console.Get()
	switch {
	case asked(err) && (h.Before != nil || !h.Person):
		return unknown(err)
	case err != nil:
		return Vital{Says: Nothing, Saw: "console not read"}
	}
	d, err := h.Instance.Description.Get()
	switch {
	case err != nil:
		return unknown(err)
	case d.Windows:
		return Vital{Says: Nothing, Never: true, Saw: "the console of a Windows shows no kernel"}
	case h.Before == nil:
		return firstRead(h, text)
	}
	return compared(h, text)
}

// firstRead is what a console says that no pass has read before.
func firstRead(h Host, text []byte) Vital {
	switch {
	case !h.news(text).Timed:
		return mute(text)
	case h.Person:
		return Vital{Says: Nothing, Saw: "console not compared: a person's request has no pass before"}
	}
	return Vital{Says: Waiting, Wait: time.Minute, Saw: "its console was read for the first time, and is compared at the next pass"}
}

// compared is what a console says beside what the pass before saw of it.
func compared(h Host, text []byte) Vital {
	before, now := h.Before, h.At
	news := h.news(text)
	switch {
	case news.Life != "":
		return Vital{Says: Alive, Since: now, Saw: "console since the last pass: " + news.Life}
	case news.Stuck != "" && h.Stuck:
		return Vital{Says: Dead, Since: before.At, Saw: "console since the last pass: " + news.Stuck}
	case news.Stuck != "":
		return Vital{Says: Waiting, Wait: time.Minute, Saw: "console since the last pass: " + news.Stuck + ", for how long is not known"}
	case !news.Timed:
		return mute(text)
	}
	return Vital{Says: Nothing, Saw: "nothing new on the console"}
}

// news is what the console shows beside the pass before.
func (h Host) news(text []byte) console.News {
	switch {
	case h.News != nil:
		return *h.News
	case h.Before == nil:
		return console.NewsSince(text, console.Mark{})
	}
	return console.NewsSince(text, h.Before.Mark)
}

// mute is what a console without a kernel's time says. Where anything else is on it, the
// kernel may yet complain there: even a quiet one prints errors.
func mute(text []byte) Vital {
	return Vital{Says: Nothing, Never: len(bytes.TrimSpace(text)) == 0, Saw: "no kernel line on the console"}
}

package trial

import (
	"context"
	"sync"
	"time"

	"crashcart/lab/guest/serial"
)

// listen reads the console as it comes until the guest has ended. The returned
// function waits for its last line.
func (r *run) listen() (wait func()) {
	var done sync.WaitGroup
	done.Go(func() {
		for line := range r.console.Follow(context.Background(), 0) {
			r.notify(Event{Kind: EventConsole, Text: plain(line.Text)})
			r.progress(line)
		}
	})
	return done.Wait
}

// sent notes the moment of the interrupt, which is now, and what it is in the lab.
func (r *run) sent(lab time.Time) {
	mark, before := r.console.Mark(), len(r.console.Bytes())
	r.mu.Lock()
	first := r.fired == nil
	if first {
		r.fired, r.firedAt, r.firedLab, r.record.SentAt = &mark, time.Now(), lab, before
	} else {
		r.record.Again++
	}
	r.mu.Unlock()
	if first {
		r.stage(StageSent, "", time.Now())
	}
}

// wasSent says whether the interrupt was sent.
func (r *run) wasSent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fired != nil
}

// progress reads the stages of the crash out of what comes after the interrupt. Only
// the listener calls it.
func (r *run) progress(l serial.Line) {
	r.mu.Lock()
	stage := ""
	if r.fired != nil && l.Mark >= *r.fired && !r.over {
		stage = r.reader.read(plain(l.Text))
	}
	r.mu.Unlock()
	if stage != "" {
		r.stage(stage, plain(l.Text), l.At)
	}
	switch stage {
	case StageCaptureKernel:
		close(r.captured)
	case StageReachable:
		close(r.back)
	}
	if stage != "" && stage == r.trial.Strike {
		if err := r.guest.Interrupt(); err != nil {
			r.notify(Event{Kind: EventNote, Text: "the second interrupt: " + err.Error()})
		}
	}
}

func (r *run) stage(name, proof string, at time.Time) {
	r.mu.Lock()
	r.record.Stages = append(r.record.Stages, Stage{Name: name, After: at.Sub(r.firedAt), Line: proof})
	r.mu.Unlock()
	r.notify(Event{Kind: EventStage, Name: name, Proof: proof})
}

func (r *run) took(step string, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Steps = append(r.record.Steps, Step{Name: step, Took: d})
}

func (r *run) notify(e Event) {
	if r.options.Observe == nil {
		return
	}
	r.notifying.Lock()
	defer r.notifying.Unlock()
	e.At = time.Since(r.start)
	r.options.Observe(e)
}

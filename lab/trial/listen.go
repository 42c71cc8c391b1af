package trial

import (
	"context"
	"sync"
	"time"

	"crashcart/lab/guest/serial"
)

// listen reads the console as it comes, until the returned function is called, which
// waits for the last line.
func (r *run) listen() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		for line := range r.guest.Serial().Follow(ctx, 0) {
			r.tell(Event{Kind: EventConsole, Text: plain(line.Text)})
			r.progress(line)
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// sent notes the moment of the interrupt.
func (r *run) sent() {
	mark, before := r.guest.Serial().Mark(), len(r.guest.Serial().Bytes())
	r.mu.Lock()
	first := r.fired == nil
	if first {
		r.fired, r.firedAt, r.record.SentAt = &mark, time.Now(), before
	} else {
		r.record.Again++
	}
	r.mu.Unlock()
	if first {
		r.stage(StageSent, "", time.Now())
	}
}

// shot says whether the interrupt was sent.
func (r *run) shot() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fired != nil
}

// progress reads the stages of the crash out of what comes after the interrupt.
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
	case "":
	case r.trial.Strike:
		if err := r.guest.Interrupt(); err != nil {
			r.tell(Event{Kind: EventNote, Text: "the second interrupt: " + err.Error()})
		}
	case StageCaptureKernel:
		close(r.captured)
	case StageReachable:
		close(r.back)
	}
}

func (r *run) stage(name, proof string, at time.Time) {
	r.mu.Lock()
	r.record.Stages = append(r.record.Stages, Stage{Name: name, After: at.Sub(r.firedAt), Line: proof})
	r.mu.Unlock()
	r.tell(Event{Kind: EventStage, Name: name, Proof: proof})
}

func (r *run) took(step string, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Steps = append(r.record.Steps, Step{Name: step, Took: d})
}

func (r *run) tell(e Event) {
	if r.options.Observe == nil {
		return
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	e.At = time.Since(r.start)
	r.options.Observe(e)
}

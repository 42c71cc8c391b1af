package followup

import (
	"context"
	"errors"
	"time"

	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/printable"
)

const (
	// storeBound is how long one step may speak with S3. It leaves time for its write.
	storeBound = time.Minute
	// sendFor is how long a command that sends may take: as long as its URLs last, and some
	// more for the agent.
	sendFor = collect.Life + 15*time.Minute
	// stillFor is how long nothing may arrive while a command is under way. See patience.
	stillFor = 15 * time.Minute
	// slowDisk is how many bytes a second a host is taken to read, with the lowest priority
	// beside its work. One that is slower is asked anew too soon, and loses time, no part.
	slowDisk = 16 << 20
	// mostConfused is how often a host may not understand what it is asked.
	mostConfused = 3
	// mostDeaf is how often a host may not get its manifest, while nothing of it has ever
	// arrived: it has no way to S3. With the waits between, that is half an hour.
	mostDeaf = 6
)

func sends(t task) bool { return mayAsk(t) && t.r.Followup.Collect.Surveyed }

// send gives the host a new manifest of what has not arrived.
func send(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	c := t.r.Followup.Collect
	c.AskedAt = t.now
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	url, files, err := h.Store.Sign(bound, c.Files)
	if arrived(files) > arrived(c.Files) {
		c.Fails = 0
	}
	c.Files = files
	switch {
	case errors.Is(err, collect.ErrNothingOpen):
		return h.kept(ctx, t, ended(c, t.now))
	case err != nil:
		h.logMissing(ctx, t.r, "no manifest could be made", err)
		return h.kept(ctx, t, failed(c, why(err)))
	}
	id, err := h.Commands.Send(ctx, t.r.InstanceID, url, collect.Life)
	if err != nil {
		h.logMissing(ctx, t.r, "the host could not be asked to send its dump", err)
		return observeRefused(ctx, h, t, sent(c, t.now, id, err))
	}
	return h.kept(ctx, t, sent(c, t.now, id, err))
}

// arrived is how many parts S3 had when it last was asked.
func arrived(c dump.Collection) (parts int) {
	for _, u := range c.Uploads {
		parts += u.Arrived
	}
	return parts
}

func readsReport(t task) bool { return polls(t) && t.r.Followup.Collect.Surveyed }

// readReport reads what became of a manifest, and completes what has arrived whole.
func readReport(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	output, state, problem := h.poll(ctx, t, sendFor)
	if state == stillRuns {
		return h.watchSending(ctx, t)
	}
	c := t.r.Followup.Collect
	report, err := dump.ParseReport(output)
	if state == gaveUp || err != nil {
		return h.kept(ctx, t, failed(c, because(problem, err)))
	}
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	c.Files, err = h.Store.Finish(bound, c.Files, report)
	if err != nil {
		// The report stays with Systems Manager. It is read again later.
		h.logMissing(ctx, t.r, "an upload could not be ended", err)
		c.Problem = why(err)
		t.r.Followup.Collect = c
		return observeHost(ctx, h, t)
	}
	return h.kept(ctx, t, reported(c, report, t.now))
}

// watchSending counts what has arrived while a command is under way. Nobody says so when a
// host reboots, and its script with it: a command that brings nothing more is given up, and
// the host is asked anew. Where the script still runs, the second one stops by itself.
func (h *Handler) watchSending(ctx context.Context, t task) (cases.Record, error) {
	c := t.r.Followup.Collect
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	files, err := h.Store.Count(bound, c.Files)
	if err != nil {
		h.logMissing(ctx, t.r, "what has arrived could not be counted", err)
	}
	if arrived(files) > arrived(c.Files) {
		c.MovedAt, c.Fails = t.now, 0
	}
	c.Files = files
	if still := patience(files); err == nil && t.now.Sub(c.AskedAt) >= still && t.now.Sub(c.MovedAt) >= still {
		c = failed(c, "nothing has arrived for "+printable.Duration(still))
	}
	t.r.Followup.Collect = c
	return observeHost(ctx, h, t)
}

// patience is how long nothing new may arrive. A script that resumes first reads what was
// sent before once more, for the sum of the file.
func patience(c dump.Collection) time.Duration {
	var bytes int64
	for _, u := range c.Uploads {
		if u.Open() {
			bytes += int64(u.Arrived) * u.PartSize
		}
	}
	return min(sendFor, stillFor+time.Duration(bytes/slowDisk)*time.Second)
}

// reported gives the collecting after a report. What is open needs another manifest.
func reported(c cases.Collecting, r dump.Report, now time.Time) cases.Collecting {
	if c.Files.Open() {
		c = failed(c, unfinished(c, r))
	}
	if reason := hopeless(c, r); reason != "" {
		c.Files = collect.Abandon(c.Files, reason)
	}
	if !c.Files.Open() {
		return ended(c, now)
	}
	return c
}

// hopeless says why no other manifest would bring more. A host may be without a tool for
// ever, and what it does not understand it will not understand later.
func hopeless(c cases.Collecting, r dump.Report) string {
	switch {
	case r.Stopped == dump.StoppedNoTool:
		return "the host has no curl or GNU wget, no sha256sum, or no place for a part"
	case r.Stopped == dump.StoppedBadRequest && c.Fails >= mostConfused:
		return "the host's script does not understand its manifest"
	case r.Stopped == dump.StoppedNoManifest && c.Fails >= mostDeaf && arrived(c.Files) == 0:
		return "the host cannot get its manifest: it has no way to S3, or a policy on that way refuses it"
	}
	return ""
}

// unfinished is what a report says of the files that are open.
func unfinished(c cases.Collecting, r dump.Report) string {
	if r.Stopped != "" {
		return "the host's script stopped: " + r.Stopped
	}
	for _, u := range c.Files.Uploads {
		if s, told := r.File(u.File.Path); u.Open() && told {
			return printable.Line("the host says that "+u.File.Path+" is "+string(s.State), maxWhy)
		}
	}
	return "the host's script says nothing of what is open"
}

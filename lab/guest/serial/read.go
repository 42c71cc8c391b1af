package serial

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
)

// Lines are the complete lines from a mark on.
func (l *Log) Lines(from Mark) []Line {
	lines, _, _, _ := l.since(from)
	return lines
}

// Bytes is all that came, in its very bytes.
func (l *Log) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.raw)
}

// Tail is the last n bytes that came, or fewer.
func (l *Log) Tail(n int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.raw[max(0, len(l.raw)-n):])
}

// since gives the complete lines from a mark on, the unfinished one, what is closed
// when more comes, and whether none will.
func (l *Log) since(from Mark) (lines []Line, open Line, more <-chan struct{}, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	start := min(max(0, int(from-l.first)), len(l.lines))
	lines = make([]Line, 0, len(l.lines)-start)
	for i, s := range l.lines[start:] {
		lines = append(lines, Line{l.first + Mark(start+i), s.at, text(l.raw[s.from:s.to])})
	}
	open = Line{l.first + Mark(len(l.lines)), l.openAt, text(l.raw[l.open:])}
	return lines, open, l.changed, l.closed
}

// text is a line without its end, of which the kernel's terminal writes CR CR LF at times.
func text(raw []byte) string { return string(bytes.TrimRight(raw, "\r\n")) }

// Wait gives the first complete line from a mark on that matches, once it is there.
// The error is ctx's if that ends before, or ErrClosed.
func (l *Log) Wait(ctx context.Context, from Mark, pattern *regexp.Regexp) (Line, error) {
	return l.wait(ctx, from, pattern, false)
}

// WaitOpen is Wait that is content with a line that is not finished, such as a prompt.
// The pattern may match before all of that line has come.
func (l *Log) WaitOpen(ctx context.Context, from Mark, pattern *regexp.Regexp) (Line, error) {
	return l.wait(ctx, from, pattern, true)
}

func (l *Log) wait(ctx context.Context, from Mark, pattern *regexp.Regexp, unfinished bool) (Line, error) {
	for {
		lines, open, more, closed := l.since(from)
		if i := slices.IndexFunc(lines, func(n Line) bool { return pattern.MatchString(n.Text) }); i >= 0 {
			return lines[i], nil
		}
		if unfinished && open.Mark >= from && pattern.MatchString(open.Text) {
			return open, nil
		}
		if closed {
			return Line{}, fmt.Errorf("waiting for %q on the console: %w", pattern, ErrClosed)
		}
		from = max(from, open.Mark)
		select {
		case <-ctx.Done():
			return Line{}, fmt.Errorf("waiting for %q on the console: %w", pattern, ctx.Err())
		case <-more:
		}
	}
}

// Last gives the newest complete line from a mark on that matches, if there is one.
func (l *Log) Last(from Mark, pattern *regexp.Regexp) (Line, bool) {
	for _, line := range slices.Backward(l.Lines(from)) {
		if pattern.MatchString(line.Text) {
			return line, true
		}
	}
	return Line{}, false
}

// Follow gives the complete lines from a mark on, each when it is there, until ctx
// ends or the port is closed. A reader may be slow: it misses nothing that the log
// still holds.
func (l *Log) Follow(ctx context.Context, from Mark) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for {
			lines, _, more, closed := l.since(from)
			for _, line := range lines {
				if ctx.Err() != nil || !yield(line) {
					return
				}
				from = line.Mark + 1
			}
			if closed {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-more:
			}
		}
	}
}

package fleet

import (
	"bytes"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The transcripts are the serial console of real kernels (Debian 12, Linux 6.1,
// under QEMU) in the very bytes, from boots, crashes and dumps of the lab's own
// making; hostname, dump names and the seconds for which a task is stuck are
// placeholders. shutdown.txt alone is put together, of systemd's own messages.
//
//go:embed transcripts/*.txt
var transcripts embed.FS

// ring is the size of EC2's console buffer ("Instance console output", Amazon
// EC2 User Guide).
const ring = 64 << 10

const (
	stampLayout = "200601021504"            // of kdump-tools' dump directories
	dumpMarker  = "running makedumpfile -F" // the line after which the dump is written
)

var (
	bootFirst   = load("boot")
	bootAgain   = load("reboot")
	bootNoKdump = load("boot_no_kdump")
	capture     = load("capture")
	panicText   = load("panic")
	ignoredText = load("ignored")
	shutdown    = load("shutdown")
	stuckText   = load("stuck")
)

// line is console text with the time it comes at, counted from the first line.
type line struct {
	after time.Duration
	text  string
	stamp bool // the text starts with the kernel's time stamp
}

type transcript []line

// load reads a transcript. A line without a time stamp comes with the one before it.
func load(name string) transcript {
	raw, err := transcripts.ReadFile("transcripts/" + name + ".txt")
	if err != nil {
		return nil // the embedded names are fixed; a test reads each
	}
	var (
		out   transcript
		after time.Duration
		first = time.Duration(-1)
	)
	for text := range bytes.SplitAfterSeq(raw, []byte("\n")) {
		at, ok := kernelTime(string(text))
		if ok {
			if first < 0 {
				first = at
			}
			after = max(after, at-first)
		}
		out = append(out, line{after: after, text: string(text), stamp: ok})
	}
	return out
}

// kernelTime reads a leading "[   12.345678]".
func kernelTime(text string) (time.Duration, bool) {
	inside, _, ok := strings.Cut(strings.TrimPrefix(text, "["), "]")
	if !ok || !strings.HasPrefix(text, "[") {
		return 0, false
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(inside), 64)
	if err != nil {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

func (t transcript) length() time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[len(t)-1].after
}

// flawed gives the console of a dump with a flaw: makedumpfile does not say that the dump
// is complete, and kdump-tools says that it is saved (measured).
func (t transcript) flawed(f Flaw) transcript {
	if f == FlawNone {
		return t
	}
	var out transcript
	late := false
	for _, l := range t {
		if late {
			switch {
			case strings.Contains(l.text, "makedumpfile Completed.") && f == FlawEmpty:
				l.text = strings.Replace(l.text, "Completed", "Failed", 1)
			case strings.Contains(l.text, "makedumpfile Completed."), strings.Contains(l.text, "is saved to STDOUT"), strings.Contains(l.text, "Copying data"):
				continue
			}
		}
		late = late || strings.Contains(l.text, dumpMarker)
		out = append(out, l)
	}
	return out
}

// until is when the line with marker comes, or the end if there is none.
func (t transcript) until(marker string) time.Duration {
	for _, l := range t {
		if strings.Contains(l.text, marker) {
			return l.after
		}
	}
	return t.length()
}

// stretched spreads the transcript over a longer time, as on a slower guest.
func (t transcript) stretched(takes time.Duration) transcript {
	if takes <= t.length() || t.length() == 0 {
		return t
	}
	factor := float64(takes) / float64(t.length())
	out := make(transcript, len(t))
	for i, l := range t {
		l.after = time.Duration(float64(l.after) * factor)
		out[i] = l
	}
	return out.restamped(0)
}

// delayed holds back what comes after the line with marker until the whole takes
// the given time.
func (t transcript) delayed(marker string, takes time.Duration) transcript {
	extra := takes - t.length()
	if extra <= 0 {
		return t
	}
	out, late := make(transcript, len(t)), false
	for i, l := range t {
		if late {
			l.after += extra
		}
		late = late || strings.Contains(l.text, marker)
		out[i] = l
	}
	return out.restamped(0)
}

// live gives the transcript the time stamps of a kernel that has run for uptime.
func (t transcript) live(uptime time.Duration) transcript { return t.restamped(uptime) }

func (t transcript) restamped(uptime time.Duration) transcript {
	out := make(transcript, len(t))
	for i, l := range t {
		if l.stamp {
			at := uptime + l.after
			_, rest, _ := strings.Cut(l.text, "]")
			l.text = fmt.Sprintf("[%5d.%06d]%s", int(at.Seconds()), at.Microseconds()%1e6, rest)
		}
		out[i] = l
	}
	return out
}

// at fills in the wall-clock time that the capture kernel stamps its dump with.
func (t transcript) at(wall time.Time) transcript {
	wall = wall.UTC()
	fill := strings.NewReplacer("{{stamp}}", wall.Format(stampLayout), "{{date}}", wall.Format(time.RFC1123Z))
	out := make(transcript, len(t))
	for i, l := range t {
		l.text = fill.Replace(l.text)
		out[i] = l
	}
	return out
}

// printed is a transcript that began to come out of the console at a time, and
// stops coming at until.
type printed struct {
	at, until time.Time
	text      transcript
}

func (g *guest) print(at time.Time, text transcript) {
	if len(text) > 0 {
		g.prints = append(g.prints, printed{at: at, text: text})
	}
}

// silence cuts off what would still be printed after a time.
func (g *guest) silence(at time.Time) {
	kept := g.prints[:0]
	for _, p := range g.prints {
		if p.at.After(at) {
			continue
		}
		if p.until.IsZero() || p.until.After(at) {
			p.until = at
		}
		kept = append(kept, p)
	}
	g.prints = kept
}

// console is what the ring holds at a time.
func (g *guest) console(t time.Time) []byte {
	var b bytes.Buffer
	for _, p := range g.prints {
		end := t
		if !p.until.IsZero() && p.until.Before(end) {
			end = p.until
		}
		for _, l := range p.text {
			if p.at.Add(l.after).After(end) {
				break
			}
			b.WriteString(strings.ReplaceAll(l.text, "{{host}}", g.Name))
		}
	}
	return b.Bytes()[max(0, b.Len()-ring):]
}

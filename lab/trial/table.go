package trial

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Ended prints what came of trials as a table, and below it what is not as it must
// be. Times are seconds on the wall. The error is w's.
func Ended(w io.Writer, records []*Record) error {
	rows := [][]string{{"end", "boot", "live", "hang", "asked", "crash", "follow", "read", "all", "cpu", "MB", "last stage", "left of the dump", "in S3", "upload", "finding"}}
	var wrong strings.Builder
	for _, r := range records {
		took := map[string]time.Duration{}
		var all time.Duration
		for _, s := range r.Steps {
			took[s.Name] = s.Took
			all += s.Took
		}
		last := "-"
		if n := r.names(); len(n) > 0 {
			last = n[len(n)-1]
		}
		rows = append(rows, []string{
			r.Trial.Name, seconds(took[stepBoot]), seconds(took[stepPace] + took[stepLive]), seconds(took[stepPrepare] + took[stepHang] + took[stepSilence]),
			seconds(took[stepAlarm]), seconds(took[stepWatch]), seconds(took[stepFollow]), seconds(took[stepHome] + took[stepReadBack]), seconds(all), seconds(r.CPU),
			strconv.FormatInt(r.Memory/1e6, 10), last, left(r), home(r), upload(r), found(r),
		})
		for _, what := range Judge(r) {
			wrong.WriteString(r.Trial.Name + ": " + what + "\n")
		}
	}
	return table(w, rows, wrong.String())
}

// table prints rows in columns, and text below them.
func table(w io.Writer, rows [][]string, below string) error {
	var text strings.Builder
	for _, row := range rows {
		text.WriteString(strings.Join(row, "\t") + "\n")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := io.WriteString(t, text.String())
	if err == nil {
		err = t.Flush()
	}
	if err == nil {
		_, err = io.WriteString(w, below)
	}
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// found is the finding of the case, if it has one.
func found(r *Record) string {
	if r.Case == nil {
		return "-"
	}
	return r.Case.Finding
}

// left says in a word what is on the disk, with the dump's size.
func left(r *Record) string {
	if f, ok := r.TheDump(); ok {
		return fmt.Sprintf("%s (%d bytes)", r.Left(), f.Size)
	}
	return string(r.Left())
}

// Brought is what of the crash is in the bucket, in a word.
func (r *Record) Brought() Dump {
	switch {
	case r.Home == nil || len(r.Home.Files) == 0:
		return NoDump
	case r.Home.hasDump():
		return WholeDump
	}
	return DmesgOnly
}

// home says what is in the bucket, and how long after the interrupt the dump was.
func home(r *Record) string {
	if r.Brought() != WholeDump {
		return string(r.Brought())
	}
	text := fmt.Sprintf("%s after %s s", WholeDump, seconds(r.Home.After))
	if r.Home.Unread {
		text += ", not read"
	}
	return text
}

// upload says what the guest has spent on it.
func upload(r *Record) string {
	if r.Home == nil || r.Home.Cost == nil {
		return "-"
	}
	c := r.Home.Cost
	return fmt.Sprintf("%s s, %s s cpu, %d MB", seconds(c.Took), seconds(c.CPU), c.Memory/1e6)
}

// Hung prints what of each hung guest answered and what it still wrote and sent, and
// then what the guard made of that. The error is w's.
func Hung(w io.Writer, records []*Record) error {
	if err := table(w, answers(records), "\n"); err != nil {
		return err
	}
	rows := [][]string{{"hang", "decided", "dead", "minute", "ARP, dumping", "dump"}}
	var why strings.Builder
	for _, r := range records {
		d := r.Decided()
		capture := "-"
		if r.Capture != nil {
			capture = yesNo[*r.Capture]
		}
		rows = append(rows, []string{
			r.Trial.Name, strings.TrimSpace(d.Outcome + " " + d.Rule), orNone(d.Dead()), strconv.FormatFloat(r.Minute(), 'f', 1, 64), capture, string(r.Left()),
		})
		fmt.Fprintf(&why, "%s: %s\n", r.Trial.Name, d.Why)
	}
	return table(w, rows, "\n"+why.String())
}

// answers are the rows of what the guests answered, wrote and sent. Writes and frames are
// those of ten seconds on the wall, healthy and hung.
func answers(records []*Record) [][]string {
	rows := [][]string{{"hang", "ARP", "agent", "serial", "TCP", "page in memory", "page on disk", "writes", "last", "frames"}}
	for _, r := range records {
		row := []string{r.Trial.Name}
		for _, of := range []func(*Answers) time.Duration{
			func(a *Answers) time.Duration { return a.ARP },
			func(a *Answers) time.Duration { return a.Agent },
			func(a *Answers) time.Duration { return a.Serial },
			func(a *Answers) time.Duration { return a.TCP },
			func(a *Answers) time.Duration { return a.Memory },
			func(a *Answers) time.Duration { return a.Disk },
		} {
			row = append(row, twice(r, of))
		}
		rows = append(rows, append(row, counts(r)...))
	}
	return rows
}

// counts are the columns of writes, of the last write after the hang, and of frames.
func counts(r *Record) []string {
	if len(r.Samples) == 0 {
		return []string{"-", "-", "-"}
	}
	healthy, hung := r.Healthy(), r.Silent()
	last := "none"
	if hung.LastWrite > 0 {
		last = "+" + seconds(hung.LastWrite) + " s"
	}
	return []string{
		fmt.Sprintf("%.1f, then %.1f", healthy.Writes, hung.Writes), last,
		fmt.Sprintf("%.1f, then %.1f", healthy.Frames, hung.Frames),
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

var yesNo = map[bool]string{true: "yes", false: "no"}

// twice gives the answer soon after the hang. It adds the answer just before the
// interrupt if that differs.
func twice(r *Record, of func(*Answers) time.Duration) string {
	if r.Hung == nil {
		return "-"
	}
	if r.Late == nil {
		return yesNo[of(r.Hung) > 0]
	}
	soon, late := yesNo[of(r.Hung) > 0], yesNo[of(r.Late) > 0]
	if soon == late {
		return soon
	}
	return soon + ", later " + late
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

// Line is a record for machines.
func Line(r *Record) string {
	text := fmt.Sprintf("trial: name=%s stages=%s back=%t dump=%s home=%s", r.Trial.Name, strings.Join(r.names(), ","), r.Back, r.Left(), r.Brought())
	if r.Brought() == WholeDump {
		text += fmt.Sprintf(" homeAfter=%.1fs read=%t", r.Home.After.Seconds(), !r.Home.Unread)
	}
	if r.Home != nil && r.Home.Cost != nil {
		text += fmt.Sprintf(" sendTook=%.1fs sendCPU=%.1fs sendMB=%d", r.Home.Cost.Took.Seconds(), r.Home.Cost.CPU.Seconds(), r.Home.Cost.Memory/1e6)
	}
	return text + fmt.Sprintf(" wrong=%d", len(Judge(r)))
}

package trial

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Ended prints what came of trials as a table, and below it what is not as it must
// be. Times are seconds on the wall.
func Ended(w io.Writer, records []*Record) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "end\tboot\thang\tasked\tcrash\tread\tall\tcpu\tMB\tlast stage\tleft of the dump")
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
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.Trial.Name,
			seconds(took[stepBoot]), seconds(took[stepPrepare]+took[stepHang]+took[stepSilence]), seconds(took[stepAlarm]),
			seconds(took[stepWatch]), seconds(took[stepReadBack]), seconds(all), seconds(r.CPU), r.Memory/1e6, last, left(r))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	for _, r := range records {
		for _, wrong := range Judge(r) {
			if _, err := fmt.Fprintf(w, "%s: %s\n", r.Trial.Name, wrong); err != nil {
				return fmt.Errorf("writing what is wrong: %w", err)
			}
		}
	}
	return nil
}

// left says in a word what is on the disk, with the dump's size.
func left(r *Record) string {
	if f, ok := r.TheDump(); ok {
		return fmt.Sprintf("%s (%d bytes)", r.Left(), f.Size)
	}
	return string(r.Left())
}

// Hung prints what of each hung guest answered, and what the guard made of that.
func Hung(w io.Writer, records []*Record) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "hang\tARP\tagent\tserial\tdecided\tARP, dumping\tdump")
	for _, r := range records {
		d := r.Decided()
		capture := "-"
		if r.Capture != nil {
			capture = yesNo[*r.Capture]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Trial.Name,
			twice(r, func(a *Answers) time.Duration { return a.ARP }), twice(r, func(a *Answers) time.Duration { return a.Agent }),
			twice(r, func(a *Answers) time.Duration { return a.Serial }), strings.TrimSpace(d.Outcome+" "+d.Rule), capture, r.Left())
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

var yesNo = map[bool]string{true: "yes", false: "no"}

// twice tells the answer soon after the hang, and the one just before the interrupt
// if that is another.
func twice(r *Record, of func(*Answers) time.Duration) string {
	if r.Hung == nil || r.Late == nil {
		return "-"
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
	return fmt.Sprintf("trial: name=%s stages=%s back=%t dump=%s wrong=%d", r.Trial.Name, strings.Join(r.names(), ","), r.Back, r.Left(), len(Judge(r)))
}

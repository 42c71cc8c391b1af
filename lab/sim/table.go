package sim

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"crashcart/lab/sim/world"
)

// printer prints tables. Its err is the first failure to write.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil && p.err == nil {
		p.err = fmt.Errorf("printing the table: %w", err)
	}
}

// Print prints a result for people: what was counted of each fleet and each cause, and what
// became of the hangs.
func (r *Result) Print(out io.Writer) error {
	p := &printer{out: out}
	p.printf("%s: %.0f host-days, %d decisions\n", r.Name, r.HostDays, r.Passes)
	p.rows("fleet", fleetRows(r.Fleets))
	p.rows("cause", causeRows(r.Causes))
	p.hangs(r)
	p.lost(r)
	p.beside(&r.Total)
	p.wrongs(r)
	return p.err
}

// Line is the result for machines.
func (r *Result) Line() string {
	t := &r.Total
	return fmt.Sprintf("sim: name=%s host_days=%.0f exposed=%d wrong=%d bound=%s hangs=%d missed=%d median=%s p95=%s transient=%d sick=%d",
		r.Name, r.HostDays, t.Exposed, t.Wrong, t.bound(), t.Hangs, t.missed(), t.seconds(0.5), t.seconds(0.95), t.Transient, t.Sick)
}

// bound is the share of exposures that may be wrong at most, though none of them was seen to
// be: 3/n, with a confidence of 95 % (the rule of three).
func (c *Count) bound() string {
	if c.Exposed == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1e", 3/float64(c.Exposed))
}

// seconds is a quantile of the time from a hang to its interrupt, "-" if none was
// interrupted.
func (c *Count) seconds(share float64) string {
	d, ok := c.quantile(share)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.0f", d.Seconds())
}

// weights prints how often everything happens.
func (p *printer) weights(times float64) {
	p.printf("how often, times %g: of what befalls one host, in 1,000 host-days; of what befalls more, in a month of one such; ping-period: of networks\n", times)
	for n, c := range living() {
		p.printf("%-18s %6g", c, c.Rate())
		if n%4 == 3 || n == len(living())-1 {
			p.printf("\n")
		} else {
			p.printf("   ")
		}
	}
	p.printf("\n")
}

type row struct {
	name  string
	count *Count
}

func fleetRows(counts map[world.Fleet]*Count) (rows []row) {
	for _, f := range world.Fleets() {
		if c := counts[f]; c != nil {
			rows = append(rows, row{string(f), c})
		}
	}
	return rows
}

func causeRows(counts map[world.Cause]*Count) (rows []row) {
	for _, cause := range append(world.Causes(), None) {
		if c := counts[cause]; c != nil {
			rows = append(rows, row{string(cause), c})
		}
	}
	return rows
}

const rowFormat = "%-18s %9v %6v %9v %6v %7v %6v %7v %7v %7v %7v\n"

func (p *printer) rows(what string, rows []row) {
	p.printf("\n"+rowFormat, what, "exposed", "wrong", "bound", "sick", "(of)", "trans.", "(of)", "hangs", "missed", "median")
	for _, r := range rows {
		c := r.count
		p.printf(rowFormat, r.name, c.Exposed, c.Wrong, c.bound(), c.Sick, c.ExposedSick, c.Transient, c.ExposedTransient, c.Hangs, c.missed(), c.seconds(0.5))
	}
}

// hangs prints of each fleet and class how many hangs were caught, and how soon.
func (p *printer) hangs(r *Result) {
	if r.Total.Hangs == 0 {
		return
	}
	const format = "%-16s %-30s %6v %7v %7v %7v\n"
	p.printf("\n"+format, "fleet", "hangs", "number", "caught", "median", "p95")
	for _, f := range world.Fleets() {
		for _, class := range Classes() {
			c := r.Classes[f][class]
			if c == nil || c.Hangs == 0 {
				continue
			}
			p.printf(format, f, class, c.Hangs, percent(c.Hangs-c.missed(), c.Hangs), c.seconds(0.5), c.seconds(0.95))
		}
	}
	p.kinds(r)
}

// kinds prints of each kind of hang how many were caught in each fleet, and how soon.
func (p *printer) kinds(r *Result) {
	p.byKind(r, "caught, percent", func(c *Count) string { return percent(c.Hangs-c.missed(), c.Hangs) })
	p.byKind(r, "median, seconds", func(c *Count) string { return c.seconds(0.5) })
}

func (p *printer) byKind(r *Result, title string, say func(*Count) string) {
	p.printf("\n%-16s", title)
	for _, k := range world.Hangs() {
		p.printf(" %13s", k)
	}
	p.printf("\n")
	for _, f := range world.Fleets() {
		if r.Fleets[f] == nil {
			continue
		}
		p.printf("%-16s", f)
		for _, k := range world.Hangs() {
			text := "-"
			if c := r.Cells[cell{f, k}]; c != nil && c.Hangs > 0 {
				text = say(c)
			}
			p.printf(" %13s", text)
		}
		p.printf("\n")
	}
}

func percent(n, of int) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of)) }

// lost prints what lost the hangs of each fleet for which there is a goal, and what the
// others.
func (p *printer) lost(r *Result) {
	p.lostOf(r, "what lost the hangs that stop writing", Class.goals)
	p.lostOf(r, "what lost the others", func(c Class) bool { return !c.goals() })
	p.losses(r)
}

func (p *printer) lostOf(r *Result, title string, of func(Class) bool) {
	printed := false
	for _, f := range world.Fleets() {
		c := &Count{}
		for _, class := range Classes() {
			if one := r.Classes[f][class]; one != nil && of(class) {
				c.add(one)
			}
		}
		if len(c.Missed) == 0 {
			continue
		}
		if !printed {
			p.printf("\n%s\n", title)
			printed = true
		}
		var said []string
		for _, why := range c.lost() {
			said = append(said, fmt.Sprintf("%d %s", c.Missed[why], why))
		}
		p.printf("%-16s %s\n", f, strings.Join(said, "; "))
	}
}

// mostLosses is how many lost hangs of one fleet are printed.
const mostLosses = 3

// losses prints how to see some of those again that were lost in fleets that can be served.
func (p *printer) losses(r *Result) {
	last, n := "", 0
	for _, l := range r.Losses {
		fleet := strings.Split(l.Unit, "/")
		if l.Last.IsZero() || len(fleet) < 2 || !world.Fleet(fleet[1]).Served() {
			continue
		}
		if fleet[1] != last {
			last, n = fleet[1], 0
		}
		if n++; n > mostLosses {
			continue
		}
		p.printf("  --replay %s@%s@%s\n    %s at %s, lost by %s\n", l.Unit, l.Host, l.Last.UTC().Format(time.RFC3339), l.Episode.Cause,
			l.Episode.From.UTC().Format(time.RFC3339), l.Why)
	}
}

func (p *printer) beside(c *Count) {
	if c.Permits > 0 {
		p.printf("\nof %d permits the rule region would have stopped %d, budget %d, cooldown %d\n", c.Permits, c.Region, c.Budget, c.Cooldown)
	}
}

// mostWrongs is how many wrong permits are printed.
const mostWrongs = 20

func (p *printer) wrongs(r *Result) {
	if len(r.Wrongs) == 0 {
		return
	}
	p.printf("\nliving machines interrupted\n")
	for n, w := range r.Wrongs {
		if n == mostWrongs {
			p.printf("... and %d more\n", len(r.Wrongs)-n)
			return
		}
		p.printf("%s\n", w.String())
	}
}

// String says what was wrong, and how to see it again.
func (w *Wrong) String() string {
	alarm := string(w.Alarm.Kind)
	if w.Alarm.Cause != "" {
		alarm += " by " + string(w.Alarm.Cause)
	}
	causes := make([]string, len(w.Causes))
	for n, c := range w.Causes {
		causes[n] = string(c)
	}
	slices.Sort(causes)
	return fmt.Sprintf("  --replay %s@%s@%s\n    alarm %s at %s, pass %d; true: %s\n    %s",
		w.Unit, w.Host, w.At.UTC().Format(time.RFC3339), alarm, w.Alarm.At.UTC().Format(time.RFC3339), w.Pass, strings.Join(causes, ", "), w.Verdict)
}

package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// figures is everything that was measured.
type figures struct {
	answers        []answer // crashcart, the bare handler, others
	way            way
	load           loaded
	size, bareSize int64
}

// print writes the tables, and a last line for machines.
func (f figures) print(out io.Writer) error {
	var b strings.Builder
	f.candidates(&b)
	f.trigger(&b)
	own, bare := f.answers[0], f.answers[1]
	fmt.Fprintf(&b, "\nbench: cold_ratio=%.2f mem_ratio=%.2f rounds=%d describes_per_1000=%d warm_p50_ms=%.1f\n",
		ratio(own.cold.median(), bare.cold.median()), ratio(own.peak, bare.peak), f.way.rounds, per1000(f.load.describes, f.load.alarms), ms(own.warm.median()))
	_, err := io.WriteString(out, b.String())
	return err
}

// candidates compares the functions on one event that costs each one round of calls.
func (f figures) candidates(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "one round of calls each\tcold start\tratio\tinit\twarm p50\tp99\tpeak memory\tratio\t")
	for _, a := range f.answers {
		bare := f.answers[1]
		fmt.Fprintf(w, "%s\t%.1f ms\t%.2f\t%.1f ms\t%.1f ms\t%.1f ms\t%s\t%.2f\t\n", a.name, ms(a.cold.median()), ratio(a.cold.median(), bare.cold.median()),
			ms(a.init.median()), ms(a.warm.median()), ms(a.warm.percentile(99)), megabytes(a.peak), ratio(a.peak, bare.peak))
	}
	_ = w.Flush()
}

// trigger says what the function's own work costs.
func (f figures) trigger(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(w)
	line("rounds of calls before the interrupt", "%d, the evidence apart", f.way.rounds)
	line("calls for one interrupt", "%d, to the end", f.way.calls)
	line("asked to answered, interrupted", "cold %.0f ms, warm p50 %.0f ms, p99 %.0f ms", ms(f.way.cold.median()), ms(f.way.warm.median()), ms(f.way.warm.percentile(99)))
	line("peak memory of that", "%s", megabytes(f.way.peak))
	line("1,000 alarms through the queue", "%d calls, of which %d describes of EC2", per1000(f.load.calls, f.load.alarms), per1000(f.load.describes, f.load.alarms))
	line("storm throughput", "%.0f alarms a second, %d functions at once", float64(f.load.alarms)/f.load.took.Seconds(), bootstraps)
	line("bootstrap", "%s, the bare handler's %s", megabytes(f.size), megabytes(f.bareSize))
	_ = w.Flush()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func ratio[T ~int64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func per1000(n, events int) int { return (n*1000 + events/2) / events }

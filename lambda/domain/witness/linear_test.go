package witness_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/witness"
)

// costly are consoles that would be slow to read if anything were done again and again.
func costly() map[string]string {
	fill := func(text string) string { return strings.Repeat(text, console.MaxBytes/len(text)+1)[:console.MaxBytes] }
	return map[string]string{
		"nothing":            fill("x"),
		"dumps":              fill("kdump: saving vmcore\r\nmakedumpfile Completed.\r\n"),
		"dumps in one line":  fill("[    1.1] kdump[1]: saving vmcore [    1.2] kdump[1]: sync vmcore failed "),
		"escapes":            fill("\x1b[0m[    1.1] kdump[1]: saving vmcore "),
		"a prompt at last":   fill("kdump: saving vmcore\r\n")[:console.MaxBytes-len(prompt)] + prompt,
		"boots":              fill("[    0.000000] Linux version 6\r\n"),
		"capture kernels":    fill("[    0.0] Linux version 6\r\n[    0.0] Command line:  elfcorehdr=1\r\n"),
		"interrupts":         fill("[    1.1] Uhhuh. NMI received for unknown reason 21\r\n"),
		"shutdowns":          fill("Rebooting in 1 seconds..\r\n"),
		"shutdowns, on time": fill("[    1.1] reboot: Restarting system\r\n"),
		"a Windows":          fill("Windows is Ready to use\r\n"),
		"alike":              fill("ab"),
	}
}

// BenchmarkRead says how much longer four times the text takes: about four times, and not
// sixteen, or a hostile console would be slow to read.
func BenchmarkRead(b *testing.B) {
	for name, text := range costly() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			quarter := timeOf(b, text[3*len(text)/4:])
			all := timeOf(b, text)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				witness.Read([]byte("b"+text), []byte(text))
			}
			b.ReportMetric(all.Seconds()/quarter.Seconds(), "times-a-quarter") // the loop begins by forgetting them
		})
	}
}

// timeOf is the shortest of some readings.
func timeOf(b *testing.B, text string) time.Duration {
	b.Helper()
	best := time.Hour
	for range 5 {
		began := time.Now()
		witness.Read([]byte("b"+text), []byte(text))
		best = min(best, time.Since(began))
	}
	return best
}

// The consoles of the benchmark are read without a panic, and nothing is found in them
// that their text does not have.
func TestCostlyConsolesAreNeverTakenForADump(t *testing.T) {
	for name, text := range costly() {
		r := witness.Read(nil, []byte(text))
		if r.Finding == cases.FindingDumped && name != "dumps" {
			t.Errorf("%s: %s", name, r.Finding)
		}
	}
}

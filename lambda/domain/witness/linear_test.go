package witness_test

import (
	"strings"
	"testing"
	"time"

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

// A hostile console is read in a time that grows with its length, not with its square: four
// times as much takes about four times as long.
func TestNoConsoleIsSlowToRead(t *testing.T) {
	const most = 12 // a square would be 16
	for name, text := range costly() {
		for _, before := range []string{"", text, "b" + text[:len(text)-1]} {
			read := func(n int) time.Duration {
				best := time.Hour
				for range 5 {
					began := time.Now()
					var older []byte
					if before != "" {
						older = []byte(before[:n])
					}
					witness.Read(older, []byte(text[len(text)-n:]))
					best = min(best, time.Since(began))
				}
				return best
			}
			quarter, all := read(console.MaxBytes/4), read(console.MaxBytes)
			if all > most*quarter && all > 20*time.Millisecond {
				t.Errorf("%s: %s for all, %s for a quarter", name, all, quarter)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for name, text := range costly() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				witness.Read([]byte("b"+text), []byte(text))
			}
		})
	}
}

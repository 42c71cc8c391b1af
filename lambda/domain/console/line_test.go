package console_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

// What a guest writes may reach a person's terminal or page only as a short line of
// text.
func TestEvidenceIsNeverDangerous(t *testing.T) {
	sign := "[    0.000000] Linux version "
	for _, c := range []struct{ name, console, want string }{
		{"colour", "\x1b[31m" + sign + "6\x1b[0m\r\n", sign + "6"},
		{"a title", sign + "6\x1b]0;rm -rf /\a\r\n", sign + "6"},
		{"a title that ends the other way", sign + "6\x1b]0;rm -rf /\x1b\\.\r\n", sign + "6."},
		{"a title without an end takes nothing with it", "\x1b]0;" + sign + "6\r\n", "0;" + sign + "6"},
		{"a title that another escape breaks off", "\x1b]0;" + sign + "6\x1b[0m\r\n", "0;" + sign + "6"},
		{"an escape without an end", sign + "6\x1b[31", sign + "6"},
		{"a lone escape", sign + "6\x1b", sign + "6"},
		{"a character set", "\x1b(B" + sign + "6", sign + "6"},
		{"control characters", sign + "6\x00\x07\b\t\x7f\u0085x", sign + "6 x"},
		{"text direction", sign + "6\u202e\u2066x", sign + "6x"},
		{"not UTF-8", sign + "6\xff\xfe\xc3", sign + "6?"},
		{"a long line", sign + strings.Repeat("x", 1000), sign + strings.Repeat("x", console.MaxLine-len(sign))},
		{"a character on the edge", sign + strings.Repeat("x", 170) + "é", sign + strings.Repeat("x", 170)},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, line := console.Read([]byte(c.console))
			if a != console.Booting || line != c.want {
				t.Errorf("Read = %s, %q, want %s, %q", a, line, console.Booting, c.want)
			}
		})
	}
}

func TestEvidenceShowsTheSignOfALongLine(t *testing.T) {
	_, line := console.Read([]byte("[    0.000000] Command line: root=/dev/nvme0n1 " + strings.Repeat("option=value ", 40) + "elfcorehdr=458100K quiet\r\n"))
	if !strings.HasPrefix(line, "[    0.000000] Command line: root=") || !strings.HasSuffix(line, " ... elfcorehdr=458100K quiet") {
		t.Errorf("evidence = %q", line)
	}
}

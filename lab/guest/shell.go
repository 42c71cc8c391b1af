package guest

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"crashcart/lab/guest/serial"
)

// prompt is that of the root shell on the serial port (package image). The kernel's
// messages may be between it and the cursor.
var prompt = regexp.MustCompile(`root@[\w-]+:[^#]*# `)

// Shell types a command into the root shell on the serial port, which an SSM agent that
// hangs does not hold up, and gives what it printed, with CR LF as LF. What the kernel
// says meanwhile is in between. The error says so when the command ended with another
// status than 0; it is ctx's when that ends before the shell answered, as it does when
// the guest hangs.
func (g *Guest) Shell(ctx context.Context, command string) (string, error) {
	out, err := g.converse(ctx, command)
	if err != nil {
		return out, g.ended(fmt.Errorf("running %q on the serial port: %w", command, err))
	}
	return out, nil
}

func (g *Guest) converse(ctx context.Context, command string) (string, error) {
	select {
	case g.shell <- struct{}{}:
		defer func() { <-g.shell }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// Before its prompt the login would throw away what is typed.
	if _, err := g.console.WaitOpen(ctx, g.boot(), prompt); err != nil {
		return "", err
	}
	g.typed++
	tag := "crashcart-" + strconv.Itoa(g.typed)
	from := g.console.Mark()
	// The echo of the line has the quotes in it, and so matches neither pattern.
	if err := g.Type(`echo begin-""` + tag + `; ` + command + `; echo end-""` + tag + ` $?`); err != nil {
		return "", err
	}
	begin, err := g.console.Wait(ctx, from, regexp.MustCompile(`begin-`+tag+`$`))
	if err != nil {
		return "", err
	}
	ended := regexp.MustCompile(`^(.*)end-` + tag + ` (\d+)$`)
	end, err := g.console.Wait(ctx, begin.Mark+1, ended)
	if err != nil {
		return "", err
	}
	parts := ended.FindStringSubmatch(end.Text)
	out := printed(g.console.Lines(begin.Mark+1), end.Mark) + parts[1]
	if parts[2] != "0" {
		return out, fmt.Errorf("it ended with status %s", parts[2])
	}
	return out, nil
}

// printed is the text of the lines before a mark.
func printed(lines []serial.Line, until serial.Mark) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Mark >= until {
			break
		}
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

// Type types a line on the serial port and waits for nothing.
func (g *Guest) Type(line string) error {
	if _, err := io.WriteString(g.process.input, line+"\n"); err != nil {
		return g.ended(fmt.Errorf("typing on the serial port: %w", err))
	}
	return nil
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

const (
	consoleBoot = "[    0.000000] Linux version 6.1.0 (builder@example.com)\r\n"
	consoleDump = "kdump: saving vmcore\r\nCopying data                                      : [ 41.0 %] \\           eta: 9m10s"
)

// readAs gives what console prints of a text.
func readAs(t *testing.T, stdin string, args ...string) consoleReading {
	t.Helper()
	out, err := execute(t, stdin, append([]string{"console"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var r consoleReading
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

func TestConsoleSaysWhatAMachineIsDoing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console.log")
	if err := os.WriteFile(file, []byte(consoleBoot+consoleDump), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []consoleReading{readAs(t, "", file), readAs(t, consoleBoot+consoleDump, "-")} {
		if r.Activity != console.Dumping || r.Line != "kdump: saving vmcore" || r.Progress != "41 %" || len(r.Lines) != 3 {
			t.Errorf("read as %+v", r)
		}
		if last := r.Lines[2]; last.Offset != len(consoleBoot)+len("kdump: saving vmcore\r\n") || last.Sign != "dump progress" || !strings.HasPrefix(last.Text, "Copying data ") {
			t.Errorf("the last line is %+v", last)
		}
	}
}

// Scripts rely on the keys, in whatever state the machine is.
func TestConsolePrintsEveryKey(t *testing.T) {
	out, err := execute(t, "", "console", "-")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(strings.Fields(out), "") != `{"activity":"quiet","line":"","progress":"","finding":"unproven","stages":[],"lines":[]}` {
		t.Errorf("printed %s", out)
	}
	out, err = execute(t, consoleBoot, "console", "-")
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(out), &v); err != nil || len(v) != 6 || v["activity"] != "booting" || v["progress"] != "" {
		t.Errorf("%v: printed %s", err, out)
	}
	line, ok := v["lines"].([]any)[0].(map[string]any)
	if !ok || len(line) != 3 || line["offset"] != 0.0 || line["sign"] != "kernel version" || line["text"] != v["line"] {
		t.Errorf("printed %s", out)
	}
}

// The stages have their places in the input, as the lines have.
func TestConsoleSaysWhatACrashCameTo(t *testing.T) {
	const (
		id      = hungID + "\t"
		capture = "[    0.000000] Command line: ro elfcorehdr=458100K\r\n"
		saved   = "The dumpfile is saved to /var/crash/x.\r\nmakedumpfile Completed.\r\n"
	)
	crash := consoleBoot + capture + saved
	r := readAs(t, id+crash, "-")
	if r.Finding != cases.FindingDumped || len(r.Stages) != 2 {
		t.Fatalf("read as %+v", r)
	}
	want := consoleStage{Name: cases.StageCaptureKernel, Line: strings.TrimSpace(capture), Offset: len(id + consoleBoot)}
	if r.Stages[0] != want {
		t.Errorf("the first stage is %+v, want %+v", r.Stages[0], want)
	}
	want = consoleStage{Name: cases.StageDumpComplete, Line: "makedumpfile Completed.", Offset: len(id+crash) - len("makedumpfile Completed.\r\n")}
	if r.Stages[1] != want {
		t.Errorf("the last stage is %+v, want %+v", r.Stages[1], want)
	}
}

// An older crash is none of the interrupt's.
func TestConsoleNeverCountsWhatWasThereBefore(t *testing.T) {
	const older = consoleBoot + "[    0.000000] Command line: ro elfcorehdr=458100K\r\n[    9.1] reboot: Restarting system\r\n" +
		consoleBoot + "[    0.000000] Command line: ro\r\n\r\nhost login: "
	file := filepath.Join(t.TempDir(), "before.log")
	if err := os.WriteFile(file, []byte(hungID+"\t"+older+"\t2026-11-28T04:05:06+00:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A kernel that goes on says so. One that says only the first of the two may be dumping.
	const noticed = "[  900.1] Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n"
	const seen = noticed + "[  900.1] Dazed and confused, but trying to continue\r\n"
	if r := readAs(t, older+"\r\n"+noticed, "--before", file, "-"); r.Finding != cases.FindingUnproven || len(r.Stages) != 1 {
		t.Errorf("half of it read as %+v", r)
	}
	if r := readAs(t, older+"\r\n"+seen, "--before", file, "-"); r.Finding != cases.FindingIgnored || len(r.Stages) != 1 || r.Stages[0].Offset != len(older)+2 {
		t.Errorf("read as %+v", r)
	}
	if r := readAs(t, older, "--before", file, "-"); r.Finding != cases.FindingUnproven || len(r.Stages) != 0 {
		t.Errorf("read as %+v", r)
	}
	if r := readAs(t, older, "-"); r.Finding != cases.FindingDumpFailed {
		t.Errorf("read alone as %+v", r)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := readAs(t, seen, "--before", file, "-"); r.Finding != cases.FindingIgnored {
		t.Errorf("read behind an empty console as %+v", r)
	}
}

// The CLI prints more than the console where nobody asks it for the console alone.
func TestConsoleIsFoundInWhatTheCLIPrints(t *testing.T) {
	const id, at = hungID + "\t", "\t2026-11-28T04:05:06+00:00\n"
	answer, err := json.Marshal(map[string]string{"InstanceId": hungID, "Output": consoleBoot, "Timestamp": "2026-11-28T04:05:06+00:00"})
	if err != nil {
		t.Fatal(err)
	}
	quiet := "Linux version 6.1.0 (builder@example.com)" // without the kernel's time, it is one at the start of a line only
	for name, c := range map[string]struct {
		input, line string
		offset      int
	}{
		"the console alone":     {consoleBoot, strings.TrimSpace(consoleBoot), 0},
		"a row":                 {id + consoleBoot + at, strings.TrimSpace(consoleBoot), len(id)},
		"a row, and no time":    {id + quiet, quiet, len(id)},
		"a row, on the edge":    {id + quiet + at, quiet, len(id)},
		"a row with tabs":       {id + "\tx\t\r\n" + quiet + "\r\ny\t" + at, quiet, len(id) + len("\tx\t\r\n")},
		"a document":            {string(answer), strings.TrimSpace(consoleBoot), 0},
		"a console with braces": {"{\"x\":1}\r\n" + consoleBoot, strings.TrimSpace(consoleBoot), 9},
		"a tab, but no row":     {"x\ty\r\n" + quiet, quiet, 5},
	} {
		r := readAs(t, c.input, "-")
		if r.Activity != console.Booting || r.Line != c.line || len(r.Lines) != 1 || r.Lines[0].Offset != c.offset {
			t.Errorf("%s: read as %+v", name, r)
		}
	}
}

// The offsets are those of the input, however much of it is older than the ring.
func TestConsoleReadsTheEndOfALongFile(t *testing.T) {
	older := consoleDump + strings.Repeat("\r\nolder", console.MaxBytes) + "\r\n"
	r := readAs(t, older+consoleBoot, "-")
	if r.Activity != console.Booting || len(r.Lines) != 1 || r.Lines[0].Offset != len(older) {
		t.Errorf("read as %+v", r)
	}
}

func TestConsoleFailsOnWhatItCannotRead(t *testing.T) {
	w := &world{t: t, env: map[string]string{}}
	w.want(exitFailed, "reading the console: open ", "console", filepath.Join(t.TempDir(), "missing.log"))
	large := filepath.Join(t.TempDir(), "large.log")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxConsole+1); err != nil {
		t.Fatal(err)
	}
	w.want(exitFailed, "the console is larger than 64 MB: give its end, `tail -c 65536 FILE | crashcart console -`", "console", large)
	w.want(exitFailed, "reading the console: open ", "console", "--before", filepath.Join(t.TempDir(), "missing.log"), "-")
	w.want(exitUsage, "crashcart console reads --before from a file, not from standard input", "console", "--before", "-", large)
	w.want(exitUsage, "crashcart console takes one file, or - for standard input; got 0", "console")
	w.want(exitUsage, "did you mean `crashcart console`?", "consol")
}

// A guest writes its console. world.want checks every line that is printed.
func TestNothingInAConsoleEverSteersTheTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console.log")
	if err := os.WriteFile(file, []byte(consoleBoot+"kdump: saving vmcore"+evil), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, env: map[string]string{}}
	if r := w.want(0, "", "console", file); !json.Valid([]byte(r.stdout)) {
		t.Errorf("printed %s", r.stdout)
	}
}

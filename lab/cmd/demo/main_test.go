package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"crashcart/lab/demo"
)

func TestAWrongCallIsNeverTakenForAnother(t *testing.T) {
	for _, args := range [][]string{
		{"x"},
		{"--wrong"},
		{"--vm", "--json"},
		{"--vm", "--all"},
		{"--all", "--json"},
		{"--vm", "--hang", "sleepy"},
		{"--hang", "memory"},
		{"--keep", "x"},
		{"--console"},
	} {
		var stderr bytes.Buffer
		if code := run(args, &stderr); code != 2 || !strings.Contains(stderr.String(), "demo: ") {
			t.Errorf("%v: exit code %d, want 2; it says %q", args, code, stderr.String())
		}
	}
}

func TestTheFlagsAreTaken(t *testing.T) {
	for args, want := range map[string]call{
		"":                                      {},
		"--all":                                 {all: true},
		"--json --bootstrap b":                  {json: true, bootstrap: "b"},
		"--vm --hang memory --keep k --console": {vm: true, hang: "memory", keep: "k", console: true},
		"-vm -hang=frozen-root --bootstrap=other": {vm: true, hang: "frozen-root", bootstrap: "other"},
	} {
		if got, err := options(strings.Fields(args), io.Discard); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", args, got, err, want)
		}
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"--help"}, &stderr); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, flag := range []string{"-all", "-json", "-bootstrap binary", "-vm", "-hang how", "-keep folder", "-console"} {
		if !strings.Contains(stderr.String(), "\n  "+flag+"\n") {
			t.Errorf("%s is missing in\n%s", flag, stderr.String())
		}
	}
}

// What is written differs by the flag, for the same event.
func TestEachWayToWriteIsItsOwn(t *testing.T) {
	hidden := demo.Event{Kind: demo.KindConsole, Names: []string{"web-2"}, Text: "after it", Lines: []string{"login:"}}
	for flag, want := range map[string]string{"": "", "--all": "│ login:", "--json": `"lines":["login:"]`} {
		o, err := options(strings.Fields(flag), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		o.output(&b).Event(hidden)
		if got := b.String(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q writes %q", flag, got)
		}
	}
}

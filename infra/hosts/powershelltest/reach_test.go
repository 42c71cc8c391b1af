package powershelltest

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// cmdlets are those that the script may call, besides its own functions. None of them
// starts a program, runs a text, or changes the host.
var cmdlets = []string{
	"ConvertFrom-Json", "ConvertTo-Json", "ForEach-Object", "Get-ChildItem", "Get-Item", "Get-ItemProperty", "Get-Process",
	"Join-Path", "New-Object", "Set-StrictMode", "Start-Sleep", "Test-Path",
}

// types are those of .NET that it may use.
var types = []string{
	"BitConverter", "Console", "DateTime", "DateTimeKind", "Diagnostics.Stopwatch", "Environment", "IO.FileAccess", "IO.FileAttributes", "IO.FileMode",
	"IO.FileOptions", "IO.FileShare", "IO.SeekOrigin", "Math", "Net.HttpWebRequest", "Net.SecurityProtocolType", "Net.ServicePointManager",
	"Net.WebException", "Net.WebRequest", "Security.Cryptography.SHA256", "Text.Encoding", "Threading.AbandonedMutexException",
	"byte", "byte[]", "int", "long", "void",
}

// made are the types that New-Object may make.
var made = []string{"DateTime", "IO.FileStream", "IO.StreamReader", "Threading.Mutex", "byte[]"}

func neverStartsAProgram(t *testing.T, s *tree) {
	own := slices.Collect(maps.Keys(s.functions()))
	n := 0
	for c := range s.all("command") {
		n++
		if c.child("command_invokation_operator") != nil || !slices.Contains(cmdlets, c.called()) && !slices.Contains(own, c.called()) {
			t.Errorf("line %d runs %q", c.Line, c.Text)
		}
		if c.called() != "New-Object" {
			continue
		}
		if what := strings.Fields(c.Text)[1]; !slices.Contains(made, what) {
			t.Errorf("line %d makes a %s", c.Line, what)
		}
	}
	for x := range s.all("type_literal") {
		n++
		if !slices.Contains(types, strings.TrimSuffix(strings.TrimPrefix(x.Text, "["), "]")) {
			t.Errorf("line %d uses %s", x.Line, x.Text)
		}
	}
	if n < 80 {
		t.Errorf("only %d commands and types were looked at", n)
	}
}

// Programs have their arguments read by every user. The script's own functions and cmdlets
// run within its process, and these are all that a URL is given to.
func givesAURLToRequestsOnly(t *testing.T, s *tree) {
	takes := map[string]bool{"Test-Url": true, "New-Request": true, "Send-Bytes": true}
	n := 0
	for c := range s.all("command") {
		for v := range c.all("variable", "member_access") {
			if v.Text == "$url" || v.Text == "$part.url" || v.Text == "$env:SSM_manifestUrl" {
				n++
				if !takes[c.called()] {
					t.Errorf("line %d: %s", c.Line, c.Text)
				}
			}
		}
	}
	for x := range s.all("expandable_string_literal") {
		if strings.Contains(strings.ToLower(x.Text), "url") {
			t.Errorf("line %d: %s", x.Line, x.Text)
		}
	}
	if n != 5 {
		t.Errorf("a URL is given on %d times", n)
	}
}

func sendsToURLsOnly(t *testing.T, s *tree) {
	f := s.functions()
	for name, want := range map[string]string{
		"Get-Manifest":  "if (-not (Test-Url $env:SSM_manifestUrl)) { return '' }",
		"Send-Manifest": "if (-not $part.sent -and -not (Test-Url $part.url)) { $answer.stopped = 'bad-request'; return }",
	} {
		if !strings.Contains(f[name].Text, want) {
			t.Errorf("%s lacks %s", name, want)
		}
	}
	// Each part is looked at before the first is sent.
	check, send := strings.Index(f["Send-Manifest"].Text, "Test-Url"), strings.Index(f["Send-Manifest"].Text, "Send-File")
	if check < 0 || send < check {
		t.Errorf("the URLs are checked at %d, and used at %d", check, send)
	}
}

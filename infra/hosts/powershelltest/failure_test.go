package powershelltest

import (
	"maps"
	"slices"
	"testing"
)

// raising are the methods that fail when the network, the disk or the manifest is not as
// it should be, and these commands with them.
var raising = []string{"Create", "GetRequestStream", "GetResponse", "GetResponseStream", "Read", "ReadToEnd", "Seek", "WaitOne", "Write"}

func raises(n *tree) bool {
	switch n.Type {
	case "invokation_expression":
		return slices.Contains(raising, n.member())
	case "command":
		made := n.child("command_elements")
		return n.called() == "ConvertFrom-Json" || n.called() == "New-Object" && made != nil && made.mentions("IO.FileStream", "Threading.Mutex")
	}
	return false
}

func (n *tree) mentions(texts ...string) bool {
	for x := range n.all() {
		if slices.Contains(texts, x.Text) {
			return true
		}
	}
	return false
}

// guarded says whether a try catches everything.
func guarded(try *tree) bool {
	for c := range try.all("catch_clause") {
		if c.child("type_literal") == nil && c.child("catch_type_list") == nil && within(try, c) {
			return true
		}
	}
	return false
}

// within says whether a clause is the try's own, and not one of a try inside of it.
func within(try, clause *tree) bool {
	for inner := range try.child("statement_block").all("catch_clause") {
		if inner == clause {
			return false
		}
	}
	return true
}

// failures are what is below a node that may raise and that no try there catches, with the
// functions that do so.
func failures(n *tree, functions map[string]bool) []*tree {
	var out []*tree
	for _, c := range n.Children {
		if n.Type == "try_statement" && c.Type == "statement_block" && guarded(n) {
			continue
		}
		out = append(out, failures(c, functions)...)
	}
	if raises(n) || n.Type == "command" && functions[n.called()] {
		out = append(out, n)
	}
	return out
}

func alwaysAnswers(t *testing.T, s *tree) {
	functions := map[string]bool{}
	for { // until no more functions are found that call one that raises
		before := len(functions)
		for name, f := range s.functions() {
			if len(failures(f, functions)) > 0 {
				functions[name] = true
			}
		}
		if len(functions) == before {
			break
		}
	}
	want := []string{"Add-Sum", "New-Request", "Open-Dump", "Read-Manifest", "Write-Part"}
	if got := slices.Sorted(maps.Keys(functions)); !slices.Equal(got, want) {
		t.Errorf("these may raise: %q", got)
	}
}

// silent are the methods and functions that leave no value behind.
var silent = []string{
	"Abort", "Close", "Dispose", "ReleaseMutex", "Write", "WriteLine",
	"Invoke-Send", "Invoke-Survey", "Send-Manifest", "Set-StrictMode", "Start-Sleep", "Write-Answer", "Write-Part",
}

// values are the statements of a function that leave a value, which PowerShell adds to what
// the function gives, or to what the script writes.
func values(n *tree) []*tree {
	var out []*tree
	for _, c := range n.Children {
		switch c.Type {
		case "function_statement", "command", "assignment_expression", "flow_control_statement", "array_expression": // what is in there leaves no value here
			continue
		}
		out = append(out, values(c)...)
	}
	if n.Type != "statement_list" {
		return out
	}
	for _, s := range n.Children {
		switch s.Type {
		case "command":
			if slices.Contains(silent, s.called()) {
				continue
			}
		case "invokation_expression":
			if slices.Contains(silent, s.member()) {
				continue
			}
		case "cast_expression":
			if s.child("type_literal").Text == "[void]" {
				continue
			}
		case "assignment_expression", "post_increment_expression", "flow_control_statement", "function_statement", "if_statement", "for_statement",
			"foreach_statement", "switch_statement", "try_statement", "empty_statement", "comment":
			continue
		}
		out = append(out, s)
	}
	return out
}

// A value that nobody takes would be a part of what the function gives: a state would be a
// list, and the answer more than one line.
func givesNoMoreThanItShould(t *testing.T, s *tree) {
	gives := map[string]int{
		"Get-Modified": 1, "Get-Places": 2, "Get-SecondsLeft": 1, "Open-Dump": 1, "Read-Manifest": 1, "Test-Number": 1, "Test-Plain": 1, "Test-Same": 1, "Test-Url": 1,
	}
	for name, f := range s.functions() {
		if got := values(f); len(got) != gives[name] {
			for _, v := range got {
				t.Logf("line %d: %s %.60q", v.Line, v.Type, v.Text)
			}
			t.Errorf("%s leaves %d values, want %d", name, len(got), gives[name])
		}
	}
	for _, v := range values(s) {
		t.Errorf("line %d writes %.60q", v.Line, v.Text)
	}
}

func writesTheAnswerOnly(t *testing.T, s *tree) {
	answers := func(n *tree) (count int) {
		for x := range n.all("invokation_expression") {
			if x.member() == "WriteLine" && x.Children[0].Text != "[Console]::Error" {
				count++
			}
		}
		return count
	}
	if all, own := answers(s), answers(s.functions()["Write-Answer"]); all != 1 || own != 1 {
		t.Errorf("something is written at %d places, %d of them in Write-Answer", all, own)
	}
}

package powershelltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/dump"
)

// but is a world in which some values are others.
func (w world) but(others world) world {
	out := maps.Clone(w)
	maps.Copy(out, others)
	return out
}

func knowsADump(t *testing.T, s *tree) {
	const (
		link = "$file.Attributes -band [IO.FileAttributes]::ReparsePoint"
		age  = "[Math]::Abs(([DateTime]::UtcNow - $file.LastWriteTimeUtc).TotalSeconds)"
		kind = "[Text.Encoding]::ASCII.GetString($head, 0, 8)"
		need = "[BitConverter]::ToInt64($head, 0xFA0)"
	)
	good := world{
		link: 0, "$file.Length": 9000, age: 3600, "$settled": 10, "$head.Length": 4096,
		"$in.Read($head, 0, $head.Length)": 4096, kind: "PAGEDU64", need: 9000,
	}
	for name, c := range map[string]struct {
		others world
		want   string
	}{
		"a dump":                               {nil, ""},
		"a dump of 32 bits":                    {world{kind: "PAGEDUMP"}, ""},
		"a dump with more behind it":           {world{need: 8999}, ""},
		"one that is shorter than it says":     {world{need: 9001}, dump.WhyIncomplete},
		"one that ends within its header":      {world{"$file.Length": 4095, need: 4095}, dump.WhyIncomplete},
		"one that became shorter meanwhile":    {world{"$in.Read($head, 0, $head.Length)": 4095}, dump.WhyIncomplete},
		"an empty file":                        {world{"$file.Length": 0}, dump.WhyEmpty},
		"one that was written 9 s ago":         {world{age: 9}, dump.WhyBusy},
		"one that was written 10 s ago":        {world{age: 10}, ""},
		"one that somebody holds open":         {world{"it fails": true}, dump.WhyBusy},
		"a link":                               {world{link: 1024}, dump.WhyNotOurs},
		"a link to an empty file":              {world{link: 1024, "$file.Length": 0}, dump.WhyNotOurs},
		"the dump of a program":                {world{kind: "MDMP\x93\xa7\x00\x00"}, dump.WhyNotADump},
		"a text":                               {world{kind: "pagedu64"}, dump.WhyNotADump},
		"a page file that still holds a dump ": {world{kind: "PAGEDU6\x00"}, dump.WhyNotADump},
	} {
		if got, _ := follow(t, s.functions()["Get-Flaw"], good.but(c.others)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func listsOnlyThisCrash(t *testing.T, s *tree) {
	var body *tree
	for each := range s.functions()["Invoke-Survey"].all("foreach_statement") {
		body = each.child("statement_block")
	}
	good := world{
		"$file.PSIsContainer": false, "Get-Modified $file": 1000, "[long]$env:SSM_since": 1000, "Get-Flaw $file": "", "$files.Count": 7, "$maxFiles": 8,
		"Test-Plain $file.FullName": true, "$skipped.Count": 15, "$maxSkipped": 16,
	}
	for name, c := range map[string]struct {
		others world
		want   string // what it is added to, or how its turn ends
	}{
		"a dump of the very second":          {nil, "$files"},
		"a dump from before":                 {world{"Get-Modified $file": 999}, "continue"},
		"a folder":                           {world{"$file.PSIsContainer": true}, "continue"},
		"one too many":                       {world{"$files.Count": 8}, "$skipped"},
		"an incomplete one":                  {world{"Get-Flaw $file": dump.WhyIncomplete}, "$skipped"},
		"an incomplete one that is too much": {world{"Get-Flaw $file": dump.WhyIncomplete, "$skipped.Count": 16}, ""},
		"one with a strange name":            {world{"Test-Plain $file.FullName": false}, "$skipped"},
	} {
		end, f := follow(t, body, good.but(c.others))
		for _, left := range f.did {
			if left == "$files" || left == "$skipped" {
				end += left
			}
		}
		if end != c.want {
			t.Errorf("%s: %q, want %q", name, end, c.want)
		}
	}
}

// The same statuses mean the same to collect.sh, whose tests run it.
func knowsWhatWasSent(t *testing.T, s *tree) {
	const sends = "Send-Bytes $in $offset $part.size $part.url $seconds"
	good := world{"Get-SecondsLeft": 60, "Test-Same $want": true, sends: 200, "$maxTries": 3, "$try": 1}
	check := func(name string, others world, want dump.State) {
		if got, _ := follow(t, s.functions()["Send-Part"], good.but(others)); got != string(want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	check("no time", world{"Get-SecondsLeft": 0}, dump.StateLate)
	check("a second", world{"Get-SecondsLeft": 1}, dump.StateSent)
	check("another file", world{"Test-Same $want": false}, dump.StateChanged)
	for status := range 600 {
		want := dump.StateUnreachable
		switch {
		case status == 200:
			want = dump.StateSent
		case status >= 400 && status < 500 && status != 408 && status != 429:
			want = dump.StateRefused
		}
		check(fmt.Sprintf("the status %d", status), world{sends: status}, want)
	}
}

func knowsWhatFileWasSent(t *testing.T, s *tree) {
	const (
		adds  = "Add-Sum $sum $in $offset $part.size"
		sends = "Send-Part $in $want $part $offset $result"
	)
	good := world{
		"$result.state": "sent", "Test-Path -LiteralPath $want.path": true, "Test-Same $want": true, "Test-Listed $want.path": true,
		adds: true, "$part.sent": false, sends: "sent", "$sum": true,
	}
	for name, c := range map[string]struct {
		others world
		want   dump.State
		summed bool
	}{
		"all is well":                       {nil, dump.StateSent, true},
		"the part had arrived before":       {world{"$part.sent": true, sends: "never asked"}, dump.StateSent, true},
		"the file is gone":                  {world{"Test-Path -LiteralPath $want.path": false}, dump.StateGone, false},
		"it is another":                     {world{"Test-Same $want": false}, dump.StateChanged, false},
		"no survey lists it":                {world{"Test-Listed $want.path": false}, dump.StateChanged, false},
		"it was another at the end":         {world{"Test-Same $want": []any{true, false}}, dump.StateChanged, false},
		"the disk gives less":               {world{adds: false}, dump.StateUnread, false},
		"the disk gives less of a sent one": {world{adds: false, "$part.sent": true}, dump.StateUnread, false},
		"it may not be read":                {world{"it fails": true}, dump.StateUnread, false},
		"S3 refuses":                        {world{sends: "refused"}, dump.StateRefused, false},
		"S3 does not answer":                {world{sends: "unreachable"}, dump.StateUnreachable, false},
		"the time is over":                  {world{sends: "late"}, dump.StateLate, false},
	} {
		_, f := follow(t, s.functions()["Send-File"], good.but(c.others))
		if got := f.values["$result.state"]; got != string(c.want) || slices.Contains(f.did, "$result.sha256") != c.summed {
			t.Errorf("%s: %v, with %q, want %q", name, got, f.did, c.want)
		}
	}
}

func sendsAlone(t *testing.T, s *tree) {
	good := world{"Test-Number $env:SSM_seconds": true, "Test-Number $env:SSM_rate": true, "$mutex.WaitOne(0)": true, "$answer.stopped": ""}
	for name, c := range map[string]struct {
		others world
		want   string
	}{
		"all is well":           {nil, ""},
		"another one sends":     {world{"$mutex.WaitOne(0)": false}, dump.StoppedBusy},
		"it cannot be known":    {world{"it fails": true}, dump.StoppedBusy},
		"the time is no number": {world{"Test-Number $env:SSM_seconds": false}, dump.StoppedBadRequest},
		"the rate is no number": {world{"Test-Number $env:SSM_rate": false}, dump.StoppedBadRequest},
	} {
		if _, f := follow(t, s.functions()["Invoke-Send"], good.but(c.others)); f.values["$answer.stopped"] != c.want {
			t.Errorf("%s: %v, want %q", name, f.values["$answer.stopped"], c.want)
		}
	}
}

// says are the literals that a function returns, or gives to one of these names.
func says(n *tree, names ...string) []string {
	found := map[string]bool{}
	for x := range n.all("flow_control_statement", "assignment_expression", "hash_entry") {
		var value *tree
		switch {
		case x.Type == "flow_control_statement" && x.Children[0].Text == "return" && len(x.Children) == 2:
			value = x.Children[1]
		case x.Type == "flow_control_statement":
			continue
		case slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(x.Children[0].Text, name) }):
			value = x.Children[2]
		}
		if value != nil && strings.HasPrefix(value.Text, "'") {
			found[strings.Trim(value.Text, "'")] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// A word that is not taken would make the whole answer one that is not taken.
func saysWhatIsTaken(t *testing.T, s *tree) {
	f := s.functions()
	for name, c := range map[string]struct {
		got  []string
		want []string
	}{
		"why a file is left out": {
			append(says(f["Get-Flaw"]), says(f["Invoke-Survey"], "why")...),
			[]string{dump.WhyBusy, dump.WhyEmpty, dump.WhyIncomplete, dump.WhyNotADump, dump.WhyNotOurs, dump.WhyName, dump.WhyTooMany},
		},
		"kinds": {says(f["Get-Places"], "kind"), []string{string(dump.KindDump), string(dump.KindMinidump)}},
		"states": {
			append(says(f["Send-Part"]), says(f["Send-File"], "state")...),
			[]string{
				string(dump.StateChanged), string(dump.StateLate), string(dump.StateRefused), string(dump.StateSent), string(dump.StateUnreachable),
				string(dump.StateChanged), string(dump.StateGone), string(dump.StateSent), string(dump.StateUnread),
			},
		},
		"why nothing was done": {
			append(says(f["Send-Manifest"], "stopped"), says(f["Invoke-Send"], "stopped")...),
			[]string{dump.StoppedBadRequest, dump.StoppedNoManifest, "", dump.StoppedBadRequest, dump.StoppedBusy},
		},
		"steps": {append(says(f["Invoke-Survey"], "step"), says(f["Invoke-Send"], "step")...), []string{dump.StepSurvey, dump.StepSend}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	if got := f["Write-Answer"].Text; !strings.Contains(got, fmt.Sprintf(`'{"crashcart":%d,' + $text.Substring(1)`, dump.Version)) {
		t.Errorf("an answer begins otherwise: %s", got)
	}
}

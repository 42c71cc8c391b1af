package powershelltest

import (
	"strings"
	"testing"
)

func flaws(n *tree) []*tree {
	var out []*tree
	for x := range n.all() {
		if x.Wrong {
			out = append(out, x)
		}
	}
	return out
}

// TestTheScriptForWindows is one test, since a parser takes a second to start.
func TestTheScriptForWindows(t *testing.T) {
	broken := brokenScripts(t)
	p := parse(t, source(t), broken...)
	t.Run("never is one that does not parse", func(t *testing.T) {
		for _, x := range flaws(p.Tree) {
			t.Errorf("line %d: %s at %.40q", x.Line, x.Type, x.Text)
		}
	})
	// A parser that takes everything would prove nothing.
	t.Run("is never taken when it is broken", func(t *testing.T) {
		for i, found := range p.Broken {
			if !found {
				t.Errorf("broken script %d is taken", i)
			}
		}
	})
	for name, test := range map[string]func(*testing.T, *tree){
		"never starts a program or runs a text":                  neverStartsAProgram,
		"never gives a URL to anything but its request":          givesAURLToRequestsOnly,
		"never sends anything to what is no URL":                 sendsToURLsOnly,
		"never ends without an answer when something fails":      alwaysAnswers,
		"has no function that gives more than it should":         givesNoMoreThanItShould,
		"never writes anything but the answer":                   writesTheAnswerOnly,
		"never says what is not taken":                           saysWhatIsTaken,
		"never takes for a dump what is none":                    knowsADump,
		"never lists what is not of this crash":                  listsOnlyThisCrash,
		"never takes a part for sent that S3 did not take":       knowsWhatWasSent,
		"never takes a file for sent that is not the listed one": knowsWhatFileWasSent,
		"never sends twice at once":                              sendsAlone,
	} {
		t.Run(name, func(t *testing.T) { test(t, p.Tree) })
	}
}

func brokenScripts(t *testing.T) []string {
	t.Helper()
	good := source(t)
	var broken []string
	for _, change := range [][2]string{
		{"function Get-Modified($file) {", "function Get-Modified($file) "},
		{"if ($file.Length -eq 0) {", "if $file.Length -eq 0 {"},
		{"if ($file.Length -eq 0) {", "if ($file.Length -eq) {"},
		{"return 'empty'", "return 'empty"},
		{"} catch { return 'busy' }", "} catch return 'busy'"},
		{"$out.Close()", "$out.Close("},
		{"@{ step = 'send';", "@{ step = 'send' stopped"},
		{"foreach ($part in $parts)", "foreach ($part of $parts)"},
		{"[Net.HttpWebRequest][Net.WebRequest]::Create($url)", "[Net.HttpWebRequest[Net.WebRequest]::Create($url)"},
		{"$mutex.ReleaseMutex() }", "$mutex.ReleaseMutex()"},
	} {
		if strings.Count(good, change[0]) == 0 {
			t.Fatalf("the script lacks %q", change[0])
		}
		broken = append(broken, strings.Replace(good, change[0], change[1], 1))
	}
	return broken
}

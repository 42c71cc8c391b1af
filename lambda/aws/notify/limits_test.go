package notify_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// labels are what a line of a description begins with.
var labels = []string{
	"Why", "Count", "Group", "Instances", "Instance", "Named", "Case", "EC2's code", "Asked by", "On behalf of", "Reason given", "Evidence", "Kept alive", "Region",
	"In doubt", "Crashed", "Dumped", "Back", "Progress",
	"On its way", "Brought home", "In the bucket", "Missing", "Snapshot",
}

var (
	// codeSpan is one as this package makes them: between two single backticks.
	codeSpan  = regexp.MustCompile("`[^`]*`")
	emphasis  = regexp.MustCompile(`(^|[^\pL\pN])_|_([^\pL\pN]|$)`)
	plainWord = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)
)

// problems are the ways in which a message breaks a limit or is alive.
func problems(n note) []string {
	var out []string
	complain := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	limit := func(what, s string, most int) {
		if got := len(utf16.Encode([]rune(s))); got > most || s == "" {
			complain("%s has %d characters, 1 to %d may be: %q", what, got, most, s)
		}
	}
	limit("title", n.Content.Title, 250)
	limit("description", n.Content.Description, 8000)
	limit("subject", n.subject, 99)
	limit("message", n.raw, 262144/4)
	for _, s := range n.Content.NextSteps {
		limit("step", s, 350)
	}
	for _, s := range n.Content.Keywords {
		limit("keyword", s, 75)
	}
	if n.Version != "1.0" || n.Source != "custom" || n.Content.TextType != "client-markdown" || n.ID == "" || n.Metadata.ThreadID == "" ||
		n.Metadata.Summary != n.Content.Title || !plainWord.MatchString(n.Metadata.EventType) || !n.Metadata.EnableCustomActions {
		complain("not what the schema says: %s", n.raw)
	}
	if !utf8.ValidString(n.raw) || strings.ContainsFunc(n.subject, func(r rune) bool { return r < ' ' || r > '~' }) {
		complain("not UTF-8, or the subject is not ASCII: %q %q", n.raw, n.subject)
	}
	for name, v := range n.Metadata.AdditionalContext {
		if !plainWord.MatchString(v) {
			complain("additional context %s is %q", name, v)
		}
	}
	for line := range strings.SplitSeq(n.Content.Description, "\n") {
		label, _, _ := strings.Cut(line, ": ")
		if !slices.Contains(labels, label) {
			complain("a line of the description begins with %q", label)
		}
		out = append(out, alive(line)...)
	}
	for _, s := range slices.Concat([]string{n.Content.Title, n.ID, n.Metadata.ThreadID}, n.Content.NextSteps, n.Content.Keywords, n.Metadata.RelatedResources) {
		out = append(out, alive(s)...)
	}
	return out
}

// alive says what a chat application would act on in one line.
func alive(s string) []string {
	var out []string
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	}) {
		out = append(out, fmt.Sprintf("unprintable: %q", s))
	}
	if strings.ContainsAny(s, "<>&@") {
		out = append(out, fmt.Sprintf("a mention or a link: %q", s))
	}
	if strings.Count(s, "`")%2 != 0 || strings.Contains(s, "``") {
		out = append(out, fmt.Sprintf("a code span that does not end: %q", s))
	}
	rest := codeSpan.ReplaceAllString(s, "code")
	if strings.ContainsAny(rest, "*~") && !strings.HasPrefix(rest[max(0, strings.Index(rest, "~")-1):], "/~") || emphasis.MatchString(rest) {
		out = append(out, fmt.Sprintf("formatting: %q", s))
	}
	if strings.Contains(rest, "](") || strings.Contains(rest, "://") || strings.Contains(strings.ToLower(rest), "www.") {
		out = append(out, fmt.Sprintf("a link: %q", s))
	}
	return out
}

func TestNothingFromOutsideIsEverAlive(t *testing.T) {
	for _, text := range []string{
		"<!channel>", "<!here|here>", "<!everyone>", "<@U0123ABCD>", "<#C0123>", "<!subteam^S0123>", "@here", "@channel", "@everyone", "<at>Ana</at>",
		"<https://evil.example|the console>", "[the console](https://evil.example)", "![x](http://evil.example/p.png)", "]\u200b(https://evil.example)",
		"https://evil.example", "slack://open", "www.evil.example", "WwW.evil.example", "&lt;!channel&gt;", "&#60;!channel>",
		"`code`", "```\ncode\n```", "*bold*", "**bold**", "_slanted_", "__bold__", "~gone~", "~~gone~~", "> quoted", "# heading", "\n# heading", "- item", "1. item",
		"a\nb", "a\r\nb", "a\u2028b", "a\u2029b", "a\u0085b", "a\x00b", "a\x1b[31mb", "a\x7fb", "\u202eevil", "a\u200bb", "\xff\xfe", "\xed\xa0\x80", "\U000e0041",
		"", " ", "`", "``", "_", "*", "…",
	} {
		for _, d := range everywhere(text) {
			w := newWorld()
			w.notify(t, d)
			for _, problem := range problems(w.notes[0]) {
				t.Errorf("%q: %s", text, problem)
			}
		}
	}
}

// everywhere puts the text wherever text from outside can come.
func everywhere(text string) []notify.Decision {
	d := notify.Decision{
		InstanceID: text, Target: text, Rule: text, Why: text, CaseID: text, Code: text, Group: text, Source: text, Reason: text,
		RequestedBy: text, Evidence: text, Protected: text, Command: text, Undo: []string{text, text + text, text, text, text, text},
	}
	var out []notify.Decision
	for _, outcome := range []cases.Outcome{
		cases.OutcomeInterrupted, cases.OutcomeRejected, cases.OutcomeUnknown, cases.OutcomeDryRun, cases.OutcomeRefused, cases.OutcomeHeld,
	} {
		d.Outcome = outcome
		out = append(out, d, dryRun(d))
	}
	out = append(out, with(d, func(d *notify.Decision) { d.Command = "aws lambda invoke " + text }))
	d.Outcome, d.InstanceID = "refused", host
	return append(out, with(d, func(d *notify.Decision) { d.Rule = "group" }), with(d, func(d *notify.Decision) { d.Rule = "region" }))
}

func TestNoMessageIsEverTooLong(t *testing.T) {
	for _, c := range []string{"x", "ü", "…", "😀", "\"", "\\", "_", "](", "é\u0301", "\x00x", "\xff", " x"} {
		for _, n := range []int{1, 80, 99, 250, 351, 9000} {
			text := strings.Repeat(c, n)
			decisions := everywhere(text)
			for _, d := range decisions {
				w := newWorld()
				w.notify(t, d)
				for _, problem := range problems(w.notes[0]) {
					t.Fatalf("%d times %q: %.300s", n, c, problem)
				}
			}
			for i := range n / 150 { // up to 60
				decisions = append(decisions, with(refused(fmt.Sprintf("i-%017x", i), "region"), func(d *notify.Decision) { d.Why = text }))
			}
			w := newWorld()
			w.notify(t, decisions...)
			for _, n := range w.notes {
				for _, problem := range problems(n) {
					t.Fatalf("%.300s", problem)
				}
			}
		}
	}
}

func TestWhatIsHarmlessIsNeverChanged(t *testing.T) {
	for text, want := range map[string]string{
		"57 of 10 (50%), see a/b: it's \"silent\"": "57 of 10 (50%), see a/b: it's \"silent\"",
		"StatusCheckFailed_Instance":               "StatusCheckFailed_Instance",
		"[    0.000000] Linux version 6.1":         "[    0.000000] Linux version 6.1",
		"Größe 大きい 😀":                              "Größe 大きい 😀",
		"arn:aws:sns:eu-central-1:1:t":             "arn:aws:sns:eu-central-1:1:t",
		"a = b | c # d ^ e":                        "a = b | c # d ^ e",
		" _a_ __ *b* ~c~ `d` ":                     "＿a＿ ＿＿ ∗b∗ ∼c∼ 'd'",
		"[a](https://b) <c> & d@e":                 "[a] (https:∕/b) ‹c› ＆ d＠e",
	} {
		w := newWorld()
		w.notify(t, notify.Decision{InstanceID: host, Outcome: "refused", Rule: "quiet", Why: text, Source: "prod_web *1* ~x~ [a](b) " + text})
		if got := w.notes[0].Content.Title; got != "Not interrupted: "+host+" (quiet: "+want+")" {
			t.Errorf("title %q", got)
		}
		if !strings.Contains(w.notes[0].Content.Description, "\nAsked by: `prod_web *1* ~x~ [a](b) ") {
			t.Errorf("description %q", w.notes[0].Content.Description)
		}
	}
}

// Half a command, pasted, is another command.
func TestACommandIsNeverAltered(t *testing.T) {
	base := "aws autoscaling exit-standby --instance-ids " + host + " --auto-scaling-group-name='"
	for _, c := range []struct {
		name  string
		shown bool
	}{
		{"web", true},
		{"we b_*~[1](2)", true},
		{"{instance} {case} {region}", true},
		{`o'\''hara`, true},
		{"a`b", false},
		{"a@b", false},
		{"a&b", false},
		{"<a>", false},
		{"wéb", false},
		{"a\nb", false},
		{"a\u202eb", false},
		{strings.Repeat("w", 250), false},
	} {
		undo := base + c.name + "'"
		w := newWorld()
		w.notify(t, with(sent(1, "interrupted"), func(d *notify.Decision) { d.Undo = []string{undo} }))
		steps := w.notes[0].Content.NextSteps
		last := steps[len(steps)-1]
		if c.shown != strings.HasSuffix(last, ": `"+undo+"`") || !c.shown && (strings.Contains(last, "aws") || !strings.Contains(last, "log has it")) {
			t.Errorf("%q: %q", c.name, last)
		}
	}
}

func FuzzNoMessageIsEverAliveOrTooLong(f *testing.F) {
	f.Add(host, "refused", "region", hostile, caseID, "asg/web", "web-1 is silent", command, true)
	f.Add(host, "held", "asked", "so, so a person must ask", caseID, hostile, "", hostile, false)
	f.Add("i-0", "interrupted", "x_y", "_`_`]\u200b(", "a b", "\xff", "www.", "`@", false)
	f.Fuzz(func(t *testing.T, instance, outcome, rule, why, id, group, source, undo string, dryRun bool) {
		d := notify.Decision{
			InstanceID: instance, Outcome: cases.Outcome(outcome), Rule: rule, Why: why, CaseID: id, Group: group, Source: source, DryRun: dryRun,
			Target: group, Code: source, Reason: why, RequestedBy: source, Evidence: group, Protected: why, Undo: []string{undo}, Command: undo,
		}
		w := newWorld()
		w.notify(t, d, d)
		d.InstanceID, d.Outcome, d.DryRun = host, "interrupted", false
		w.notify(t, d)
		for _, n := range w.notes {
			for _, problem := range problems(n) {
				t.Error(problem)
			}
		}
	})
}

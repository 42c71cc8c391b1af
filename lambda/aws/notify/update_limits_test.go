package notify_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

func TestNothingFromOutsideIsEverAliveInAnUpdate(t *testing.T) {
	for _, text := range []string{
		"<!channel>", "@here", "<https://evil.example|the console>", "[the console](https://evil.example)", "www.evil.example", "`code`", "```\ncode\n```",
		"*bold*", "_slanted_", "~gone~", "a\nb", "a\u2028b", "a\x00b", "a\x1b[31mb", "\u202eevil", "a\u200bb", "\xff\xfe", "", "`", "_", "…",
	} {
		for _, u := range throughout(text) {
			newWorld().update(t, u)
		}
	}
}

func TestNoUpdateIsEverTooLong(t *testing.T) {
	for _, c := range []string{"x", "ü", "…", "😀", "\"", "\\", "_", "](", "é\u0301", "\x00x", "\xff", " x"} {
		for _, n := range []int{1, 80, 99, 250, 351, 9000} {
			for _, u := range throughout(strings.Repeat(c, n)) {
				newWorld().update(t, u)
			}
		}
	}
}

// throughout puts the text wherever text from outside can come in an update.
func throughout(text string) []notify.Update {
	u := notify.Update{
		CaseID: text, InstanceID: text, Why: text, Doubt: text, Percent: text, Left: text, Evidence: text,
		Undo: []string{text, text + text, text, text, text, text}, Group: text, Source: text, Reason: text, RequestedBy: text,
		Bucket: text, Collect: hostileHome(text),
	}
	for _, s := range cases.Stages() {
		u.Proofs = append(u.Proofs, cases.Proof{Stage: s, Line: text, By: text, Doubt: text, SeenAt: struck})
	}
	var out []notify.Update
	add := func(kind notify.UpdateKind, f cases.Finding) {
		u.Kind, u.Finding = kind, f
		out = append(out, u, change(u, func(u *notify.Update) { u.InstanceID, u.CaseID, u.SentAt, u.Windows = host, caseID, struck, true }))
	}
	for _, kind := range []notify.UpdateKind{notify.UpdateDumping, notify.UpdateStalled, notify.UpdateLost, notify.UpdateCollect, notify.UpdateKind(text)} {
		add(kind, cases.Finding(text))
	}
	for _, f := range cases.Findings() {
		add(notify.UpdateEnded, f)
	}
	return out
}

func FuzzNoUpdateIsEverAliveOrTooLong(f *testing.F) {
	f.Add("ended", "dumped", host, caseID, hostile, "console", "41 %", command)
	f.Add("dumping", "", host, "a b", "_`_`]\u200b(", "\xff", "www.", "`@")
	f.Fuzz(func(t *testing.T, kind, finding, instance, id, text, by, percent, undo string) {
		u := notify.Update{
			Kind: notify.UpdateKind(kind), Finding: cases.Finding(finding), InstanceID: instance, CaseID: id, Why: text, Doubt: by, Percent: percent, Left: text,
			Evidence: by, Undo: []string{undo}, Group: percent, Source: undo, Reason: text, RequestedBy: by, SentAt: struck,
			Bucket: undo, Collect: hostileHome(text),
		}
		for _, s := range cases.Stages() {
			u.Proofs = append(u.Proofs, cases.Proof{Stage: s, Line: text, By: by, Doubt: percent, SeenAt: struck.Add(time.Minute)})
		}
		newWorld().update(t, u)
	})
}

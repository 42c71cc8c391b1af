package policytest_test

import (
	"slices"
	"testing"

	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
)

// synth gives the resources of all stacks that the context makes.
func synth(t *testing.T, context string) template.Template {
	t.Helper()
	tpl := stacktest.Synth(t, context)
	if context == full {
		tpl.Resources = slices.Concat(tpl.Resources, stacktest.SynthSlack(t, context).Resources)
	}
	return tpl
}

// The stack is asked as it is shipped, with everything on, and with each way to bring a dump
// home taken away.
func TestWhatThePoliciesAllow(t *testing.T) {
	for name, context := range map[string]string{"shipped": `{}`, "full": full, "no dumps": neither, "disks alone": diskAlone} {
		t.Run(name, func(t *testing.T) {
			w := settle(t, synth(t, context))
			rows := table(w)
			answers := evaluate(t, w.docs, rows, []trial{{Asked: every(len(rows))}})[0]
			for i, r := range rows {
				t.Run(r.name, func(t *testing.T) {
					t.Logf("%s: %s", r.does, answers[i].Verdict) // with -v, the whole table
					if got := answers[i]; got.Verdict != r.want {
						t.Errorf("%s on %s: %s%s, want %s", r.does, r.on, got.Verdict, got.Error, r.want)
					}
					if len(answers[i].Ignored) > 0 {
						t.Errorf("%s never carries %q", r.does, answers[i].Ignored)
					}
				})
			}
		})
	}
}

package policytest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// harmless are the changes that change no answer, each with its reason.
var harmless = map[string]string{
	"TagSnapshots: with every action":     "ec2:CreateAction comes with CreateTags alone",
	"Encrypt: whatever kms:ViaService is": "the key's own policy lets the account use it through the same services alone",
}

func TestNoPolicyCanBeWeakenedOrBrokenUnnoticed(t *testing.T) {
	w := settle(t, synth(t, full))
	rows := table(w)
	var all []mutant
	for _, name := range slices.Sorted(maps.Keys(w.docs)) {
		if theirs()[name] == nil {
			all = append(all, mutants(t, name, w.docs[name])...)
		}
	}
	trials := make([]trial, len(all))
	for i, m := range all {
		trials[i] = trial{Replaced: map[string]any{m.document: m.policy}, Until: true}
		for j, r := range rows {
			if m.concerns(r, w.docs) {
				trials[i].Asked = append(trials[i].Asked, j)
			}
		}
	}
	unnoticed := map[string]bool{}
	for i, answers := range evaluate(t, w.docs, rows, trials) {
		for _, a := range answers {
			if a.Error != "" {
				t.Fatalf("%s, %s: %s", all[i].document, all[i].change, a.Error)
			}
		}
		if n := len(answers); n == 0 || answers[n-1].Verdict == rows[trials[i].Asked[n-1]].want {
			unnoticed[all[i].change] = true
			if harmless[all[i].change] == "" {
				t.Errorf("%s, %s: no answer changes", all[i].document, all[i].change)
			}
		}
	}
	for change := range harmless {
		if !unnoticed[change] {
			t.Errorf("%q is listed as harmless, and is not", change)
		}
	}
	t.Logf("%d questions, %d changes to the policies, all but %d noticed", len(rows), len(all), len(unnoticed))
}

// mutant is a policy of the stack that somebody has changed.
type mutant struct {
	document string // which one
	sid      string // in which statement
	change   string
	less     bool // the statement matches less than before
	policy   map[string]any
}

// concerns says whether the change might change a row's answer: where a statement
// matches less, only of the rows that it decides.
func (m mutant) concerns(r row, docs documents) bool {
	asked := docs.of(r.on) == m.document || slices.Contains(slices.Concat(r.by.identity, r.by.boundary), m.document)
	return asked && (!m.less || strings.Contains(string(r.want), m.sid))
}

// mutants change a document in every way that takes something off it or opens it,
// one at a time.
func mutants(t *testing.T, name string, document map[string]any) []mutant {
	t.Helper()
	var all []mutant
	for i, s := range statements(t, document) {
		try := func(less bool, change string, do func(map[string]any)) {
			policy, sid := clone(t, document), fmt.Sprint(s["Sid"])
			do(statements(t, policy)[i])
			all = append(all, mutant{name, sid, sid + ": " + change, less, policy})
		}
		// An action that nobody asks for stands for no statement at all: a policy must
		// have one.
		try(true, "gone", func(s map[string]any) { s["Action"] = "iam:GetAccountSummary" })
		for _, part := range []string{"Action", "Resource"} {
			shorter(s[part], func(gone any, left []any) {
				try(true, fmt.Sprintf("without %v", gone), func(s map[string]any) { s[part] = left })
			})
		}
		if s["Effect"] == "Allow" {
			open(s, try)
		}
		unconditioned(s, try)
	}
	return all
}

// shorter gives a list without each of its values, unless it has only one.
func shorter(v any, give func(gone any, left []any)) {
	values := list(v)
	if len(values) < 2 {
		return
	}
	for i, gone := range values {
		give(gone, slices.Delete(slices.Clone(values), i, i+1))
	}
}

// open lets a statement allow more actions, more resources and more principals. A
// policy on a resource is about that one alone, whatever it says.
func open(s map[string]any, try func(bool, string, func(map[string]any))) {
	service, _, _ := strings.Cut(fmt.Sprint(list(s["Action"])[0]), ":")
	try(false, "with every action", func(s map[string]any) { s["Action"] = service + ":*" })
	if s["Principal"] != nil {
		try(false, "for everybody", func(s map[string]any) { s["Principal"] = "*" })
	} else if s["Resource"] != "*" {
		try(false, "on every resource", func(s map[string]any) { s["Resource"] = "*" })
	}
}

// unconditioned takes off each condition of a statement, and each value of one.
func unconditioned(s map[string]any, try func(bool, string, func(map[string]any))) {
	operators, _ := s["Condition"].(map[string]any)
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, _ := operators[operator].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			try(false, "whatever "+key+" is", func(s map[string]any) {
				all, _ := s["Condition"].(map[string]any)
				these, _ := all[operator].(map[string]any)
				if delete(these, key); len(these) == 0 {
					delete(all, operator)
				}
				if len(all) == 0 {
					delete(s, "Condition")
				}
			})
			shorter(keys[key], func(gone any, left []any) {
				// Without a value that it excepts, a statement matches more.
				less := !strings.Contains(operator, "Not")
				try(less, fmt.Sprintf("without %s %v", key, gone), func(s map[string]any) {
					all, _ := s["Condition"].(map[string]any)
					these, _ := all[operator].(map[string]any)
					these[key] = left
				})
			})
		}
	}
}

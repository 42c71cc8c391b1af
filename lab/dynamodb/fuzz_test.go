package dynamodb

import (
	"strings"
	"testing"
)

// FuzzParseUpdate checks that an update expression is either refused or taken
// apart without losing a word of it.
func FuzzParseUpdate(f *testing.F) {
	for _, e := range []string{
		"SET #s = :v, a.b[2] = if_not_exists(c, :v) REMOVE openKey, m.a", "REMOVE a", "set a = :a add n :n delete s :s", "SET", "a = :b", "REMOVE ,", "SET a[", "",
	} {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if checkReserved("UpdateExpression", expression) != nil {
			return // never gets there
		}
		u, err := parseUpdate(expression, map[string]string{"#s": "state"})
		if err != nil {
			return
		}
		kept := len(tokenize(u.rest))
		for _, clause := range clauses(tokenize(expression)) {
			if strings.EqualFold(clause[0], "REMOVE") {
				kept += len(clause)
			}
		}
		if all := len(tokenize(expression)); kept != all {
			t.Errorf("%q has %d words, taken apart %d: %+v", expression, all, kept, u)
		}
	})
}

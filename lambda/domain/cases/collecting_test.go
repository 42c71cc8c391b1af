package cases_test

import (
	"errors"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// A kernel's log is no dump, and neither is a file that is still on its way.
func TestWhatIsNoDumpIsNeverTakenForOneThatIsHome(t *testing.T) {
	upload := func(kind dump.Kind, done bool) dump.Upload {
		return dump.Upload{File: dump.File{Kind: kind}, Done: done}
	}
	for name, c := range map[string]struct {
		uploads         []dump.Upload
		left            []dump.Left
		has, saw, whole bool
	}{
		"nothing":                       {},
		"the log alone":                 {uploads: []dump.Upload{upload(dump.KindDmesg, true)}},
		"a dump on its way":             {uploads: []dump.Upload{upload(dump.KindDmesg, true), upload(dump.KindDump, false)}, saw: true},
		"a dump":                        {uploads: []dump.Upload{upload(dump.KindDump, true)}, has: true, saw: true, whole: true},
		"a dump without its log":        {uploads: []dump.Upload{upload(dump.KindDmesg, false), upload(dump.KindDump, true)}, has: true, saw: true, whole: true},
		"one of two":                    {uploads: []dump.Upload{upload(dump.KindMinidump, true), upload(dump.KindDump, false)}, has: true, saw: true},
		"one that is over the limit":    {left: []dump.Left{{File: dump.File{Kind: dump.KindDump}}}, saw: true},
		"a small one, and a large left": {uploads: []dump.Upload{upload(dump.KindMinidump, true)}, left: []dump.Left{{File: dump.File{Kind: dump.KindDump}}}, has: true, saw: true},
	} {
		got := cases.Collecting{Files: dump.Collection{Uploads: c.uploads, Left: c.left}}
		if got.HasDump() != c.has || got.SawDump() != c.saw || got.HasAllDumps() != c.whole {
			t.Errorf("%s: has %t, saw %t, all %t", name, got.HasDump(), got.SawDump(), got.HasAllDumps())
		}
	}
}

func TestWhatIsMissingNeverChangesAnOlderRecord(t *testing.T) {
	old := cases.Collecting{Missing: make([]cases.Missing, 1, 8)}
	one, two := old.Miss("dump", "one"), old.Miss("dump", "two")
	if len(old.Missing) != 1 || one[1].Why != "one" || two[1].Why != "two" {
		t.Errorf("%+v, %+v", one, two)
	}
}

func TestATryThatFailedIsCountedAndIsNotDone(t *testing.T) {
	at := time.Date(2026, 3, 2, 4, 5, 6, 0, time.UTC)
	failed := cases.Telling{}.Again(at, errors.New("no"))
	if failed != (cases.Telling{Tries: 1, Last: at}) || failed.Again(at, nil) != (cases.Telling{Tries: 2, Last: at, Done: true}) {
		t.Errorf("%+v", failed)
	}
}

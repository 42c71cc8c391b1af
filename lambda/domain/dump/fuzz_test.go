package dump_test

import (
	"bytes"
	"strings"
	"testing"

	"crashcart/lambda/domain/dump"
)

// plain fails the test when a path that was taken would have to be quoted somewhere.
func plain(t *testing.T, path string) {
	t.Helper()
	if strings.ContainsAny(path, "\"'`$;&|<>*?\n\r\t\x00\x1b") || len(path) > dump.MaxPath || path == "" {
		t.Errorf("the path %q is taken", path)
	}
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." {
			t.Errorf("the path %q is taken", path)
		}
	}
}

func FuzzSurvey(f *testing.F) {
	f.Add(surveyOf("", ""))
	f.Add(surveyOf("/var/crash/a/vmcore", `C:\\Windows\\MEMORY.DMP`))
	f.Add(reportOf("", ""))
	f.Fuzz(func(t *testing.T, output string) {
		s, err := dump.ParseSurvey(output)
		if err != nil {
			return
		}
		for i, x := range s.Files {
			plain(t, x.Path)
			part, err := dump.Cut(x.Size)
			if err == nil && len(dump.Parts(x.Size, part)) == 0 {
				t.Errorf("%d bytes in parts of %d", x.Size, part)
			}
			if key := dump.Key(caseID, i, x); strings.ContainsAny(key, " ()@+:\\") || strings.Count(key, "/") != 3 {
				t.Errorf("the key %q", key)
			}
		}
		for _, x := range s.Skipped {
			if x.Path != "" {
				plain(t, x.Path)
			}
		}
		if len(s.Files) > dump.MaxFiles || len(s.Skipped) > dump.MaxSkipped {
			t.Errorf("%d files, %d left out", len(s.Files), len(s.Skipped))
		}
	})
}

func FuzzReport(f *testing.F) {
	f.Add(reportOf("", ""))
	f.Add(reportOf(`"sent","parts":3,"sha256":"`+sum+`"`, `"refused","parts":3,"http":403`))
	f.Fuzz(func(t *testing.T, output string) {
		r, err := dump.ParseReport(output)
		if err != nil {
			return
		}
		for _, x := range r.Files {
			plain(t, x.Path)
			if (x.State == dump.StateSent) != (len(x.SHA256) == 64) || x.State == dump.StateSent && x.State.Again() {
				t.Errorf("%+v", x)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	text, err := manifest().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := dump.ParseManifest(text)
		if err != nil {
			return
		}
		first, err := m.Encode()
		if err != nil {
			t.Fatalf("%v of %s", err, text)
		}
		lines := 2 + 2*len(m.Files)
		for _, x := range m.Files {
			plain(t, x.Path)
			lines += len(x.Parts)
		}
		if bytes.Count(first, []byte("\n")) != lines {
			t.Errorf("%d lines of %s", lines, first)
		}
		again, err := dump.ParseManifest(first)
		if err != nil {
			t.Fatalf("%v of %s", err, first)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s becomes %s, %v", first, second, err)
		}
	})
}

package manifest_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// with is a manifest with these files in it.
func with(files ...string) []byte {
	return fmt.Appendf(nil, `{"version":1,"case":%q,"instance":%q,"writtenAt":"2026-11-22T05:00:00Z","files":[%s],"missing":[],"snapshots":[]}`, caseID, host, strings.Join(files, ","))
}

func file(key string) string { return fmt.Sprintf(`{"key":%q,"kind":"dump","size":1}`, key) }

func TestNoNameEverLeadsOutOfTheFolder(t *testing.T) {
	for _, key := range []string{
		"", ".", "..", "../x", "/x", "a/../x", "a/..", "a/./b", "a//b", "a/", ".bashrc", "a/.ssh", `a\b`, `C:\x`, "C:x", "a b", "a\nb", "a'b", "$x", "-rf", "a/-rf", "ä",
		"a/b/c/d/e", "manifest.json", "Manifest.JSON", "manifest.json.part", "manifest.json/x", strings.Repeat("x", 400), "dump/" + strings.Repeat("x", 400), "~", "a:b", "a/*",
	} {
		if _, err := manifest.Parse(with(file(key))); err == nil {
			t.Errorf("%q is taken", key)
		}
	}
	for _, key := range []string{"dump/0-dmesg.202611220440", "dump/1-vmcore", "before/console-latest.txt", "dump/0-a..b"} {
		if _, err := manifest.Parse(with(file(key))); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestNoTwoNamesAreEverOneFile(t *testing.T) {
	for _, keys := range [][2]string{
		{"dump/x", "dump/x"}, {"dump/x", "DUMP/X"}, {"dump/x", "dump/x.part"}, {"dump/X.part", "dump/x"}, {"dump", "dump/x"}, {"dump/x/y", "Dump"},
	} {
		if _, err := manifest.Parse(with(file(keys[0]), file(keys[1]))); err == nil {
			t.Errorf("%q are taken", keys)
		}
	}
}

func TestAManifestThatIsNotUnderstoodIsNeverTaken(t *testing.T) {
	good := string(with(file("dump/x")))
	for name, text := range map[string]string{
		"nothing":                 "",
		"an unknown field":        strings.Replace(good, `"files"`, `"more":1,"files"`, 1),
		"something behind":        good + "{}",
		"no case":                 strings.Replace(good, caseID, "../x", 1),
		"no time":                 strings.Replace(good, "2026-11", "0026-11", 1),
		"an unknown kind":         strings.Replace(good, `"dump","size"`, `"<b>","size"`, 1),
		"a negative size":         strings.Replace(good, `"size":1`, `"size":-1`, 1),
		"a sum that is none":      strings.Replace(good, `"size":1`, `"size":1,"sha256":"abc"`, 1),
		"a snapshot that is none": strings.Replace(good, `"snapshots":[]`, `"snapshots":["snap-1; rm"]`, 1),
		"a long text":             strings.Replace(good, host, strings.Repeat("x", 5000), 1),
		"too long":                good + strings.Repeat(" ", manifest.MaxBytes),
	} {
		if m, err := manifest.Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken for %+v", name, m)
		}
	}
	if _, err := manifest.Parse([]byte(`{"version":2,"tomorrow":true}`)); !errors.Is(err, manifest.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}

func FuzzWhatIsParsedIsSafeAndIsWrittenAgain(f *testing.F) {
	f.Add(with(file("dump/0-dmesg.202611220440"), file("dump/1-vmcore")))
	f.Add(with(file("../x")))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := manifest.Parse(text)
		if err != nil {
			return
		}
		for _, x := range m.Files {
			if !filepath.IsLocal(x.Key) || filepath.Clean(x.Key) != x.Key || x.Size < 0 {
				t.Errorf("%+v", x)
			}
		}
		body, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.Parse(body); err != nil {
			t.Error(err)
		}
	})
}

// Whatever the host, the bucket and the table say, a case gets a manifest that can be read.
func FuzzEveryRecordHasAManifest(f *testing.F) {
	f.Add(folder+"dump", "cases/"+caseID+"/dump/1-dump", sum, "lost", "after/console-01.txt", int64(5), int64(1))
	f.Add("../x", "", "\xff", "", "dump/parts.json", int64(-1), int64(1)<<62)
	f.Fuzz(func(t *testing.T, path, key, sha, text, object string, size, modified int64) {
		u := dump.Upload{File: dump.File{Path: path, Kind: dump.Kind(text), Size: size, Modified: modified}, Key: key, Done: true, SHA256: sha}
		r := cases.Record{ID: caseID, InstanceID: text, Followup: cases.Followup{Why: text, Collect: cases.Collecting{
			Files: dump.Collection{Uploads: []dump.Upload{u, u, {File: u.File, Lost: text}}}, Skipped: []dump.Skipped{{Path: path, Why: text}}, Snapshots: []string{text},
		}}}
		list := []manifest.File{{Key: strings.TrimPrefix(key, manifest.Prefix(caseID)), Size: size}, {Key: object, Kind: manifest.Kind(text), Size: size}, {Key: object}}
		body, err := manifest.New(r, list, at).Encode()
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range m.Files {
			if x.Key == "dump/parts.json" {
				t.Error("it lists the URLs")
			}
		}
	})
}

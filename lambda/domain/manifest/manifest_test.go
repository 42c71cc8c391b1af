package manifest_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	host   = "i-0a1b2c3d4e5f60718"
	caseID = host + "-0123456789abcdef"
	folder = "/var/crash/202611220440/"
	sum    = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
)

var (
	struck = time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)
	at     = struck.Add(20 * time.Minute)
)

// upload is a file of the crash, with the upload that brought it, or did not.
func upload(n int, path string, kind dump.Kind, size int64, change func(*dump.Upload)) dump.Upload {
	f := dump.File{Path: path, Kind: kind, Size: size, Modified: struck.Add(2 * time.Minute).Unix()}
	u := dump.Upload{File: f, Key: dump.Key(caseID, n, f), ID: "upload", PartSize: 16 << 20, Done: true, SHA256: sum}
	if change != nil {
		change(&u)
	}
	return u
}

// record is a case whose dump is home.
func record(change func(*cases.Collecting)) cases.Record {
	c := cases.Collecting{BeganAt: struck.Add(4 * time.Minute), Surveyed: true, Files: dump.Collection{CaseID: caseID, Uploads: []dump.Upload{
		upload(0, folder+"dmesg.202611220440", dump.KindDmesg, 48_213, nil),
		upload(1, folder+"dump.202611220440", dump.KindDump, 3_221_225_472, nil),
	}}}
	if change != nil {
		change(&c)
	}
	return cases.Record{ID: caseID, InstanceID: host, Followup: cases.Followup{
		Finding: cases.FindingDumped, Why: "its dump was complete after 2m41s", Doubt: "the console was cut",
		Account: cases.Account{SentAt: struck}, Collect: c,
	}}
}

// objects are what is below the prefix of a case.
func objects() []manifest.File {
	stored := func(key string, kind manifest.Kind, size int64, minutes int) manifest.File {
		return manifest.File{Key: key, Kind: kind, Size: size, StoredAt: struck.Add(time.Duration(minutes) * time.Minute)}
	}
	return []manifest.File{
		stored("after/console-01.txt", manifest.KindConsole, 65_536, 1),
		stored("before/console-latest.txt", manifest.KindConsole, 65_536, 0),
		stored("before/evidence.json", manifest.KindIndex, 611, 0),
		stored("before/screenshot.jpg", manifest.KindScreenshot, 20_480, 0),
		stored("dump/0-dmesg.202611220440", manifest.KindOther, 48_213, 6),
		stored("dump/1-dump.202611220440", manifest.KindOther, 3_221_225_472, 9),
		stored("dump/parts.json", manifest.KindOther, 90_000, 5),
		stored("manifest.json", manifest.KindOther, 900, 10),
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o700), os.WriteFile(file, got, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; got\n%s", err, got)
	}
}

func TestTheManifestIsItsGoldenFile(t *testing.T) {
	for name, c := range map[string]struct {
		record  cases.Record
		objects []manifest.File
	}{
		"dumped.json": {record(nil), objects()},
		"missing.json": {record(func(c *cases.Collecting) {
			c.Files.Uploads[1].Done, c.Files.Uploads[1].SHA256, c.Files.Uploads[1].Lost = false, "", "its host was terminated; 40 of 192 parts are in the unfinished upload x"
			c.Skipped = []dump.Skipped{{Path: folder + "dump-incomplete", Why: dump.WhyIncomplete, Size: 17}}
			c.Files.Left = []dump.Left{{File: dump.File{Path: "/var/crash/x/vmcore"}, Why: "it has 9 bytes, and of the limit of 10 there are 3 left"}}
			c.Snapshots = []string{"snap-0a1b2c3d4e5f60718"}
		}), objects()},
		"empty.json": {cases.Record{ID: caseID, InstanceID: host}, nil},
	} {
		m := manifest.New(c.record, c.objects, at)
		body, err := m.Encode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		golden(t, name, body)
		if again, err := manifest.Parse(body); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s is read as %+v, %v; it was %+v", name, again, err, m)
		}
	}
}

// Its URLs let anybody write into the case.
func TestTheListOfURLsIsNeverInAManifest(t *testing.T) {
	for _, r := range []cases.Record{record(nil), {ID: caseID}} {
		body, err := manifest.New(r, objects(), at).Encode()
		if err != nil || bytes.Contains(body, []byte("parts.json")) {
			t.Errorf("%v\n%s", err, body)
		}
	}
}

// What is not proven whole must never be found among the files.
func TestAFileThatIsNotWholeIsNeverListed(t *testing.T) {
	path := folder + "dump.202611220440"
	for name, c := range map[string]struct {
		change  func(*dump.Upload)
		objects func([]manifest.File) []manifest.File
		why     string
	}{
		"it was lost":     {func(u *dump.Upload) { u.Done, u.Lost = false, "the host says that the file is changed" }, nil, "the host says that the file is changed"},
		"it is under way": {func(u *dump.Upload) { u.Done = false }, nil, "it was still on its way"},
		"its object is gone": {nil, func(o []manifest.File) []manifest.File {
			return slices.DeleteFunc(o, func(f manifest.File) bool { return strings.Contains(f.Key, "1-dump") })
		}, "its object is not in the bucket any more"},
		"its object is another": {nil, func(o []manifest.File) []manifest.File {
			o[5].Size = 17
			return o
		}, "its object has 17 bytes, and the file had 3221225472"},
		"its name is none": {func(u *dump.Upload) { u.SHA256 = "../x" }, nil, "a manifest does not take its object's name"},
	} {
		list := objects()
		if c.objects != nil {
			list = c.objects(list)
		}
		m := manifest.New(record(func(x *cases.Collecting) {
			if c.change != nil {
				c.change(&x.Files.Uploads[1])
			}
		}), list, at)
		if slices.ContainsFunc(m.Files, func(f manifest.File) bool { return strings.Contains(f.Key, "1-dump") }) ||
			!slices.Contains(m.Missing, cases.Missing{What: path, Why: c.why}) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestWhatIsMissingIsNamedOnce(t *testing.T) {
	path := folder + "dump.202611220440"
	got := manifest.Missing(record(func(c *cases.Collecting) {
		c.Files.Uploads[1].Done = false
		c.Missing = []cases.Missing{{What: path, Why: "the host was terminated"}, {What: "snapshot", Why: "EC2 refused it"}}
		c.Skipped = []dump.Skipped{{Why: dump.WhyName}, {Path: "/x", Why: "a reason of tomorrow"}}
	}).Followup.Collect)
	want := []cases.Missing{
		{What: path, Why: "the host was terminated"},
		{What: "snapshot", Why: "EC2 refused it"},
		{What: "a file", Why: "its path has bytes in it that are not taken"},
		{What: "/x", Why: "the host's script left it out"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// The record of a case is what there is to go by where its manifest could not be written.
func TestTheRecordAloneHasTheFilesThatAreHome(t *testing.T) {
	r := record(func(c *cases.Collecting) { c.Files.Uploads[0].Done = false })
	m := manifest.New(r, manifest.Recorded(r), at)
	if len(m.Files) != 1 || m.Files[0].Key != "dump/1-dump.202611220440" || m.Files[0].SHA256 != sum || len(m.Missing) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestACaseNeverGoesWithoutItsManifestBecauseOfAText(t *testing.T) {
	long := strings.Repeat("\xffä\x00", 40_000)
	r := record(func(c *cases.Collecting) {
		for range 400 {
			c.Missing = append(c.Missing, cases.Missing{What: long, Why: long})
			c.Snapshots = append(c.Snapshots, "snap-0a1b2c3d4e5f60718", long)
		}
		c.Files.Uploads[0].File.Modified = 1 << 60
	})
	r.InstanceID, r.Followup.Why, r.Followup.Doubt, r.Followup.Finding = long, long, long, cases.Finding(long)
	r.Followup.Account.SentAt = time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)
	var many []manifest.File
	for i := range 1500 {
		many = append(many, manifest.File{Key: "before/" + strings.Repeat("x", 290) + string(rune('a'+i%26)) + strings.Repeat("y", i%9), Kind: manifest.KindOther})
	}
	body, err := manifest.New(r, append(many, objects()...), at).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Parse(body); err != nil {
		t.Error(err)
	}
}

package dump_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crashcart/lambda/domain/dump"
)

const (
	caseID = "i-0a1b2c3d4e5f60718-0123456789abcdef"
	sum    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	mib    = 1 << 20
)

func TestTheLastAnswerIsReadAndTheDmesgComesFirst(t *testing.T) {
	s, err := dump.ParseSurvey("some words\n" +
		`{"crashcart":1,"step":"survey","files":[],"skipped":[]}` + "\n" +
		`{"crashcart":1,"step":"survey","files":[{"path":"/var/crash/a/vmcore","kind":"dump","size":9000,"modified":2},{"path":"/var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore-dmesg.txt","kind":"dmesg","size":1,"modified":1}],"skipped":[{"path":"/var/crash/a/dump-incomplete","why":"incomplete","size":0},{"why":"name","size":3}]}` + "\nbye\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Files) != 2 || s.Files[0].Kind != dump.KindDmesg || s.Files[1].Size != 9000 || len(s.Skipped) != 2 || s.Skipped[1].Why != dump.WhyName {
		t.Errorf("%+v", s)
	}
	s, err = dump.ParseSurvey(`{"crashcart":1,"step":"survey","skipped":[],"files":[{"modified":1,"kind":"minidump","size":1,"path":"C:\\Windows\\Minidump\\112226-01.dmp"}]}` + "\r\n")
	if err != nil || s.Files[0].Path != `C:\Windows\Minidump\112226-01.dmp` {
		t.Errorf("%+v, %v", s, err)
	}
}

// surveyOf is an answer with one file, with a part of it replaced.
func surveyOf(old, replaced string) string {
	const good = `{"crashcart":1,"step":"survey","files":[{"path":"/var/crash/a/vmcore","kind":"dump","size":9000,"modified":2}],"skipped":[]}`
	return strings.Replace(good, old, replaced, 1)
}

func TestAHostileSurveyIsNeverTaken(t *testing.T) {
	if _, err := dump.ParseSurvey(surveyOf("", "")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an older version":     surveyOf(`"crashcart":1`, `"crashcart":0`),
		"another step":         surveyOf("survey", "send"),
		"something unknown":    surveyOf(`"skipped"`, `"more":1,"skipped"`),
		"unknown of a file":    surveyOf(`"size"`, `"mode":1,"size"`),
		"something follows":    surveyOf(`"skipped":[]}`, `"skipped":[]}{}`),
		"cut off":              surveyOf(`"skipped":[]}`, ``),
		"no path":              surveyOf("/var/crash/a/vmcore", ""),
		"a relative path":      surveyOf("/var/crash/a/vmcore", "vmcore"),
		"a path that leads up": surveyOf("/var/crash/a/vmcore", "/var/crash/../../etc/shadow"),
		"a path of nothing":    surveyOf("/var/crash/a/vmcore", "/var//crash/vmcore"),
		"a quote":              surveyOf("/var/crash/a/vmcore", `/var/crash/a/\"vmcore`),
		"a line":               surveyOf("/var/crash/a/vmcore", `/var/crash/a/\nvmcore`),
		"a terminal's escape":  surveyOf("/var/crash/a/vmcore", `/var/crash/a/\u001b[2Jvmcore`),
		"a command":            surveyOf("/var/crash/a/vmcore", "/var/crash/$(id)/vmcore"),
		"a blank":              surveyOf("/var/crash/a/vmcore", "/var/crash/a b/vmcore"),
		"a long path":          surveyOf("/var/crash/a/vmcore", "/"+strings.Repeat("a", dump.MaxPath)),
		"a share":              surveyOf("/var/crash/a/vmcore", `\\\\server\\share\\x.dmp`),
		"another kind":         surveyOf(`"dump"`, `"shadow"`),
		"an empty file":        surveyOf("9000", "0"),
		"a negative size":      surveyOf("9000", "-1"),
		"a size of words":      surveyOf("9000", `"9000"`),
		"a size beyond 64 bit": surveyOf("9000", "9223372036854775808"),
		"no time":              surveyOf(`"modified":2`, `"modified":0`),
		"an unknown reason":    surveyOf(`"skipped":[]`, `"skipped":[{"why":"because","size":1}]`),
		"listed twice":         surveyOf(`"files":[`, `"files":[{"path":"/var/crash/a/vmcore","kind":"dump","size":9000,"modified":2},`),
		"too many left out":    surveyOf(`"skipped":[]`, `"skipped":[`+strings.Repeat(`{"why":"name","size":1},`, dump.MaxSkipped)+`{"why":"name","size":1}]`),
		"too many files": surveyOf(`"files":[`, `"files":[`+strings.Join(func() (all []string) {
			for i := range dump.MaxFiles {
				all = append(all, `{"path":"/b/`+strconv.Itoa(i)+`","kind":"dump","size":9000,"modified":2}`)
			}
			return all
		}(), ",")+`,`),
	} {
		if s, err := dump.ParseSurvey(text); err == nil || len(s.Files)+len(s.Skipped) > 0 {
			t.Errorf("%s is taken: %+v, %v", name, s, err)
		}
	}
}

func TestAScriptThatWasKilledIsNeverTakenForOneThatFoundNothing(t *testing.T) {
	for _, output := range []string{"", "\n", "Killed\n", ` {"crashcart":1,"step":"survey","files":[],"skipped":[]}`, "crashcart\n"} {
		if _, err := dump.ParseSurvey(output); !errors.Is(err, dump.ErrNoAnswer) {
			t.Errorf("%q: %v", output, err)
		}
		if _, err := dump.ParseReport(output); !errors.Is(err, dump.ErrNoAnswer) {
			t.Errorf("%q: %v", output, err)
		}
	}
}

func reportOf(old, replaced string) string {
	const good = `{"crashcart":1,"step":"send","files":[{"path":"/var/crash/a/vmcore","state":"sent","parts":3,"sha256":"` + sum + `"}],"stopped":"","seconds":9}`
	return strings.Replace(good, old, replaced, 1)
}

func TestAHostileReportIsNeverTaken(t *testing.T) {
	r, err := dump.ParseReport(reportOf("", ""))
	if got, ok := r.File("/var/crash/a/vmcore"); err != nil || !ok || got.SHA256 != sum || got.Parts != 3 || r.Seconds != 9 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := dump.ParseReport(reportOf(`"sent","parts":3,"sha256":"`+sum+`"`, `"refused","parts":3,"http":403`)); err != nil || r.Files[0].HTTP != 403 {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, text := range map[string]string{
		"sent without a sum":      reportOf(`,"sha256":"`+sum+`"`, ""),
		"a sum of something else": reportOf(sum, sum[1:]),
		"a sum in capitals":       reportOf(sum, strings.ToUpper(sum)),
		"changed, with a sum":     reportOf(`"sent"`, `"changed"`),
		"an unknown state":        reportOf(`"sent"`, `"perfect"`),
		"more parts than any":     reportOf(`"parts":3`, `"parts":1001`),
		"less than no parts":      reportOf(`"parts":3`, `"parts":-1`),
		"no status of HTTP":       reportOf(`"parts":3`, `"parts":3,"http":1000`),
		"stopped for no reason":   reportOf(`"stopped":""`, `"stopped":"tea"`),
		"a negative time":         reportOf(`"seconds":9`, `"seconds":-9`),
		"a survey":                reportOf(`"send"`, `"survey"`),
		"a path that leads up":    reportOf("/var/crash/a", "/var/crash/.."),
		"listed twice":            reportOf(`"files":[`, `"files":[{"path":"/var/crash/a/vmcore","state":"gone","parts":0},`),
	} {
		if r, err := dump.ParseReport(text); err == nil || len(r.Files) > 0 {
			t.Errorf("%s is taken: %+v, %v", name, r, err)
		}
	}
}

func TestNoPartIsOutsideTheLimitsOfS3(t *testing.T) {
	for _, size := range []int64{1, 5 * mib, 16 * mib, 16*mib + 1, 16000 * mib, 16000*mib + 1, 1 << 40, 24 << 40 / 10, 5<<30*dump.MaxParts - 1} {
		part, err := dump.Cut(size)
		if err != nil {
			t.Errorf("%d bytes: %v", size, err)
			continue
		}
		parts := dump.Parts(size, part)
		at := int64(0)
		for i, p := range parts {
			if p.Number != i+1 || p.Offset != at || p.Size < 1 || p.Size > 5<<30 || p.Size < 5*mib && i < len(parts)-1 || part%mib != 0 {
				t.Fatalf("%d bytes in parts of %d: %+v at %d", size, part, p, at)
			}
			at += p.Size
		}
		if at != size || len(parts) > dump.MaxParts {
			t.Errorf("%d bytes: %d parts have %d", size, len(parts), at)
		}
	}
	for _, size := range []int64{0, -1, 5<<30*dump.MaxParts + 1} {
		if part, err := dump.Cut(size); err == nil {
			t.Errorf("%d bytes are cut into parts of %d", size, part)
		}
	}
	if p := dump.Parts(1<<40, 1); p != nil {
		t.Errorf("%d parts", len(p))
	}
}

func TestALimitNeverCostsASmallerFile(t *testing.T) {
	files := []dump.File{
		{Path: "/a/old", Kind: dump.KindDump, Size: 60, Modified: 1},
		{Path: "/a/new", Kind: dump.KindDump, Size: 60, Modified: 2},
		{Path: "/a/huge", Kind: dump.KindDump, Size: 1000, Modified: 3},
		{Path: "/a/dmesg", Kind: dump.KindDmesg, Size: 10, Modified: 1},
	}
	chosen, left := dump.Choose(files, 100)
	var got []string
	for _, f := range chosen {
		got = append(got, f.Path)
	}
	for _, l := range left {
		got = append(got, "not "+l.File.Path)
	}
	if want := []string{"/a/dmesg", "/a/new", "not /a/huge", "not /a/old"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if chosen, _ := dump.Choose(files, 0); len(chosen) > 0 {
		t.Errorf("%+v within no limit at all", chosen)
	}
}

func TestNoTwoFilesOfACaseHaveOneKey(t *testing.T) {
	a := dump.Key(caseID, 0, dump.File{Path: "/var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore"})
	b := dump.Key(caseID, 1, dump.File{Path: "/var/crash/127.0.0.1-2026-11-22-05:31:02/vmcore"})
	if a != "cases/"+caseID+"/dump/0-vmcore" || a == b {
		t.Errorf("%s and %s", a, b)
	}
	if k := dump.Key(caseID, 2, dump.File{Path: `C:\Windows\Mini dump (1)\a b.dmp`}); k != "cases/"+caseID+"/dump/2-a-b.dmp" {
		t.Error(k)
	}
}

func manifest() dump.Manifest {
	return dump.Manifest{Version: dump.Version, CaseID: caseID, Files: []dump.ManifestFile{
		{
			File: dump.File{Path: `C:\Windows\MEMORY.DMP`, Kind: dump.KindDump, Size: 2*mib + 1, Modified: 2}, PartSize: mib,
			Parts: []dump.ManifestPart{{Number: 1, Size: mib, Sent: true}, {Number: 2, Size: mib, URL: "https://s3/b/k?partNumber=2&x=%2F"}, {Number: 3, Size: 1, URL: "https://s3/b/k?partNumber=3"}},
		},
		{
			File: dump.File{Path: "/var/crash/a/dmesg.1", Kind: dump.KindDmesg, Size: 1, Modified: 1}, PartSize: mib,
			Parts: []dump.ManifestPart{{Number: 1, Size: 1, URL: "http://127.0.0.1:9000/b/k?a=b"}},
		},
	}}
}

// The script for Linux reads a manifest line by line.
func TestAManifestNeverHasTwoPartsOnALine(t *testing.T) {
	text, err := manifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"crashcart":1,"case":"i-0a1b2c3d4e5f60718-0123456789abcdef","files":[
{"path":"C:\\Windows\\MEMORY.DMP","kind":"dump","size":2097153,"modified":2,"partSize":1048576,"parts":[
{"n":1,"size":1048576,"sent":true},
{"n":2,"size":1048576,"sent":false,"url":"https://s3/b/k?partNumber=2&x=%2F"},
{"n":3,"size":1,"sent":false,"url":"https://s3/b/k?partNumber=3"}
]},
{"path":"/var/crash/a/dmesg.1","kind":"dmesg","size":1,"modified":1,"partSize":1048576,"parts":[
{"n":1,"size":1,"sent":false,"url":"http://127.0.0.1:9000/b/k?a=b"}
]}
]}
`
	if string(text) != want {
		t.Errorf("%s", text)
	}
	m, err := dump.ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := m.Encode(); err != nil || string(again) != want {
		t.Errorf("%s, %v", again, err)
	}
}

func TestAManifestThatAScriptCouldMisreadIsNeverWritten(t *testing.T) {
	for name, change := range map[string]func(*dump.Manifest){
		"a quote in a URL":         func(m *dump.Manifest) { m.Files[1].Parts[0].URL = `https://s3/"` },
		"a command in a URL":       func(m *dump.Manifest) { m.Files[1].Parts[0].URL = "https://s3/$(id)" },
		"a line in a URL":          func(m *dump.Manifest) { m.Files[1].Parts[0].URL = "https://s3/\nurl = x" },
		"a file's URL":             func(m *dump.Manifest) { m.Files[1].Parts[0].URL = "file:///etc/shadow" },
		"an endless URL":           func(m *dump.Manifest) { m.Files[1].Parts[0].URL = "https://s3/" + strings.Repeat("a", dump.MaxURL) },
		"a part without a URL":     func(m *dump.Manifest) { m.Files[1].Parts[0].URL = "" },
		"a URL for what is there":  func(m *dump.Manifest) { m.Files[1].Parts[0].Sent = true },
		"a part missing":           func(m *dump.Manifest) { m.Files[0].Parts = m.Files[0].Parts[:2] },
		"a part too many":          func(m *dump.Manifest) { m.Files[1].Parts = append(m.Files[1].Parts, m.Files[1].Parts[0]) },
		"parts out of order":       func(m *dump.Manifest) { slices.Reverse(m.Files[0].Parts) },
		"a part of another size":   func(m *dump.Manifest) { m.Files[1].Parts[0].Size = 2 },
		"no size of parts":         func(m *dump.Manifest) { m.Files[0].PartSize = 0 },
		"a path that leads up":     func(m *dump.Manifest) { m.Files[1].Path = "/var/crash/../x" },
		"no file":                  func(m *dump.Manifest) { m.Files = nil },
		"a case of somebody else":  func(m *dump.Manifest) { m.CaseID = `a","files":[` },
		"a manifest of the future": func(m *dump.Manifest) { m.Version = 2 },
	} {
		m := manifest()
		change(&m)
		if text, err := m.Encode(); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, err := dump.ParseManifest([]byte(`{"crashcart":1,"case":"a","files":[],"more":1}`)); err == nil {
		t.Error("something unknown is taken")
	}
}

func TestAnUploadIsNeverDoneAndOpen(t *testing.T) {
	for _, c := range []struct {
		u    dump.Upload
		want bool
	}{{dump.Upload{}, true}, {dump.Upload{Done: true}, false}, {dump.Upload{Lost: "gone"}, false}} {
		if got := (dump.Collection{Uploads: []dump.Upload{{Done: true}, c.u}}).Open(); got != c.want {
			t.Errorf("%+v: %v", c.u, got)
		}
	}
}

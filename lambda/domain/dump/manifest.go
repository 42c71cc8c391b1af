package dump

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// ManifestPart is a part with the URL that takes it. A part that has arrived has none.
type ManifestPart struct {
	Number int    `json:"n"`
	Size   int64  `json:"size"`
	Sent   bool   `json:"sent"`
	URL    string `json:"url,omitempty"`
}

// ManifestFile is a file with its parts, in their order.
type ManifestFile struct {
	File
	PartSize int64          `json:"partSize"`
	Parts    []ManifestPart `json:"parts"`
}

// Manifest tells a host's script what to send where. Its URLs are secrets.
type Manifest struct {
	Version int            `json:"crashcart"`
	CaseID  string         `json:"case"`
	Files   []ManifestFile `json:"files"`
}

// Encode writes the manifest as JSON in which every file and every part has a line of its
// own. The script for Linux reads it line by line: a host may have no other parser.
func (m Manifest) Encode() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{\"crashcart\":%d,\"case\":%q,\"files\":[\n", Version, m.CaseID)
	for i, f := range m.Files {
		path, err := json.Marshal(f.Path) // a path of Windows has \ in it
		if err != nil {
			return nil, fmt.Errorf("writing a manifest: %w", err)
		}
		fmt.Fprintf(&b, "{\"path\":%s,\"kind\":%q,\"size\":%d,\"modified\":%d,\"partSize\":%d,\"parts\":[\n", path, f.Kind, f.Size, f.Modified, f.PartSize)
		for j, p := range f.Parts {
			fmt.Fprintf(&b, "{\"n\":%d,\"size\":%d,\"sent\":%t", p.Number, p.Size, p.Sent)
			if !p.Sent {
				fmt.Fprintf(&b, ",\"url\":%q", p.URL)
			}
			b.WriteString("}" + comma(j, len(f.Parts)) + "\n")
		}
		b.WriteString("]}" + comma(i, len(m.Files)) + "\n")
	}
	b.WriteString("]}\n")
	return []byte(b.String()), nil
}

func comma(i, n int) string {
	if i < n-1 {
		return ","
	}
	return ""
}

// ParseManifest reads a manifest.
func ParseManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := strictly(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("reading a manifest: %w", err)
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("reading a manifest: %w", err)
	}
	return m, nil
}

func (m Manifest) check() error {
	if m.Version != Version || !caseID.MatchString(m.CaseID) || len(m.Files) == 0 || len(m.Files) > MaxFiles {
		return fmt.Errorf("version %d, case %q, %d files", m.Version, cut(m.CaseID), len(m.Files))
	}
	for _, f := range m.Files {
		if err := f.check(); err != nil {
			return err
		}
		if err := f.checkParts(); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func (f ManifestFile) checkParts() error {
	want := Parts(f.Size, f.PartSize)
	if len(want) == 0 || len(want) != len(f.Parts) {
		return fmt.Errorf("%d parts of %d bytes", len(f.Parts), f.PartSize)
	}
	for i, p := range f.Parts {
		if p.Number != want[i].Number || p.Size != want[i].Size || p.Sent != (p.URL == "") {
			return fmt.Errorf("part %d of %d bytes where part %d of %d belongs", p.Number, p.Size, want[i].Number, want[i].Size)
		}
		if p.URL != "" {
			if err := checkURL(p.URL); err != nil {
				return fmt.Errorf("part %d: %w", p.Number, err)
			}
		}
	}
	return nil
}

// checkURL refuses a URL that would have to be quoted in a shell, in JSON, or in a
// configuration of curl.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is no URL of S3", cut(text))
	}
	if !plainURL.MatchString(text) || len(text) > MaxURL {
		return fmt.Errorf("a URL of %d bytes has bytes in it that are not taken", len(text))
	}
	return nil
}

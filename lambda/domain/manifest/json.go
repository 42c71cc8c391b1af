package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// ErrVersion says that a manifest has another form than this program knows.
var ErrVersion = errors.New("the manifest has another version")

// Part is what a reader may add to a file's name while it fetches it. No manifest has two
// names of which one is the other with it.
const Part = ".part"

// Encode writes the manifest as JSON. It refuses what Parse would not take.
func (m Manifest) Encode() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing a manifest: %w", err)
	}
	if len(body) >= MaxBytes {
		return nil, fmt.Errorf("writing a manifest: it has %d bytes", len(body))
	}
	return append(body, '\n'), nil
}

// Parse reads a manifest. Nothing in it may be unknown, nothing may follow it, and every
// name in it is safe to be put below a folder.
func Parse(text []byte) (Manifest, error) {
	if len(text) > MaxBytes {
		return Manifest{}, fmt.Errorf("reading a manifest: it has %d bytes", len(text))
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Manifest{}, fmt.Errorf("reading a manifest: %w", err)
	}
	if head.Version != Version {
		return Manifest{}, fmt.Errorf("reading a manifest: %w: %d, and this program knows %d", ErrVersion, head.Version, Version)
	}
	var m Manifest
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("reading a manifest: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return Manifest{}, errors.New("reading a manifest: something follows it")
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("reading a manifest: %w", err)
	}
	return m, nil
}

var (
	caseID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	snapshot = regexp.MustCompile(`^snap-[0-9a-f]{8,32}$`)
	sum      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	kindWord = regexp.MustCompile(`^[a-z]{1,16}$`)
	keyName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,299}){0,3}$`)
)

// Bounds of what a manifest says.
const (
	maxWords   = 2 << 10 // of one text, in bytes
	maxMissing = 50      // things, and as many snapshots
)

func (m Manifest) check() error {
	switch {
	case m.Version != Version:
		return fmt.Errorf("%w: %d", ErrVersion, m.Version)
	case !caseID.MatchString(m.CaseID):
		return fmt.Errorf("%.100q is no case", m.CaseID)
	case !written(m.WrittenAt) || !m.InterruptedAt.IsZero() && !written(m.InterruptedAt):
		return fmt.Errorf("written at %s, interrupted at %s", m.WrittenAt, m.InterruptedAt)
	}
	if err := errors.Join(m.checkLists(), checkWords(append(words(m.Missing), m.InstanceID, string(m.Finding), m.Why, m.Doubt))); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := f.check(); err != nil {
			return err
		}
	}
	return checkNames(m.Files)
}

func (m Manifest) checkLists() error {
	if len(m.Files) > maxFiles || len(m.Missing) > maxMissing || len(m.Snapshots) > maxMissing {
		return fmt.Errorf("%d files, %d missing and %d snapshots are too many", len(m.Files), len(m.Missing), len(m.Snapshots))
	}
	for _, s := range m.Snapshots {
		if !snapshot.MatchString(s) {
			return fmt.Errorf("%.100q is no snapshot", s)
		}
	}
	return nil
}

func (f File) check() error {
	if err := checkKey(f.Key); err != nil {
		return err
	}
	switch {
	case !kindWord.MatchString(string(f.Kind)):
		return fmt.Errorf("%s: %.100q is no kind", f.Key, f.Kind)
	case f.Size < 0:
		return fmt.Errorf("%s has %d bytes", f.Key, f.Size)
	case f.SHA256 != "" && !sum.MatchString(f.SHA256):
		return fmt.Errorf("%s: %.100q is no SHA-256", f.Key, f.SHA256)
	case !f.StoredAt.IsZero() && !written(f.StoredAt) || !f.ModifiedAt.IsZero() && !written(f.ModifiedAt):
		return fmt.Errorf("%s was stored at %s, and written at %s", f.Key, f.StoredAt, f.ModifiedAt)
	case len(f.Path) > dump.MaxPath:
		return fmt.Errorf("%s has a path of %d bytes", f.Key, len(f.Path))
	}
	return nil
}

// checkKey refuses a name that could lead anywhere else than below a folder, that begins
// with a dot, or that a system may read in two ways.
func checkKey(key string) error {
	own := strings.HasPrefix(strings.ToLower(key), name) // the reader keeps the manifest itself under this name
	if !keyName.MatchString(key) || path.Clean(key) != key || own {
		return fmt.Errorf("%.100q is no name of a file here", key)
	}
	return nil
}

// checkNames refuses two names that are one file, or a file and its folder. There are
// systems to which upper and lower case are one.
func checkNames(files []File) error {
	taken := map[string]bool{}
	for _, f := range files {
		key := strings.ToLower(f.Key)
		if taken[key] {
			return fmt.Errorf("%s is listed twice", f.Key)
		}
		taken[key] = true
	}
	for _, f := range files {
		key := strings.ToLower(f.Key)
		if taken[key+Part] {
			return fmt.Errorf("%s and %s%s cannot both be fetched", f.Key, f.Key, Part)
		}
		for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
			if taken[dir] {
				return fmt.Errorf("%s is a file and a folder", dir)
			}
		}
	}
	return nil
}

func words(missing []cases.Missing) []string {
	var all []string
	for _, m := range missing {
		all = append(all, m.What, m.Why)
	}
	return all
}

func checkWords(all []string) error {
	for _, text := range all {
		if len(text) > maxWords {
			return fmt.Errorf("a text of %d bytes", len(text))
		}
	}
	return nil
}

// written says whether a time can be written as JSON and read again.
func written(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9999 }

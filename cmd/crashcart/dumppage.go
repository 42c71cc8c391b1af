package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/fetch"
	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/manifest"
	"crashcart/lambda/domain/printable"
)

// jsonDump is the machine's view of what was fetched.
type jsonDump struct {
	CaseID     string          `json:"case"`
	InstanceID string          `json:"instance"`
	Finding    cases.Finding   `json:"finding"`
	Folder     string          `json:"folder"`
	Files      []jsonFile      `json:"files"`
	Missing    []cases.Missing `json:"missing"`
	Snapshots  []string        `json:"snapshots"`
	KeptUntil  time.Time       `json:"keptUntil,omitzero"` // in the bucket
}

type jsonFile struct {
	Path   string        `json:"path"` // here
	Kind   manifest.Kind `json:"kind"`
	Size   int64         `json:"size"`
	SHA256 string        `json:"sha256"` // empty where none is known: only the size was checked
	Before bool          `json:"before"` // it was here already
}

// show prints what is here now.
func (f fetching) show(c *cobra.Command, folder string, list listing, got []fetch.File) (err error) {
	if f.asJSON {
		return screen.JSON(c.OutOrStdout(), asJSONDump(folder, list, got))
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	p := screen.New(c.OutOrStdout(), time.Now())
	showFetched(p, list, got)
	return errors.Join(showOpening(p, root, folder, got), p.Err())
}

func asJSONDump(folder string, list listing, got []fetch.File) jsonDump {
	out := jsonDump{
		CaseID: list.CaseID, InstanceID: list.InstanceID, Finding: list.Finding, Folder: folder, Files: []jsonFile{},
		Missing: list.Missing, Snapshots: list.Snapshots, KeptUntil: list.expires,
	}
	for _, g := range got {
		out.Files = append(out.Files, jsonFile{
			Path: filepath.Join(folder, filepath.FromSlash(g.Key)), Kind: g.Kind, Size: g.Size, SHA256: g.SHA256, Before: g.Before,
		})
	}
	return out
}

// showFetched prints the case, and its files that are here and that are not.
func showFetched(p *screen.Page, list listing, got []fetch.File) {
	p.Field("case", list.CaseID)
	p.Field("instance", list.InstanceID)
	p.Field("finding", string(list.Finding))
	p.Field("why", list.Why)
	p.Field("in doubt", list.Doubt)
	for _, g := range got {
		p.Field("here", g.Key+": "+told(g))
	}
	for _, m := range list.Missing {
		p.Field("missing", m.What+": "+m.Why)
	}
	for _, id := range list.Snapshots {
		p.Field("snapshot", id)
	}
	if !list.expires.IsZero() {
		p.Field("kept", "in the bucket until "+screen.Stamp(list.expires))
	}
}

// told is what a person wants to know of a file.
func told(f fetch.File) string {
	said := string(f.Kind) + ", " + printable.Bytes(f.Size)
	if f.Path != "" {
		said += ", from " + f.Path
	}
	if f.SHA256 == "" {
		return said + ", no sum is known"
	}
	if f.Before {
		return said + ", was here before, its SHA-256 is right"
	}
	return said + ", its SHA-256 is right"
}

package lab

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"crashcart/lab/fleet"
	"crashcart/lambda/domain/dump"
)

// Home is a file of a crash, and what of it is in the bucket.
type Home struct {
	File fleet.File
	Key  string // of its object; empty if there is none
	Same bool   // the object is the file, byte for byte
}

// Home compares what is on a simulated guest's disk with what has come home for a case.
// Objects of files that are not on the disk are given with an empty path.
func (l *Lab) Home(instance, caseID string) ([]Home, error) {
	files, err := l.Fleet.Files(instance)
	if err != nil {
		return nil, err
	}
	all, err := l.Store.Keys(l.BucketName)
	if err != nil {
		return nil, err
	}
	keys := slices.DeleteFunc(all, func(key string) bool {
		return !strings.HasPrefix(key, dump.Prefix(caseID)+"/") || key == dump.ManifestKey(caseID)
	})
	var out []Home
	for _, f := range files {
		h := Home{File: f}
		name := "-" + path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
		if i := slices.IndexFunc(keys, func(key string) bool { return strings.HasSuffix(key, name) }); i >= 0 {
			h.Key = keys[i]
			keys = slices.Delete(keys, i, i+1)
			body, err := l.Store.Object(l.BucketName, h.Key)
			if err != nil {
				return nil, fmt.Errorf("comparing %s: %w", f.Path, err)
			}
			h.Same = bytes.Equal(body, f.Content())
		}
		out = append(out, h)
	}
	for _, key := range keys {
		out = append(out, Home{Key: key})
	}
	return out, nil
}

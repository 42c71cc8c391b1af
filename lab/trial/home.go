package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// Home is what the bucket has of a crash when its case is closed.
type Home struct {
	Files    []File // that came from the guest, by the names of their objects below the case's prefix
	Manifest manifest.Manifest
	Live     bool          // a signed URL is left in the bucket
	After    time.Duration // the interrupt, on the wall, until its dump was whole in the bucket; 0 for none
	InLab    time.Duration // the same of AWS's time
	Panic    string        // the line that makedumpfile reads out of the dump's object
	Unread   bool          // there is no makedumpfile to read it with
	Cost     *Cost         // of the guest; nil if it sent nothing
}

// sentName is the name of an object that has a file of a guest: its number and its name.
var sentName = regexp.MustCompile(`^dump/\d+-(.+)$`)

// fileName is the name that a file has on the guest, without its folder.
func (f File) fileName() string {
	if m := sentName.FindStringSubmatch(f.Name); m != nil {
		return m[1]
	}
	return path.Base(f.Name)
}

// isDump says whether a file has the name of a dump that kdump-tools has finished.
func (f File) isDump() bool { return strings.HasPrefix(f.fileName(), "dump.") }

// arrives notes when the dump is whole in the bucket. An unfinished upload is no object.
func (r *run) arrives(caseID string) error {
	if r.arrived.wall != 0 {
		return nil
	}
	keys, err := r.lab.Store.Keys(r.lab.BucketName)
	if err != nil {
		return err
	}
	for _, key := range keys {
		name, ours := strings.CutPrefix(key, manifest.Prefix(caseID))
		if ours && sentName.MatchString(name) && (File{Name: name}).isDump() {
			r.mu.Lock()
			r.arrived.wall, r.arrived.lab = time.Since(r.firedAt), r.lab.Clock.Now().Sub(r.firedLab)
			r.mu.Unlock()
			r.notify(Event{Kind: EventHome, Name: "home", Text: "its dump is in the bucket: " + name})
		}
	}
	return nil
}

// cut resets the guest when the first part of its dump has been taken.
func (r *run) cut(object string) {
	r.mu.Lock()
	first := !r.record.Cut && (File{Name: "dump/" + object}).isDump()
	r.record.Cut = r.record.Cut || first
	r.mu.Unlock()
	if !first {
		return
	}
	r.notify(Event{Kind: EventNote, Text: "a part of the dump has arrived, and the guest is reset"})
	if err := r.guest.Reset(); err != nil {
		r.notify(Event{Kind: EventNote, Text: "resetting the guest: " + err.Error()})
	}
}

// bring looks at what is in the bucket.
func (r *run) bring(ctx context.Context) error {
	id := r.caseID()
	keys, err := r.lab.Store.Keys(r.lab.BucketName)
	if err != nil {
		return err
	}
	home := &Home{After: r.arrived.wall, InLab: r.arrived.lab}
	for _, key := range keys {
		name, ours := strings.CutPrefix(key, manifest.Prefix(id))
		if !ours {
			continue
		}
		object, err := r.lab.Store.Object(r.lab.BucketName, key)
		if err != nil {
			return err
		}
		if err := home.add(ctx, id, name, object); err != nil {
			return fmt.Errorf("reading %s: %w", key, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Home = home
	return nil
}

// add takes an object of the case, by its name below the case's prefix.
func (h *Home) add(ctx context.Context, caseID, name string, object []byte) (err error) {
	switch manifest.Prefix(caseID) + name {
	case manifest.Key(caseID):
		h.Manifest, err = manifest.Parse(object)
		return err
	case dump.ManifestKey(caseID):
		h.Live = h.Live || strings.Contains(string(object), "X-Amz-Signature")
		return nil
	}
	if !strings.HasPrefix(name, "dump/") {
		return nil // the evidence from before and after the interrupt
	}
	sum := sha256.Sum256(object)
	f := File{Name: name, Size: int64(len(object)), SHA256: hex.EncodeToString(sum[:])}
	h.Files = append(h.Files, f)
	if !f.isDump() {
		return nil
	}
	h.Panic, err = panicOf(ctx, object)
	if errors.Is(err, errNoReader) {
		h.Unread = true
		return nil
	}
	return err
}

package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// chunk is how much of a file is read from the guest at a time: its agent holds an
// answer in memory, and in base64.
const chunk = 4 << 20

// keep copies everything that the trial left into Options.Evidence: the files of the
// crash, the console, and the look that the function took.
func (r *run) keep(ctx context.Context) error {
	dir := r.options.Evidence
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("keeping the evidence: %w", err)
	}
	for _, f := range r.record.Files {
		if err := r.fetch(ctx, f, dir); err != nil {
			return err
		}
	}
	if err := write(dir, "console.log", r.guest.Serial().Bytes()); err != nil {
		return err
	}
	keys, err := r.lab.Store.Keys(r.lab.BucketName)
	if err != nil {
		return err
	}
	for _, key := range keys {
		data, err := r.lab.Store.Object(r.lab.BucketName, key)
		if err != nil {
			return err
		}
		if err := write(dir, "before-"+path.Base(key), data); err != nil {
			return err
		}
	}
	return nil
}

// fetch copies a file out of the guest and checks that it arrived whole.
func (r *run) fetch(ctx context.Context, f File, dir string) (err error) {
	to, err := os.OpenFile(filepath.Join(dir, path.Base(f.Name)), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keeping %s: %w", f.Name, err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	sum := sha256.New()
	for at := int64(0); at < f.Size; at += chunk {
		out, err := r.script(ctx, fmt.Sprintf("dd status=none bs=%d skip=%d count=1 if='%s'", chunk, at/chunk, strings.ReplaceAll(f.Name, "'", `'\''`)))
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name, err)
		}
		_, _ = sum.Write(out.Stdout) // never fails (package hash)
		if _, err := to.Write(out.Stdout); err != nil {
			return fmt.Errorf("keeping %s: %w", f.Name, err)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("keeping %s: what was read has the SHA-256 %s, not %s", f.Name, got, f.SHA256)
	}
	return nil
}

func write(dir, name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		return fmt.Errorf("keeping %s: %w", name, err)
	}
	return nil
}

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

	"crashcart/lab/fleet"
)

// chunk is how much of a file is read from the guest at a time, in bytes: its agent
// holds an answer in memory, and in base64.
const chunk = 4 << 20

// Room makes a directory for evidence. The error says why it cannot be: nothing is
// written over, nor what is left of two trials mixed.
func Room(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("making room for the evidence: %w", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("making room for the evidence: %w", err)
	}
	if len(there) > 0 {
		return fmt.Errorf("the evidence needs a directory of its own, and in %s there is %s already", dir, there[0].Name())
	}
	return nil
}

// keepDumps copies the files that the crash left into Options.Evidence.
func (r *run) keepDumps(ctx context.Context) error {
	for _, f := range r.record.Files {
		if err := fetch(ctx, r.script, f, r.options.Evidence); err != nil {
			return fmt.Errorf("keeping %s: %w", f.Name, err)
		}
	}
	return nil
}

// keepSeen writes what was seen from outside into Options.Evidence, of a trial that
// went wrong, too: the whole console, and the evidence that the functions took.
func (r *run) keepSeen() error {
	dir := r.options.Evidence
	errs := []error{write(dir, "console.log", r.console.Bytes())}
	keys, err := r.lab.Store.Keys(r.lab.BucketName)
	errs = append(errs, err)
	for _, key := range keys {
		data, err := r.lab.Store.Object(r.lab.BucketName, key)
		if err == nil {
			err = write(dir, path.Base(path.Dir(key))+"-"+path.Base(key), data) // before-..., after-...
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fetch copies a file out of the guest, where run runs a script. The copy has its name
// only when all of it is there and has the right sum.
func fetch(ctx context.Context, run func(context.Context, string) (fleet.ProcessResult, error), f File, dir string) (err error) {
	to, err := os.CreateTemp(dir, ".unfinished-")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, to.Close()); err == nil {
			err = os.Rename(to.Name(), filepath.Join(dir, path.Base(f.Name)))
		}
		if err != nil {
			err = errors.Join(err, os.Remove(to.Name()))
		}
	}()
	sum := sha256.New()
	for at := int64(0); at < f.Size; at += chunk {
		out, err := run(ctx, fmt.Sprintf("dd status=none bs=%d skip=%d count=1 if='%s'", chunk, at/chunk, f.Name))
		if err != nil {
			return err
		}
		if want := min(chunk, f.Size-at); out.ExitCode != 0 || int64(len(out.Stdout)) != want {
			return fmt.Errorf("from byte %d on, %d bytes came of %d, with status %d: %q", at, len(out.Stdout), want, out.ExitCode, out.Stderr)
		}
		_, _ = sum.Write(out.Stdout) // never fails (package hash)
		if _, err := to.Write(out.Stdout); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("what was read has the SHA-256 %s, not %s", got, f.SHA256)
	}
	return nil
}

func write(dir, name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		return fmt.Errorf("keeping %s: %w", name, err)
	}
	return nil
}

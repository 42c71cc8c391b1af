package trial

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"crashcart/lab/fleet"
)

// listDumps prints size, SHA-256 and name of every file that a crash left, one a
// line. The names are kdump-tools' own and have no blanks.
const listDumps = `cd /var/crash && find . -mindepth 2 -type f | sort | while read -r f; do
	printf '%s %s %s\n' "$(stat -c %s "$f")" "$(sha256sum <"$f" | cut -c 1-64)" "/var/crash/${f#./}"
done`

// readBack reads what is on the disk. A guest that did not come back is reset first:
// nothing that the crash did or left undone changes by that.
func (r *run) readBack(ctx context.Context) error {
	if !r.record.Back {
		if err := r.guest.Reset(); err != nil {
			return err
		}
	}
	if err := r.guest.Ready(ctx); err != nil {
		return fmt.Errorf("waiting for the guest after the end: %w", err)
	}
	out, err := r.script(ctx, listDumps)
	if err != nil {
		return err
	}
	if out.ExitCode != 0 {
		return fmt.Errorf("listing the dumps ended with %d: %s", out.ExitCode, out.Stderr)
	}
	r.record.Files, err = files(string(out.Stdout))
	return err
}

func files(list string) ([]File, error) {
	var found []File
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("the guest's list of dumps has a line that is none: %q", line)
		}
		size, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("the guest's list of dumps has a size that is none: %q", fields[0])
		}
		found = append(found, File{Name: fields[2], Size: size, SHA256: fields[1]})
	}
	return found, nil
}

// script runs a script in the guest to its end.
func (r *run) script(ctx context.Context, text string) (fleet.ProcessResult, error) {
	p, err := r.guest.Start(ctx, text)
	if err != nil {
		return fleet.ProcessResult{}, err
	}
	return p.Wait(ctx)
}

package trial

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"crashcart/lab/fleet"
)

// listDumps prints size, SHA-256 and name of every file that a crash left, one a
// line. The names are kdump-tools' own and have no blanks; listed takes no others.
const listDumps = `cd /var/crash && find . -mindepth 2 -type f | sort | while read -r f; do
	printf '%s %s %s\n' "$(stat -c %s "$f")" "$(sha256sum <"$f" | cut -c 1-64)" "/var/crash/${f#./}"
done`

// readBack reads what is on the disk. A guest that did not come back is reset first:
// nothing that the crash did or left undone changes by that.
func (r *run) readBack(ctx context.Context) (err error) {
	if !r.record.Back {
		if err := r.guest.Reset(); err != nil {
			return err
		}
	}
	if err := r.guest.Ready(ctx); err != nil {
		return fmt.Errorf("waiting for the guest after the end: %w", err)
	}
	if r.record.Home != nil {
		if r.record.Home.Cost, err = r.readCost(ctx); err != nil {
			return err
		}
	}
	list, err := r.command(ctx, listDumps)
	if err != nil {
		return fmt.Errorf("listing the dumps: %w", err)
	}
	r.record.Files, err = files(list)
	return err
}

// listed is a line of listDumps: what a guest says is only taken if it could be true,
// and can be shown on a terminal and named to a shell.
var listed = regexp.MustCompile(`^(\d{1,15}) ([0-9a-f]{64}) (/var/crash(?:/[\w.-]+){2,})$`)

// files reads what listDumps printed.
func files(list string) ([]File, error) {
	var found []File
	for line := range strings.Lines(list) {
		fields := listed.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if fields == nil || path.Clean(fields[3]) != fields[3] {
			return nil, fmt.Errorf("the guest's list of dumps has a line that cannot be read: %q", line)
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the guest's list of dumps has a size that is not a number: %w", err)
		}
		found = append(found, File{Name: fields[3], Size: size, SHA256: fields[2]})
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

package witness

import "crashcart/lambda/domain/console"

// dump follows the writing of one dump by the lines that speak of it.
//
// Only two words end it well: makedumpfile's own, after it has said that it has written the
// dump, and that of a script that has looked at the exit code. kdump-tools looks at the end
// of a pipe, so its word counts for a plain copy alone.
type dump struct {
	watched  bool // the console shows it from its beginning, or from its midst, on
	progress bool
	written  bool
	copied   bool // makedumpfile has failed, and a plain copy is made
	complete bool
	doubt    string        // why it may not be complete
	failed   *console.Line // that says so
	last     *console.Line // the newest that speaks of it
}

// Why a dump that is complete by its words may not be so.
const (
	doubtScript = "only the script that saved it says so, and not makedumpfile"
	doubtCopy   = "makedumpfile failed, and only kdump-tools says that a plain copy was saved"
)

// take takes a line of the capture kernel, and says whether the dump is complete with it.
func (d *dump) take(line *console.Line) (completes bool) {
	if !line.Sign.OfDump() {
		d.watched = d.watched || line.Sign == console.SignCapture
		return false
	}
	d.last = line
	d.note(line)
	return d.ends(line.Sign)
}

// note takes a line that says how the dump goes on.
func (d *dump) note(line *console.Line) {
	switch line.Sign {
	case console.SignWriting:
		*d = dump{watched: true, complete: d.complete, doubt: d.doubt, last: line}
	case console.SignFallback:
		d.copied, d.watched = true, true
	case console.SignProgress:
		d.progress, d.watched = true, true
	case console.SignWritten:
		d.written = true
	case console.SignDumpFailed:
		d.failed, d.complete = line, false
	}
}

// ends says whether the dump is complete with a sign.
func (d *dump) ends(sign console.Sign) bool {
	switch sign {
	case console.SignCompleted:
		return d.written && d.end("")
	case console.SignSaved:
		if d.progress || d.written {
			return d.end("")
		}
		return d.end(doubtScript)
	case console.SignClaimed:
		return d.copied && d.end(doubtCopy)
	}
	return false
}

// end notes that the dump is complete, if that is new.
func (d *dump) end(doubt string) bool {
	if d.complete {
		return false
	}
	d.complete, d.doubt, d.failed = true, doubt, nil
	return true
}

package trial

import (
	"regexp"
	"strings"
)

// reader reads the stages of a crash from a serial console, line by line, from the
// moment at which the interrupt was sent.
type reader struct {
	capture bool // the capture kernel runs
	again   bool // the kernel after it, or after the panic, runs
	dumping bool // makedumpfile has begun to write the dump
	written bool // and says that it has
	seen    map[string]bool
}

// ansi are the terminal's control sequences, which systemd colours its lines with.
var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// plain is a line of the console without colours and carriage returns.
func plain(line string) string { return strings.TrimSpace(ansi.ReplaceAllString(line, "")) }

// read gives the stage that a line proves for the first time, or nothing.
func (r *reader) read(line string) (stage string) {
	if stage = r.stage(line); stage == "" || r.seen[stage] {
		return ""
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[stage] = true
	return stage
}

func (r *reader) stage(line string) string {
	switch {
	case strings.Contains(line, "Command line: "):
		return r.boots(strings.Contains(line, "elfcorehdr="))
	case r.again:
		if strings.Contains(line, readyMark) {
			return StageReachable
		}
	case r.capture:
		return r.saves(line)
	case strings.Contains(line, "NMI received for unknown reason"):
		return StageSeen
	case strings.Contains(line, "Kernel panic - not syncing"):
		return StagePanicked
	}
	return ""
}

// boots is a kernel's start: only the capture kernel's command line says where the
// memory of the crashed kernel is described.
func (r *reader) boots(capture bool) string {
	r.capture, r.again = capture, !capture
	if capture {
		return StageCaptureKernel
	}
	return StageRebooted
}

// saves is what kdump-tools says in the capture kernel. It says "saved vmcore" over
// an empty file, too, so that only makedumpfile's own word counts for the dump.
func (r *reader) saves(line string) string {
	switch {
	case strings.Contains(line, "saved dmesg content in"):
		return StageDmesgSaved
	case strings.Contains(line, "running makedumpfile") && strings.Contains(line, "dump-incomplete"):
		r.dumping = true
	}
	r.written = r.written || r.dumping && strings.Contains(line, "The dumpfile is saved to STDOUT")
	if r.written && strings.Contains(line, "makedumpfile Completed") {
		return StageDumpComplete
	}
	return ""
}

// readyMark begins the line by which the lab's guest says that it is up.
const readyMark = "CRASHCART-GUEST-READY"

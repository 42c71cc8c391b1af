package console

// Sign is what a line shows.
type Sign uint8

// The signs. Each says one thing about the life in which it stands.
const (
	// SignVersion is the kernel's first line.
	SignVersion Sign = iota + 1
	// SignCommand is the command line of a kernel that is no capture kernel.
	SignCommand
	// SignCapture is the command line of a capture kernel.
	SignCapture
	// SignFirmware is a line of the firmware or of the boot loader.
	SignFirmware
	// SignInit is the first line of an init.
	SignInit
	// SignStep is a step of a boot, such as one of systemd's early targets.
	SignStep
	// SignStartJob is init's complaint that a start takes long.
	SignStartJob
	// SignWork is work that a boot waits for: a check of a disk, a relabelling.
	SignWork
	// SignClock is a kernel's time that starts again.
	SignClock
	// SignReady is the end of a boot.
	SignReady
	// SignLogin is a prompt for a login, or a login.
	SignLogin
	// SignEmergency is a boot that has given up and waits for a person.
	SignEmergency
	// SignDump is a program that saves a dump.
	SignDump
	// SignProgress is such a program's progress.
	SignProgress
	// SignVmcore names the file from which a capture kernel reads the crashed one.
	SignVmcore
	// SignStopJob is init's complaint that a stop takes long.
	SignStopJob
	// SignStop is something that init stops, as it does when a shutdown begins.
	SignStop
	// SignShutdown is a shutdown under way.
	SignShutdown
	// SignLastWord is what is said when nothing of user space is left.
	SignLastWord
	// SignWake is the return from a sleep.
	SignWake
	// SignPanic is the last line of a kernel that has panicked and stays so.
	SignPanic

	// SignDmesg is a log of the crashed kernel that is saved.
	SignDmesg
	// SignWriting is a program that begins to write a dump.
	SignWriting
	// SignWritten is makedumpfile's word that it has written a dump. Its end follows.
	SignWritten
	// SignCompleted is makedumpfile's word that it has done what it was asked for, which
	// may be the log alone.
	SignCompleted
	// SignSaved is the word of a script that a dump is saved, after it has looked at how
	// the writing program ended.
	SignSaved
	// SignClaimed is the word of a script that a dump is saved. It has looked at the end of
	// a pipe, and the writer may have failed.
	SignClaimed
	// SignFallback is a script that copies memory, since makedumpfile has failed.
	SignFallback
	// SignDumpFailed is a dump that could not be saved, or was deleted again.
	SignDumpFailed

	// SignNMI is a kernel that notices an interrupt which nobody claims.
	SignNMI
	// SignIgnored is a kernel that goes on after such an interrupt.
	SignIgnored
	// SignPanicked is a kernel that panics.
	SignPanicked
	// SignWindowsReady is a Windows that has booted.
	SignWindowsReady
	// SignBugcheck is a Windows that has booted after a crash, and says so.
	SignBugcheck

	// These are only of use to the story, and no line is kept for them.
	signUnit     // init starts something
	signFailed   // init could not start something
	signWorked   // work that a boot waits for is done
	signStopping // init begins to stop something
	signStopped  // init has stopped something
	signDenial   // the line says what is not there, or how a program is used
	signHeader   // the place of a crashed kernel's memory, on a command line
	signTarget   // a target of systemd is reached; its name says what that shows
	signStage    // cloud-init begins a stage
	signDated    // cloud-init says when a stage was finished
	signSyslog   // a line of the system's log
)

var signNames = [...]string{
	SignVersion:   "kernel version",
	SignCommand:   "command line",
	SignCapture:   "capture kernel",
	SignFirmware:  "firmware",
	SignInit:      "init begins",
	SignStep:      "boot step",
	SignStartJob:  "start job",
	SignWork:      "boot work",
	SignClock:     "clock starts again",
	SignReady:     "ready",
	SignLogin:     "login",
	SignEmergency: "emergency mode",
	SignDump:      "dump",
	SignProgress:  "dump progress",
	SignVmcore:    "vmcore",
	SignStopJob:   "stop job",
	SignStop:      "stop",
	SignShutdown:  "shutdown",
	SignLastWord:  "last word",
	SignWake:      "wake",
	SignPanic:     "panic",

	SignDmesg:        "dmesg saved",
	SignWriting:      "dump begins",
	SignWritten:      "dump written",
	SignCompleted:    "makedumpfile completed",
	SignSaved:        "dump saved",
	SignClaimed:      "dump claimed",
	SignFallback:     "dump by copy",
	SignDumpFailed:   "dump failed",
	SignNMI:          "unknown interrupt",
	SignIgnored:      "interrupt ignored",
	SignPanicked:     "kernel panic",
	SignWindowsReady: "Windows ready",
	SignBugcheck:     "bugcheck",
}

// String is the sign's name.
func (s Sign) String() string {
	if int(s) < len(signNames) {
		return signNames[s]
	}
	return ""
}

// OfDump says that a program which saves a dump has said it.
func (s Sign) OfDump() bool {
	return s == SignDump || s == SignProgress || s >= SignDmesg && s <= SignDumpFailed
}

// shown says that a line with the sign is kept.
func (s Sign) shown() bool { return s > 0 && int(s) < len(signNames) }

// ofUnit says that init starts or stops one thing.
func (s Sign) ofUnit() bool { return s == signUnit || s == signStopping || s == signStopped }

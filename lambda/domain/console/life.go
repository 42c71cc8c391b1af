package console

import "time"

const (
	// bootTime is when a boot counts as finished, by the kernel's clock. Many images
	// print nothing when they are ready. Where the boot does something that takes long, it
	// counts from the last sign of that.
	bootTime = 10 * time.Minute
	// workTime is the same for a check of a disk, or a relabelling. It may be silent all
	// the time, while systemd repeats that a job is running.
	workTime = time.Hour
	// downTime is how long after the last sign of a shutdown the kernel's clock must run
	// until that shutdown has not come to pass. systemd waits 90 s for a unit, unless the
	// unit says otherwise (systemd-system.conf(5)); a large database may take much longer.
	downTime = time.Hour
	// slack is how far a kernel's time may lie before an older line's. CPUs write at the
	// same time.
	slack = time.Second
	// early is until when a line of the kernel is one of a boot. In manyEarly such lines a
	// boot is seen even where the ring has forgotten how it began. A kernel that is quiet
	// prints few, and says nothing by that.
	early     = 10 * time.Second
	manyEarly = 20
	// manyStops is how many things init stops at the same time in a shutdown only. A restart
	// of a service is a stop and a start.
	manyStops = 3
)

// none is the place of no line.
const none = -1

// level is how far a machine has gone down.
type level uint8

const (
	up       level = iota
	softDown       // init stops things; it may start them again
	firmDown       // the shutdown is under way
	lastDown       // nothing of user space is left
)

// grade is how well it is known that a boot is finished.
type grade uint8

const (
	unready grade = iota
	byClock       // the kernel has run long enough
	byWord        // something has said so
)

// life is what the console shows of one life, from a boot to the next. A line is the place
// of the line that shows it, or none.
type life struct {
	lived   bool // it has a sign
	visible bool // its beginning is in the ring
	bare    bool // nothing but firmware has spoken
	dumped  bool // it had a dump
	suspect bool // it began in the midst of a dump: it may be the crashed kernel's log

	begin     int // the first sign of its boot
	capture   int // the command line of a capture kernel
	dump      int // a program that saves a dump
	vmcore    int // the file that a capture kernel has
	commanded bool

	down   level
	downAt int
	byStop bool // the shutdown shows only by what init stops
	stops  int  // how many things init is stopping

	grade grade
	job   int // the newest job or work that the boot waits for

	timed bool
	exact bool // the kernel's time stands in the line that is read now
	clock time.Duration
	leapt bool          // the clock has leapt ahead: that may be a line from elsewhere
	base  time.Duration // the clock before that
	early int           // lines of the kernel of a boot's first seconds
	downs moment        // of the newest sign of the shutdown
	works moment        // of the newest job or work
	needs time.Duration // how long that may go on without another sign
	run   run           // since the boot was finished

	doubted bool          // the clock has started again, and nothing else has shown why
	peak    time.Duration // the clock before that
}

// moment is when something was shown, by the kernel's clock.
type moment struct {
	at time.Duration
	// open says that the time is not known: it may be any up to the next one.
	open bool
}

// close takes the kernel's next time.
func (m *moment) close(now time.Duration) {
	if m.open {
		m.at, m.open = now, false
	}
}

// moment is when the line was written that is read now. A job's line is written again and
// again, while the kernel says nothing: its time is not the last that the kernel gave.
func (l *life) moment(job bool) moment {
	return moment{l.clock, !l.exact && (job || !l.timed)}
}

func newLife() life {
	return life{begin: none, capture: none, dump: none, vmcore: none, downAt: none, job: none}
}

func (l *life) ready() bool   { return l.grade != unready }
func (l *life) isDump() bool  { return l.capture != none || l.dump != none || l.isVmcore() }
func (l *life) isQuiet() bool { a, _ := l.activity(); return a == Quiet && l.ready() }

// isVmcore says that the file counts: a known command line would say better whether this
// is a capture kernel.
func (l *life) isVmcore() bool { return l.vmcore != none && !l.commanded }

// tick takes the kernel's time.
func (l *life) tick(now time.Duration) {
	l.downs.close(now)
	l.works.close(now)
	l.run.tick(now)
	if now < early {
		l.early++
	}
	if l.doubted && now >= l.peak && !l.isDump() {
		l.doubted = false // it was an older log that somebody has printed
	}
	l.leap(now)
	l.timed, l.clock = true, now
	if now >= bootTime+time.Second && now > l.works.at+max(l.needs, bootTime) {
		l.grade = max(l.grade, byClock)
		l.job = none
	}
	if l.down != up && l.down != lastDown && now > l.downs.at+downTime {
		l.rise(byClock)
	}
}

// leap notes that the clock leaps ahead, or is back from that.
func (l *life) leap(now time.Duration) {
	switch {
	case l.timed && now > l.clock+bootTime && !l.leapt:
		l.leapt, l.base = true, l.clock
	case now < l.clock:
		l.leapt = false
	}
}

// restarts says that a kernel's time cannot be one of this life. In a dump the clock may
// have leapt by lines from elsewhere, such as the crashed kernel's log. Then it restarts
// only before what the capture kernel has said before.
func (l *life) restarts(now time.Duration) bool {
	clock := l.clock
	if l.leapt && l.isDump() {
		clock = l.base
	}
	return l.timed && now+slack < clock
}

// over says that the kernel's time proves another life: it runs on far behind the last
// word, or has started again after a dump and run on.
func (l *life) over(now time.Duration) bool {
	return l.down == lastDown && now > l.downs.at+bootTime || l.doubted && l.isDump() && now > bootTime
}

// activity is what the machine is doing in this life, and the line that shows it.
func (l *life) activity() (Activity, int) {
	switch {
	case l.capture != none:
		return Dumping, l.capture
	case l.dump != none:
		return Dumping, l.dump
	case l.isVmcore():
		return Dumping, l.vmcore
	case l.down != up:
		return ShuttingDown, l.downAt
	case l.job != none:
		return Booting, l.job
	case l.begin != none && !l.ready():
		return Booting, l.begin
	}
	return Quiet, none
}

// renews says that a sign proves another life than this one.
func (l *life) renews(sign Sign) bool {
	switch sign {
	case SignVersion, SignFirmware:
		return !l.bare
	case SignCommand:
		return l.isOld() || l.dump != none
	case SignCapture:
		return l.isOld()
	case SignInit, SignStep, signUnit:
		return l.isOver() && !l.isUp(sign) || l.isLeft(sign)
	case SignStartJob, SignWork, SignReady, SignLogin, SignEmergency:
		return l.isOver()
	case signSyslog:
		return l.down == lastDown
	}
	return false
}

// isOver says that nothing more can come of this life: it has said its last word, or the
// clock has started again.
func (l *life) isOver() bool { return l.doubted || l.down == lastDown }

// isUp says that the machine is known to be up and does not go down, so that it proves
// nothing when init starts a unit.
func (l *life) isUp(sign Sign) bool {
	return sign == signUnit && l.down == up && l.grade == byWord
}

// isLeft says that a shutdown without a dump is under way, and that what init says belongs
// to a boot. Units may be started in a shutdown, and things stopped without one.
func (l *life) isLeft(sign Sign) bool {
	switch {
	case l.isDump():
		return false
	case sign == SignInit:
		return l.down != up
	}
	return sign == SignStep && l.down == firmDown
}

// isOld says that this life is past its beginning.
func (l *life) isOld() bool { return l.doubted || l.down != up || l.ready() }

// take takes a sign of this life.
func (l *life) take(sign Sign, line int) {
	if sign.OfDump() {
		l.takeDump(sign, line)
	}
	switch sign {
	case SignVersion, SignCommand, SignCapture, SignFirmware:
		l.takeKernel(sign, line)
	case signWorked:
		l.job, l.needs = none, bootTime
	case signFailed:
		l.endJob()
	case SignInit, SignStep, signUnit:
		l.takeInit(sign, line)
	case SignStartJob, SignWork:
		l.takeJob(sign, line)
	case SignReady, SignLogin, SignEmergency, SignWake, SignPanic:
		l.takeReady(sign)
	case SignVmcore:
		l.takeDump(sign, line)
	case SignStopJob, SignStop, signStopping, signStopped, SignShutdown, SignLastWord:
		l.takeDown(sign, line)
	}
	l.dumped = l.dumped || l.isDump()
}

// takeKernel takes a sign of how a kernel begins.
func (l *life) takeKernel(sign Sign, line int) {
	switch sign {
	case SignVersion:
		l.begin, l.visible = line, true
	case SignCommand:
		l.commanded = true
	case SignCapture:
		l.commanded = true
		if l.capture == none {
			l.capture = line
		}
	}
	if l.begin == none {
		l.begin, l.visible = line, true
	}
	l.bare = sign == SignFirmware
}

// takeInit takes a sign of an init that begins, or goes on.
func (l *life) takeInit(sign Sign, line int) {
	l.bare, l.stops = false, 0
	if l.down == softDown && (sign != signUnit || l.byStop) {
		l.rise(l.grade)
	}
	switch {
	case sign == signUnit:
		l.endJob()
	case l.grade == byWord:
	case sign == SignInit:
		l.grade = unready
		fallthrough
	default:
		if l.begin == none {
			l.begin = line
		}
	}
}

// endJob ends the job on a machine that was up before. A boot is not over by one job.
func (l *life) endJob() {
	if l.grade == byWord {
		l.job = none
	}
}

// takeJob takes a sign of what a boot waits for. A check of a disk after the boot keeps
// nobody waiting.
func (l *life) takeJob(sign Sign, line int) {
	if sign == SignWork && l.grade == byWord || l.down >= firmDown {
		return
	}
	if l.down == softDown {
		l.rise(l.grade)
	}
	if l.grade == byClock {
		l.grade = unready
	}
	if l.begin == none {
		l.begin = line
	}
	l.job, l.works, l.needs = line, l.moment(sign == SignStartJob), bootTime
	if sign == SignWork {
		l.needs = workTime
	}
}

// takeReady takes a sign of a machine that is up, or goes nowhere.
func (l *life) takeReady(sign Sign) {
	switch {
	case l.down == firmDown && sign == SignReady:
		return // a unit that was being started when the shutdown came
	case sign == SignPanic && !l.commanded && !l.ready():
		return // it may be a capture kernel
	}
	l.rise(byWord)
	l.job, l.vmcore = none, none
	if l.commanded {
		l.dump = none // this is no capture kernel
	}
}

// takeDump takes a sign of a dump.
func (l *life) takeDump(sign Sign, line int) {
	if sign == SignVmcore {
		if l.vmcore == none {
			l.vmcore = line
		}
		return
	}
	l.doubted = false
	if l.down == lastDown {
		l.rise(l.grade)
	}
	if l.dump == none {
		l.dump = line
	}
}

// takeDown takes a sign of a machine that goes down.
func (l *life) takeDown(sign Sign, line int) {
	to := softDown
	switch sign {
	case SignShutdown:
		to = firmDown
	case SignLastWord:
		to = lastDown
		l.dump, l.vmcore = none, none // the program that saves it is gone
	case signStopped:
		l.stops = max(0, l.stops-1)
		return
	case SignStop, signStopping:
		if l.begin != none && !l.ready() {
			return // a boot leaves its initramfs
		}
		if sign == signStopping {
			l.stops++
			return
		}
	}
	if l.down == up {
		l.byStop = sign == SignStopJob || sign == SignStop && l.stops >= manyStops
		l.downAt = line
	}
	l.down, l.downs = max(l.down, to), l.moment(sign == SignStopJob)
}

// rise ends a shutdown that has not come to pass.
func (l *life) rise(g grade) {
	l.down, l.downAt, l.byStop, l.stops = up, none, false, 0
	l.grade = max(l.grade, g)
}

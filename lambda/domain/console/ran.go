package console

import "time"

// run measures how long a kernel has written since its boot was finished, by its own clock.
// It may say less than what has passed, and never more.
type run struct {
	proof grade         // how well it is known that the boot is finished now
	from  moment        // when that was shown
	top   time.Duration // the newest of the kernel's times
}

// tick takes the kernel's time.
func (r *run) tick(now time.Duration) {
	r.top = max(r.top, now)
	r.from.close(r.top)
}

// again notes that the clock has started again in the same life. Either the lines before or
// those behind are from elsewhere. So what passed up to now no longer counts.
func (r *run) again() { r.from.at = r.top }

// settle takes a proof that the boot is finished. A better proof counts anew: the boot may
// have gone on until then. So does a proof after more work of the boot. stamped says that
// the kernel's time stands in the line that proves it. Without it the boot may have been
// finished as late as the kernel's next line, and the time counts from there.
func (r *run) settle(proof grade, stamped bool) {
	if proof > r.proof {
		r.from = moment{r.top, !stamped}
	}
	r.proof = proof
}

// settle measures from the line that has finished the boot, if the line read now did.
func (l *life) settle(stamped bool) {
	proof := l.grade
	if l.job != none {
		proof = unready
	}
	l.run.settle(proof, stamped)
}

// begun says that this life began in the ring, or may have. Many lines of a kernel's first
// seconds show a boot whose first line the ring has forgotten.
func (l *life) begun() bool { return l.visible || l.doubted || l.early >= manyEarly }

// ran is how long the kernel has written since its boot was finished. In a life with a dump
// nothing counts: the crashed kernel's log may be among its lines, with that kernel's times.
func (l *life) ran() time.Duration {
	foreign := l.dumped || l.suspect
	if !l.begun() || foreign || l.run.proof == unready {
		return 0
	}
	return max(0, l.clock-l.run.from.at)
}

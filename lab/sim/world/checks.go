package world

import "slices"

// EC2's status checks, as late as they are. Measured by others on one real host: a host
// that panicked had an ImpairedSince 235 s after the panic, and it could be read 20 s
// later; an attached-EBS check failed 156 s after its volume stalled, and was ok 155 s
// after the end (RadiumGu/gaming-ec2-healthcheck).
const (
	seenAfter = 20  // seconds from ImpairedSince until it can be read
	seenOver  = 100 // seconds from the end until the check is ok again
)

// impaired says whether a check reads as impaired at a moment, and since when, for what
// goes wrong in some spells and is noticed late.
func impaired(wrong []spell, at, late, over int64) (since int64, is bool) {
	for _, s := range slices.Backward(wrong) {
		if failing(s, at, late, over) {
			return s.from + late, true
		}
		if s.to+over <= at {
			break
		}
	}
	return 0, false
}

// failing says whether a check that is late reads as impaired at a moment because of a
// spell. A spell that is over before it was noticed never does.
func failing(s spell, at, late, over int64) bool {
	return s.to-s.from > late && at >= s.from+late+seenAfter && at < s.to+over
}

package send_test

import (
	"time"
	"unsafe"
)

// thaw is the moment now as a process sees it that was frozen until then for so long: its
// wall clock has gone on, and its monotonic clock has not. Package time has no way to say
// that, so the reading is set back in the time's second word ("Monotonic Clocks",
// documentation of package time; its source: type Time).
func thaw(now time.Time, frozen time.Duration) time.Time {
	later := now.Add(frozen)
	words := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&later))
	words.ext -= int64(frozen)
	return later
}

package guard

import "time"

// elapsed is how long before now then was, by the clock that says more. Sub alone goes by
// the monotonic clock where both times have a reading of it. That clock stands still while
// a Lambda sandbox is frozen, and the wall clock may be set back.
func elapsed(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

package console

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// same says that the newest life is the one in which the mark was made. The guest writes
// the text, and so do programs that print an older log again. In doubt it is another life.
//
// The mark's line and the lines that stood behind it prove the life. Where the ring has
// forgotten them, all that it shows is newer, so it must show no boot and no earlier time.
func (c *comparison) same(text []byte, r *Reading) bool {
	switch {
	case c.before.Clock <= 0, !c.timed, c.backwards, c.boots(r), c.isOlder(text, r):
		return false
	case c.found && c.known <= 0:
		return true
	}
	return !r.Begun && c.newest >= c.before.Clock
}

// boots says that a line that is newer than the mark belongs to a boot. A kernel that is
// quiet begins without a line of its own, and then only its init shows the boot.
func (c *comparison) boots(r *Reading) bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Offset >= c.fresh && l.Sign.ofBoot() })
}

// isOlder says that the mark's time stands in the ring before the newest life. The mark was
// then made in an older life. Where the newest life has that time, too, somebody has
// printed the older log again.
func (c *comparison) isOlder(text []byte, r *Reading) bool {
	ring := text[max(0, len(text)-MaxBytes):r.begin.offset]
	clock := c.before.Clock
	return bytes.Contains(ring, fmt.Appendf(nil, "%d.%06d]", clock/time.Second, clock%time.Second/unit))
}

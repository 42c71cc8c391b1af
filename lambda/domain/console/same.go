package console

import (
	"bytes"
	"fmt"
	"time"
)

// same says that the newest life is the one in which the mark was made. The guest writes
// the text, and so do programs that print an older log again. In doubt it is another life.
//
// The mark's line and the lines that stood behind it prove the life. Where the ring has
// forgotten them, all that it shows is newer, so it must show no boot and no earlier time.
func (c *comparison) same(text []byte, r *Reading) bool {
	switch {
	case c.before.Clock <= 0, c.backwards, c.bootsAgain(r), c.isOlder(text, r):
		return false
	case c.found && c.known <= 0:
		return true
	}
	return !r.Begun && c.newest >= c.before.Clock
}

// bootsAgain says that a boot was finished, and that a line behind that, which is newer than
// the mark, begins another one. A quiet kernel has no first line, and then only its init
// shows its boot. Where the ring has forgotten the mark, every such line counts.
func (c *comparison) bootsAgain(r *Reading) bool {
	finished := !c.found || c.before.Clock >= bootTime
	for _, l := range r.Lines {
		switch l.Sign {
		case SignReady, SignLogin, SignEmergency:
			finished = finished || l.Offset >= r.begin.offset
		case SignVersion, SignCommand, SignCapture, SignFirmware, SignInit, SignClock:
			if finished && l.Offset >= c.fresh {
				return true
			}
		}
	}
	return false
}

// isOlder says that the mark's time stands in the ring before the newest life. The mark was
// then made in an older life. Where the newest life has that time, too, somebody has
// printed the older log again.
func (c *comparison) isOlder(text []byte, r *Reading) bool {
	ring := text[max(0, len(text)-MaxBytes):r.begin.offset]
	clock := c.before.Clock
	return bytes.Contains(ring, fmt.Appendf(nil, "%d.%06d]", clock/time.Second, clock%time.Second/unit))
}

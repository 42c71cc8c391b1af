package printable

import "strconv"

// Quote shows a value from outside in quotes, so that its bounds and every character
// that does not print can be seen: what nobody can see may be what is wrong with it.
// At most limit bytes of the value are shown; "..." behind the quotes says that there
// was more.
func Quote(value string, limit int) string {
	shown := head(value, limit)
	quoted := strconv.Quote(shown)
	if len(shown) < len(value) {
		quoted += more
	}
	return quoted
}

package dump

import "regexp"

// MaxURL is the longest presigned URL that is taken, in bytes. The session token of a
// role makes up most of it.
const MaxURL = 8 << 10

// PlainURL is the form of the URLs that are taken. The script's document refuses others
// by it: none has a quote, a blank, a backslash or a dollar in it.
const PlainURL = `^https?://[A-Za-z0-9._~:/?&=%+-]+$`

var (
	plainURL = regexp.MustCompile(PlainURL)
	caseID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
)

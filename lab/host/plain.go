package host

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"crashcart/lambda/domain/dump"
)

var (
	plainBytes = regexp.MustCompile(`^/[A-Za-z0-9._:@+/-]*$`)
	plainURL   = regexp.MustCompile(dump.PlainURL)
)

// plain refuses a path that would have to be quoted in JSON.
func plain(at string) bool {
	if !plainBytes.MatchString(at) || len(at) > dump.MaxPath {
		return false
	}
	return !strings.Contains(at, "/../") && !strings.Contains(at, "/./") && !strings.HasSuffix(at, "/..") && !strings.Contains(at, "//")
}

// listed says whether a survey would list a file of this path in one of these places.
func listed(at string, places []string) bool {
	kind := kindOf(path.Base(at))
	in := path.Dir(at)
	return kind != "" && kind != incomplete && (slices.Contains(places, in) || slices.Contains(places, path.Dir(in)))
}

package trigger

import (
	"fmt"
	"time"
)

// requestTime gives the time of a direct request. It is the one that the request says, or
// else that of the invocation.
//
// Lambda keeps an asynchronous invoke for up to six hours ("Configuring error handling
// settings for asynchronous invocations", AWS Lambda Developer Guide), and the function
// cannot see that it waited. What a person forces is true of what the person saw. So a
// request with force must say when it was made, and the guard refuses an old one.
func requestTime(request object, inv Invocation, bad *problems) time.Time {
	if !request.has("at") {
		if asksForForce(request) {
			bad.add("at is missing: a request with force says when it was made, such as 2006-01-02T15:04:05Z, since it can wait in a queue")
		}
		return inv.At
	}
	at, err := readRequestTime(request)
	bad.addErr(err)
	return at
}

// readRequestTime reads at, which is RFC 3339.
func readRequestTime(request object) (time.Time, error) {
	s, err := request.text("at")
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("at %s is not a time such as 2006-01-02T15:04:05Z", quote(s))
	}
	if err := checkTime(at); err != nil {
		return time.Time{}, fmt.Errorf("at: %w", err)
	}
	return at.UTC(), nil
}

// asksForForce reports whether the request wants any rule forced, or cannot be understood.
func asksForForce(request object) bool {
	if !request.has("force") {
		return false
	}
	elements, err := request.list("force", MaxTargets)
	return err != nil || len(elements) > 0
}

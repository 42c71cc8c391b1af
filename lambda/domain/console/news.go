package console

import "time"

// Mark is how far a console had come at some moment: the newest time of its kernel, and how
// many lines stood behind the line that has it.
type Mark struct {
	Clock time.Duration // since that kernel's start
	Lines int
}

// News is what a console shows that it did not show at a mark.
type News struct {
	Mark  Mark   // how far the console is now
	Timed bool   // its kernel writes its time on it
	Stuck string // a new line in which the kernel says that it is stuck; empty without one
	Life  string // a new line of user space: a login, a unit, the system's log; empty without one
}

// NewsSince compares a console with how far it had come.
func NewsSince(text []byte, before Mark) News { return News{} }

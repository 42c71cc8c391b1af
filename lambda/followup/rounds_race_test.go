//go:build race

package followup_test

// rounds is less where the race detector watches: it looks for other faults, and makes
// each round five times as long.
const rounds = 20

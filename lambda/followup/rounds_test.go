//go:build !race

package followup_test

// rounds is how often each step is killed at each of its moments.
const rounds = 100

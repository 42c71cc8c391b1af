package config

import "fmt"

// SweepEvent is the event that makes the follow-up sweep: it starts what was not started,
// and finds what has ended without an end. The stack's schedule sends it.
const SweepEvent = `{"sweep":true}`

// FollowMessage is the message that starts the follow-up of a case. The interrupt
// function puts it into the follow-up's queue.
func FollowMessage(caseID string) string { return fmt.Sprintf(`{"caseId":%q}`, caseID) }

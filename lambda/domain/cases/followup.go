package cases

import "time"

// Followup is what the follow-up has written of a case. It is zero until its first step.
type Followup struct {
	Steps     int       // that were written; by it a step knows whether another was faster
	SteppedAt time.Time // when the last of them was written
	LostAt    time.Time // when it settled a case that had lost the result of its send; else zero
	Account   Account
	Host      Host // as it was last seen
	Blind     bool // the last step could not see it: EC2 did not answer
	Kept      int  // consoles from after the interrupt that are in the bucket
	Told      map[News]Telling
	Collect   Collecting // the dump's way home
	Manifest  Telling    // the list of the case's evidence was written

	// What the case came to. They are set before the case is closed, so that everybody who
	// is told is told the same.
	Finding     Finding
	Why         string // one sentence, with the figure
	Doubt       string // why it may not be so; mostly empty
	ConcludedAt time.Time
}

// Concluded says that the case has come to its finding.
func (f Followup) Concluded() bool { return f.Finding != "" }

// Follows says whether the follow-up has anything to do with the case: its interrupt was
// sent, or may have been, and nobody has closed it. A dry run has no follow-up, and
// neither has a send that EC2 refused.
func (r Record) Follows() bool {
	switch r.State {
	case StateClaimed, StateInterrupted, StateUnknown:
		return !r.DryRun && (r.Open || r.Lapsed)
	default:
		return false
	}
}

// Host is what a notification says of the host of a case.
type Host struct {
	Windows   bool   `json:"windows,omitempty"`
	Group     string `json:"group,omitempty"`     // its Auto Scaling group
	Lifecycle string `json:"lifecycle,omitempty"` // its state in that group
}

// News is something of a case that people are notified of once.
type News string

// The news of a case, in the order in which they may come.
const (
	NewsLost    News = "lost"    // the result of its send is lost
	NewsDumping News = "dumping" // a dump is being written
	NewsStalled News = "stalled" // it does not go on
	NewsCollect News = "collect" // the dump is on its way home, which takes long
	NewsEnded   News = "ended"   // the case has come to its finding
)

// Telling is how far something has come that is tried a few times, and then left: mostly
// the notification of some news.
type Telling struct {
	Tries int       `json:"tries"`          // that were written down
	Last  time.Time `json:"last"`           // when it was last tried
	Done  bool      `json:"done,omitempty"` // it succeeded: the topic took it
}

// Again gives the telling with one try more.
func (t Telling) Again(at time.Time, err error) Telling {
	return Telling{Tries: t.Tries + 1, Last: at, Done: err == nil}
}

// Account is what is known of a crash so far. It is kept from step to step, as JSON.
type Account struct {
	SentAt  time.Time `json:"sentAt"`
	Proofs  []Proof   `json:"proofs,omitempty"`  // one for each stage that was reached, in the stages' order
	Percent string    `json:"percent,omitempty"` // of the dump: "41 %"
	Left    string    `json:"left,omitempty"`    // what the dump takes from here, by its writer: "9m1s"
	MovedAt time.Time `json:"movedAt,omitzero"`  // when the console last showed anything new of the capture kernel

	PercentAt time.Time     `json:"percentAt,omitzero"` // when the percentage last changed
	Word      string        `json:"word,omitempty"`     // stands for the newest line that shows the capture kernel, to see whether it is another one
	Clock     time.Duration `json:"clock,omitempty"`    // how far the capture kernel's own clock has come
	Pinged    time.Time     `json:"pinged,omitzero"`    // the agent's first ping behind MovedAt

	Uptime   time.Duration `json:"uptime,omitempty"`  // the newest time of the newest kernel on the console
	LookedAt time.Time     `json:"lookedAt,omitzero"` // when that was seen
	Booted   string        `json:"booted,omitempty"`  // the console's line whose time proves a boot since the interrupt
	BootedAt time.Time     `json:"bootedAt,omitzero"` // when that was first seen

	Windows  bool      `json:"windows,omitempty"` // its console shows little
	Shown    bool      `json:"shown,omitempty"`   // its console has shown something
	Raced    string    `json:"raced,omitempty"`   // what somebody has done to the host, as a part of a sentence
	Gone     bool      `json:"gone,omitempty"`    // the instance does not run any more
	Lives    string    `json:"lives,omitempty"`   // what shows that it runs on in the boot that was interrupted
	Ignored  string    `json:"ignored,omitempty"` // the console's line by which the kernel goes on
	Broken   string    `json:"broken,omitempty"`  // the console's line by which the capture kernel has panicked
	Failed   string    `json:"failed,omitempty"`  // the newest line on a dump that has failed
	Timed    bool      `json:"timed,omitempty"`   // its console shows the time of its newest kernel, so that it would show a boot
	Lively   bool      `json:"lively,omitempty"`  // what shows that it runs on is surely newer than the interrupt
	Rolled   bool      `json:"rolled,omitempty"`  // its console has been overwritten since the interrupt, and its kernel may have booted since
	Ended    bool      `json:"ended,omitempty"`   // the console shows that the panic came to its end
	Cut      bool      `json:"cut,omitempty"`     // the capture kernel was gone amid its dump, without a last word
	Absent   time.Time `json:"absent,omitzero"`   // since when EC2 does not know the instance
	Impaired time.Time `json:"impaired,omitzero"` // when AWS's reachability check was first seen to fail
	Passing  time.Time `json:"passing,omitzero"`  // since when every look has seen that check pass; zero where the newest has not
}

// Reached gives the proof of a stage.
func (a Account) Reached(s Stage) (Proof, bool) {
	for _, p := range a.Proofs {
		if p.Stage == s {
			return p, true
		}
	}
	return Proof{}, false
}

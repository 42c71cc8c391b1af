// Package vitals reads the signs of life and death of a host, each by one observer.
//
// No observer that can be wrong by itself is believed, nor two that have one cause. So
// there are three questions, and a host counts as hung only when all three are answered:
// it says nothing (voice), it writes nothing (machine), and nobody gets an answer from it
// (answers). Each vital is the word of one observer on one of them. The guard's rule
// unresponsive puts them together.
package vitals

import (
	"slices"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// Question is one of the three questions.
type Question string

// The questions, each with the vitals that answer it.
const (
	Voice   Question = "voice"   // does it say anything?
	Machine Question = "machine" // does it do anything?
	Answers Question = "answers" // does anybody get an answer from it?
)

// Name is the name of a vital.
type Name string

// The vitals.
const (
	SSMPing           Name = "ssm-ping"           // Systems Manager hears the host's agent
	Heartbeat         Name = "heartbeat"          // CloudWatch gets the host's own metric
	Reachability      Name = "reachability"       // EC2 gets an answer to an ARP request
	DiskWrites        Name = "disk-writes"        // the hypervisor counts writes on its volumes
	KernelLog         Name = "kernel-log"         // the kernel says on the console that it is stuck
	TargetHealth      Name = "target-health"      // a load balancer gets an answer from it
	NetworkOut        Name = "network-out"        // the hypervisor counts what it sends
	ApplicationStatus Name = "application-status" // EC2's check of the application passes
)

// Says is what a vital says.
type Says string

const (
	// Dead is a sign that was due and did not come, for long enough.
	Dead Says = "dead"
	// Alive is a sign of life after the host seemed to have died.
	Alive Says = "alive"
	// Nothing is a vital that proves neither.
	Nothing Says = "nothing"
	// Waiting is a vital that may yet be dead, or alive, and has to be waited for.
	Waiting Says = "waiting"
	// Unknown is a vital of which AWS gave no answer.
	Unknown Says = "unknown"
)

// Vital is one observer's word on a host.
type Vital struct {
	Name     Name      `json:"name"`
	Question Question  `json:"question"`
	Says     Says      `json:"says"`
	Saw      string    `json:"saw"`            // what it saw, in words
	Since    time.Time `json:"since,omitzero"` // dead: when its next sign was due; alive: when that was seen

	Wait  time.Duration `json:"-"` // Waiting: until it can say more at the earliest; zero where nobody can say
	Heard time.Time     `json:"-"` // a voice: when it was last heard
	Spoke bool          `json:"-"` // a voice that was heard within the hour, so that its silence means something
	Late  bool          `json:"-"` // a voice whose next sign was due and has not come, for long enough or not
	Wrote bool          `json:"-"` // a disk that was written in the newest published minutes
	Never bool          `json:"-"` // Nothing, and for this host it will never say anything else
	Err   error         `json:"-"` // Unknown: why
}

// Host is what the vitals are read from.
type Host struct {
	Instance *instance.Instance
	Rules    config.Rules

	At     time.Time // the moment that the facts are about
	Asked  time.Time // the time of the trigger
	Person bool      // a person asks, or has to: then the age of a sign does not matter

	Console fact.Of[[]byte] // as it is now
	Before  *Before         // what the pass before saw; nil on the first

	// News is what the console shows beside the pass before, for whoever has compared them
	// already. Nil compares them here.
	News *console.News

	known *known // what is worked out once for a reading; nil works it out each time

	// Stuck says that its kernel has complained a moment ago of what has been stuck for
	// minutes. A storm of work that ends by itself makes no such complaint.
	Stuck bool
}

// Before is what the pass before saw on the console.
type Before struct {
	At   time.Time
	Mark console.Mark
}

// Reading is what all vitals of a host say.
type Reading struct {
	Vitals []Vital   // in the order of the questions
	Since  time.Time // since when the host seems dead: the earliest of its dead vitals; zero when none is dead
	Period time.Duration

	// Of the neighbours that were heard lately, how many there are and how many of them
	// have missed a ping. Braked is set when those are too many to believe in a hang.
	Neighbours, Silent int
	Braked             bool
	BrakeErr           error // why the neighbours are not known
}

// vital is one observer. It reads what it says of the host. since is when the host seems
// to have died, and counts for signs of life; it is zero while that is not known. What is
// dead does not depend on it.
type vital interface {
	name() Name
	question() Question
	read(h Host, since time.Time) Vital
}

func all() []vital {
	return []vital{ssmPing{}, heartbeat{}, reachability{}, diskWrites{}, kernelLog{}, targetHealth{}, networkOut{}, applicationStatus{}}
}

// Read reads every vital.
func Read(h Host) Reading {
	h.known = &known{}
	r := Reading{Period: period(h)}
	for _, v := range all() {
		said := v.read(h, time.Time{})
		if said.Says == Dead && (r.Since.IsZero() || said.Since.Before(r.Since)) {
			r.Since = said.Since
		}
	}
	since := r.Since
	if since.IsZero() {
		since = h.Asked
	}
	for _, v := range all() {
		said := v.read(h, since)
		said.Name, said.Question = v.name(), v.question()
		r.Vitals = append(r.Vitals, said)
	}
	r.brake(h)
	return r
}

// known is what several vitals of one reading need, and what costs the most.
type known struct {
	period time.Duration
	bases  map[span]baseline
}

// span is the time that a baseline is about.
type span struct{ began, end time.Time }

// Of gives the vitals of one question that say one of the words.
func (r Reading) Of(q Question, words ...Says) []Vital {
	return r.where(func(v Vital) bool { return v.Question == q && v.is(words...) })
}

// All gives the vitals that say one of the words.
func (r Reading) All(words ...Says) []Vital {
	return r.where(func(v Vital) bool { return v.is(words...) })
}

// Named gives the vital of that name.
func (r Reading) Named(n Name) Vital {
	for _, v := range r.Vitals {
		if v.Name == n {
			return v
		}
	}
	return Vital{Name: n, Says: Nothing}
}

func (r Reading) where(is func(Vital) bool) []Vital {
	var found []Vital
	for _, v := range r.Vitals {
		if is(v) {
			found = append(found, v)
		}
	}
	return found
}

func (v Vital) is(words ...Says) bool { return slices.Contains(words, v.Says) }

// settle is how long after the host's end a sign may still be an echo of its life: a
// period that had begun, or a write that was under way.
const settle = 2 * time.Minute

// recent is how old a sign of life may be that is counted in periods. The host may have
// died since. It is as long as a trigger is fresh by default.
const recent = 30 * time.Minute

// lives gives the time from which on a sign that is counted in periods is one of life.
func lives(h Host, since time.Time) time.Time {
	from := since.Add(settle)
	if old := h.At.Add(-recent); from.Before(old) {
		return old
	}
	return from
}

// described gives a fact of a host together with its description.
func described[T any](h Host, f fact.Of[T]) (T, instance.Description, error) {
	v, err := f.Get()
	d, missing := h.Instance.Description.Get()
	if err == nil {
		err = missing
	}
	return v, d, err
}

func unknown(err error) Vital { return Vital{Says: Unknown, Err: err} }

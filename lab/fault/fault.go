// Package fault is what goes wrong between a caller and AWS: throttling,
// conflicts, answers that are lost, services that are away, callers that die.
//
// It is a layer in front of the lab's services. Every fault is a small type that
// stands around one call: it may answer in the service's place, change what is
// asked, let the service do its work and lose the answer, or kill the caller. A
// Set holds the faults of a lab and can be changed while the lab runs.
//
//	set.Use(fault.NewThrottle("dynamodb", 20, 1), fault.NewConflicts(20, 2))
//
// What is left to chance is drawn from a seed. The draws are the same in every
// run, but which call meets which draw is up to the callers' race.
package fault

import (
	"math/rand/v2"
	"net/http"
	"sync"
)

// The signing names of the services that faults know the errors of.
const (
	DynamoDB    = "dynamodb"
	EC2         = "ec2"
	SSM         = "ssm"
	AutoScaling = "autoscaling"
	S3          = "s3"
	SNS         = "sns"
	CloudWatch  = "monitoring"
	States      = "states" // Step Functions
)

// Call is one AWS call on its way to its service.
type Call struct {
	Service   string // signing name
	Operation string
	Caller    string // access key id: which process it is from, or who has signed its URL
	Detail    string // of S3: the object's path
	Header    http.Header
	Body      []byte
}

// Answer is what comes back of a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Lost says that the caller never gets it: its connection is closed instead.
	Lost bool
}

// Next carries a call out, past the faults that stand behind this one.
type Next func(Call) Answer

// Fault is one thing that goes wrong. Serve answers a call, mostly by calling
// next; it must be safe for concurrent use.
type Fault interface {
	Serve(c Call, next Next) Answer
}

// Func is a fault made of a function.
type Func func(c Call, next Next) Answer

// Serve calls f.
func (f Func) Serve(c Call, next Next) Answer { return f(c, next) }

// Set is the faults of a lab. The zero value has none. It is safe for concurrent
// use.
type Set struct {
	mu     sync.RWMutex
	faults []Fault
}

// Use has the set made of these faults from the next call on, the first of them
// nearest to the caller.
func (s *Set) Use(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// Serve answers a call that do carries out when no fault is in the way.
func (s *Set) Serve(c Call, do Next) Answer {
	s.mu.RLock()
	faults := s.faults
	s.mu.RUnlock()
	return serve(faults, c, do)
}

func serve(faults []Fault, c Call, do Next) Answer {
	if len(faults) == 0 {
		return do(c)
	}
	return faults[0].Serve(c, func(c Call) Answer { return serve(faults[1:], c, do) })
}

// dice is a seeded source of chance for concurrent use.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newDice(seed uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // must be the same in every run
}

// percent is true in so many of a hundred cases.
func (d *dice) percent(p int) bool { return d.below(100) < p }

func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// Chance gives a function that is true in so many of a hundred calls, in an order that is
// the same in every run.
func Chance(percent int, seed uint64) func() bool {
	d := newDice(seed)
	return func() bool { return d.percent(percent) }
}

package storm

import (
	"bytes"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crashcart/lab"
	"crashcart/lab/cloudwatch"
	"crashcart/lab/fault"
	"crashcart/lambda/domain/config"
)

const (
	// defaultBudget is config.EnvBudget's default.
	defaultBudget = 3
	// wide is a budget for which many race.
	wide = 100
	// patient is how many bootstraps there are where most of their time goes by in
	// waits before retries.
	patient = 64
	// rate is how many percent of the calls a fault strikes.
	rate = 20
	// twin is the rule that refuses the copy of an alarm whose first delivery is
	// interrupting the host at that moment: its console shows the dump.
	twin = "quiet"
	// collectSpeed is how many lab seconds pass in a second while dumps come home in a storm.
	collectSpeed = 250
	// hour is how far the lab's clock is off the events'.
	hour = time.Hour
)

var (
	// outage is a fleet that is gone all at once.
	outage = Mix{Dead: 1000}
	// mixed is a fleet most of which hangs as machines mostly do, with some whose
	// check fails (more than `region` allows by default), and some groups. It has few of whom the check fails, because every batch of ten reads
	// the whole list of those.
	mixed = Mix{Dead: 20, Grouped: 40, Neighbours: neighbours}
	// doubtful is mixed with some hosts that live. Each is put off until its trigger is
	// fresh no longer, which takes half an hour of the lab's time.
	doubtful = Mix{Dead: 20, Grouped: 40, Healthy: 20, Neighbours: neighbours}
	// hung is a fleet of which every host may be interrupted.
	hung = Mix{Dead: 20, Neighbours: neighbours}
)

// raised are settings by which `region` does not stop a storm, with a budget.
func raised(budget int) map[string]string {
	return map[string]string{config.EnvRegionLimit: "20000", config.EnvBudget: strconv.Itoa(budget)}
}

// three is what comes of a storm with the limits raised, under every fault: the
// budget's three claims.
func three(more ...string) Expectation {
	return Expectation{
		Budget: defaultBudget, Claims: defaultBudget, Interrupts: defaultBudget,
		Rules: append([]string{"budget", "group", twin}, more...),
	}
}

// Scenarios are all storms, in the order in which they are played, with so many
// instances: a part of them where every one could be interrupted, and where every
// call waits for an answer that never comes.
func Scenarios(instances int) []Scenario {
	z := sizes{all: instances, budget: min(wide, max(10, instances/20)), waiting: max(instances/20, 20), ec2: 20, speed: 60}
	if instances >= DefaultInstances/2 {
		z.ec2, z.speed = 100, speed
	}
	z.racers = max(instances/10, 3*z.budget)
	return slices.Concat(z.plain(), z.casebook(), z.collecting(), z.compute(), z.outages())
}

// raced is what comes of a race among hosts that all may be interrupted.
func (z sizes) raced() Expectation {
	return Expectation{Budget: z.budget, Claims: z.budget, Interrupts: z.budget, Rules: []string{"budget", twin}}
}

// sizes are those of the storms of one run.
type sizes struct {
	all     int
	racers  int     // hosts that race for
	budget  int     // so many slots
	waiting int     // hosts where every call waits for long
	speed   float64 // where hosts live that must be waited for: a small storm is soon over
	ec2     int     // percent of EC2's buckets: all of them are more than a small storm can empty
}

func (z sizes) plain() []Scenario {
	return []Scenario{
		{
			Name: "default", About: "default limits: an outage, not a hang", Fleet: outage, Hosts: z.all,
			// The list of the dead comes in pages of less than the thousand asked for.
			Faults: func(*lab.Lab) []fault.Fault { return []fault.Fault{fault.Pages{Size: 100}} },
			Expect: Expectation{Budget: defaultBudget, Rules: []string{"region", "group"}},
		},
		{
			Name: "raised", About: "region limit 20,000: the budget alone", Fleet: doubtful, Hosts: z.all, Env: raised(defaultBudget), Speed: z.speed,
			// On a busy machine the last pass of a host that lives comes after its trigger was fresh.
			Expect: three("unresponsive", "fresh"), Checks: []Check{settledAll(), withEvidence(), allHome(), refusedBy("group"), refusedBy("unresponsive")},
		},
		{
			Name: "race", About: "eight bootstraps race for a large budget, two alarms a host",
			Fleet: hung, Hosts: z.racers, Alarms: 2, Close: true, Env: raised(z.budget),
			Expect: z.raced(),
			Checks: []Check{settledAll(), withEvidence(), allHome(), refusedBy("budget")},
		},
		{
			Name: "clock-ahead", About: "the alarms' times an hour ahead of the lab's", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget), Shift: hour,
			Expect: Expectation{Budget: defaultBudget, Rules: []string{"fresh"}},
		},
		{
			Name: "clock-behind", About: "the alarms' times an hour behind the lab's", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget), Shift: -hour,
			Expect: Expectation{Budget: defaultBudget, Rules: []string{"fresh"}},
		},
	}
}

func (z sizes) casebook() []Scenario {
	return []Scenario{
		{
			Name: "conflicts", About: "20 % of the transactions conflict", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget),
			Faults: func(*lab.Lab) []fault.Fault { return []fault.Fault{fault.NewConflicts(rate, seed)} },
			Struck: func(c lab.Call) bool { return c.Code == "TransactionCanceledException" },
			Expect: three(), Checks: []Check{settledAll()},
		},
		{
			Name: "conflicts-race", About: "the same, racing for a large budget", Fleet: hung, Hosts: z.racers, Env: raised(z.budget),
			Faults: func(*lab.Lab) []fault.Fault { return []fault.Fault{fault.NewConflicts(rate, seed)} },
			Struck: func(c lab.Call) bool { return c.Code == "TransactionCanceledException" },
			Expect: z.raced(),
			Checks: []Check{settledAll()},
		},
		{
			Name: "throttled-dynamodb", About: "20 % of DynamoDB's calls are throttled", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget),
			Bootstraps: patient,
			Faults:     func(*lab.Lab) []fault.Fault { return []fault.Fault{fault.NewThrottle(fault.DynamoDB, rate, seed)} },
			Struck:     func(c lab.Call) bool { return c.Code == "ThrottlingException" },
			Expect:     three(), Checks: []Check{settledAll()},
		},
		{
			Name: "lost-answers", About: "70 % of the transactions' answers are lost", Fleet: hung, Hosts: z.racers, Env: raised(z.budget),
			Faults: func(*lab.Lab) []fault.Fault {
				return []fault.Fault{fault.NewLostAnswers(fault.DynamoDB, "TransactWriteItems", 70, seed)}
			},
			Struck: func(c lab.Call) bool { return c.Lost && c.Status == http.StatusOK },
			Expect: z.raced(),
		},
		{
			Name: "killed", About: "every claim's process is killed before it can send", Fleet: hung, Hosts: z.racers, Env: raised(z.budget),
			Visibility: 5 * time.Second, MaxReceive: 20,
			Faults: func(l *lab.Lab) []fault.Fault { return []fault.Fault{killer(l, z.budget)} },
			Struck: func(c lab.Call) bool { return c.Lost && c.Status == http.StatusOK },
			Expect: Expectation{Budget: z.budget, Claims: z.budget, Rules: []string{"budget"}},
			Checks: []Check{diedBeforeSending(z.budget)},
		},
		{
			Name: "followup-killed", About: "each step twice, the follow-up dies of 3 in 10 writes, throttled", Fleet: hung, Hosts: z.racers, Env: raised(z.budget),
			Visibility: 5 * time.Second, MaxReceive: 20, Twice: true,
			Faults: func(l *lab.Lab) []fault.Fault {
				return []fault.Fault{
					fault.NewThrottle(fault.States, rate, seed), fault.NewLostAnswers(fault.States, "", rate, seed),
					fault.NewThrottle(fault.DynamoDB, rate, seed), fault.NewThrottle(fault.EC2, rate, seed), followupKiller(l),
				}
			},
			Struck: func(c lab.Call) bool { return c.Service == fault.States && c.Lost },
			Expect: z.raced(),
			Checks: []Check{struckByDeath()},
		},
	}
}

// collecting is the storm of the dumps' way home. It is slower than the others: a dump has
// two hours of lab time for it, and every host that is rebooted takes a quarter of one.
func (z sizes) collecting() []Scenario {
	sending := hung
	sending.Large = 100
	return []Scenario{{
		Name: "collect-killed", About: "the follow-up dies of 3 in 10 writes, hosts reboot half-way, S3 and SSM fail at times",
		Fleet: sending, Hosts: z.racers, Env: raised(z.budget), Visibility: 5 * time.Second, MaxReceive: 20, Follow: collectSpeed,
		Faults: func(l *lab.Lab) []fault.Fault {
			return []fault.Fault{
				fault.NewThrottle(fault.S3, rate/2, seed), fault.NewLostAnswers(fault.S3, "CompleteMultipartUpload", rate, seed),
				fault.NewThrottle(fault.SSM, rate/2, seed), refusedCommands(), rebooter(l),
				killing(l, 30, "UpdateItem", "TransactWriteItems"), killing(l, rate/2, "SendCommand", "PutObject", "CreateMultipartUpload", "CompleteMultipartUpload"),
			}
		},
		Struck: func(c lab.Call) bool { return c.Code == "SlowDown" && c.Presigned },
		Expect: z.raced(),
		Checks: []Check{struckByDeath(), hostsRebooted(), someHome()},
	}}
}

// refusedCommands has Systems Manager refuse some commands, as it does while it does not
// hear the agent.
func refusedCommands() fault.Fault {
	refuses := fault.Chance(rate, seed)
	return fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Operation != "SendCommand" || !refuses() {
			return next(c)
		}
		return fault.Answer{
			Status: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body: []byte(`{"__type":"InvalidInstanceId","message":"Instances not in a valid state for account"}`),
		}
	})
}

// rebooter reboots hosts while they send a part, which does not arrive.
func rebooter(l *lab.Lab) fault.Fault {
	reboots := fault.Chance(rate, seed)
	return fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Operation != "UploadPart" || !reboots() {
			return next(c)
		}
		_, rest, _ := strings.Cut(c.Detail, "/cases/")
		// A host that is gone sends nothing, and one that reboots does not mind.
		_ = l.Fleet.Reboot(rest[:min(len(rest), len(id(0)))]) //nolint:errcheck // see above
		return fault.Answer{Status: http.StatusServiceUnavailable, Lost: true}
	})
}

// followupKiller kills processes of the follow-up that have just written something, or
// started something, or notified somebody.
func followupKiller(l *lab.Lab) fault.Fault {
	return killing(l, 30, "UpdateItem", "TransactWriteItems", "Publish", "StartExecution", "PutObject")
}

// killing kills processes of the follow-up after so many percent of its calls of some kinds.
func killing(l *lab.Lab, percent int, operations ...string) fault.Fault {
	dies := fault.Chance(percent, seed)
	return &fault.Killer{
		Times: math.MaxInt, Kill: l.Kill,
		Watched: func(c fault.Call) bool {
			return l.OfFollowup(c.Caller) && slices.Contains(operations, c.Operation) && dies()
		},
		Deadly: func(_ fault.Call, a fault.Answer) bool { return a.Status == http.StatusOK },
	}
}

// killer kills the processes of so many claims that were committed.
func killer(l *lab.Lab, times int) fault.Fault {
	return &fault.Killer{
		Times: times, Kill: l.Kill,
		// Of the transactions only a claim checks a condition and writes nothing there: the lever.
		Watched: func(c fault.Call) bool {
			return c.Operation == "TransactWriteItems" && bytes.Contains(c.Body, []byte(`"ConditionCheck"`))
		},
		Deadly: func(_ fault.Call, a fault.Answer) bool { return a.Status == http.StatusOK },
	}
}

func (z sizes) compute() []Scenario {
	unseen := mixed
	unseen.Unseen = 100
	few := mixed
	// Each of ten hosts' subnets is read, in two pages at most. Full pages of that are a
	// thousand instances each, and these are of five.
	few.Dead, few.Neighbours = 5, 0
	return []Scenario{
		{
			Name: "throttled-ec2", About: "EC2 throttles by its own buckets", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget),
			Faults: func(l *lab.Lab) []fault.Fault { return []fault.Fault{fault.NewBuckets(l.Clock, z.ec2)} },
			Struck: func(c lab.Call) bool { return c.Code == "RequestLimitExceeded" },
			Expect: three(),
		},
		{
			Name: "paged", About: "every list in pages of 5, keys unprocessed", Fleet: few, Hosts: z.all, Env: raised(defaultBudget),
			Faults: func(l *lab.Lab) []fault.Fault {
				// Where a minute of a disk is published later, the console must be read by two passes.
				l.Alarms.Publish(cloudwatch.Publishing{AWS: 20 * time.Second})
				return []fault.Fault{fault.Pages{Size: 5}}
			},
			Expect: three(), Checks: []Check{settledAll(), neverLater()},
		},
		{
			Name: "new-ids", About: "one id in ten not known to the APIs yet", Fleet: unseen, Hosts: z.all, Env: raised(defaultBudget),
			Expect: three("known"), Checks: []Check{settledAll(), refusedBy("known")},
		},
	}
}

func (z sizes) outages() []Scenario {
	down := func(service string) func(*lab.Lab) []fault.Fault {
		return func(*lab.Lab) []fault.Fault { return []fault.Fault{fault.Outage{Service: service}} }
	}
	met := func(service string) func(lab.Call) bool {
		return func(c lab.Call) bool { return c.Service == service && c.Lost }
	}
	return []Scenario{
		{
			Name: "dynamodb-down", About: "DynamoDB cannot be reached: no interrupt", Fleet: mixed, Hosts: z.waiting, Env: raised(defaultBudget),
			Bootstraps: patient, Visibility: 6 * time.Second, MaxReceive: 2,
			Faults: down(fault.DynamoDB), Struck: met(fault.DynamoDB),
			Expect: Expectation{Budget: defaultBudget, Dead: true, Rules: []string{"group"}},
		},
		{
			Name: "s3-down", About: "S3 cannot be reached: the evidence is missing", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget),
			Faults: down(fault.S3), Struck: met(fault.S3),
			Expect: three(), Checks: []Check{settledAll(), withoutEvidence(), saidOften("the evidence could not be stored", defaultBudget)},
		},
		{
			Name: "sns-down", About: "SNS cannot be reached: nobody is notified", Fleet: mixed, Hosts: z.all, Env: raised(defaultBudget),
			Faults: down(fault.SNS), Struck: met(fault.SNS),
			Expect: three(), Checks: []Check{settledAll(), withEvidence(), saidOften("not everybody could be told", 1)},
		},
	}
}

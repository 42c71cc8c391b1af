// Package notify leaves nobody wondering: it notifies people of every target that was
// refused, held or interrupted, through the notification topic. It leaves out targets
// that come back for another pass, those that were decided before, and those that could
// not be decided.
//
// # How often
//
// People are notified of a refused target once per instance (or what was named instead),
// rule and hour, and likewise of a held one, whatever was refused before. The rules
// lever, region and budget are notified once per hour with a count, and the rule group
// once per group and hour, so that a storm is one message and not ten thousand. What the hour skips is counted, and the count goes with
// the next message on the same topic, whenever that is. The casebook keeps the hour
// (Limiter). A dry run has an hour of its own, so that it silences nothing real.
//
// An interrupt needs no limit, since the casebook lets it happen once per case. It goes
// out before everything else, whatever the casebook answers. A dry run of an interrupt
// has neither a budget nor a cooldown. It goes out once per instance and hour, and also
// when the casebook gives no answer.
//
// After an interrupt the follow-up has a few updates on the same thread: how far the dump
// is, that it is on its way to the bucket, and how the case ended, with where the dump is
// (Update). Their caller sends each of them once, so they have no limit either.
//
// # What
//
// A message is a custom notification of Amazon Q Developer ("Custom notifications
// using Amazon Q Developer in chat applications", Amazon Q Developer in chat
// applications Administrator Guide): what happened in the title, why with the figure
// in the description, what to do in the next steps. The subject is the title in
// ASCII, for e-mail and other subscribers that show JSON badly. Outcome, rule and
// dry run are message attributes as well, and the finding of an ended case, for
// subscription filter policies.
//
// # Text from outside
//
// Alarm names, reasons, group names and console lines are hostile. Slack and Teams
// escape differently, and what Amazon Q does in between is not documented. An escape for
// the one may come out alive in the other. Characters that could begin something are
// therefore not escaped but replaced by others that look alike and mean nothing: no
// mention, no link with a scheme, no formatting, no second line. A bare domain name is
// left as it is: it leads where it says. Names are set in a code span, where everything
// but ` < > & @ stays exact.
//
// A command is never altered. It is set in a code span, whole, or left out with a
// word on where to find it. What goes into the additional context, from which custom
// actions build commands, must have its proper form, or is left out.
package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

const (
	// Bound is how long notifying may take, all of it together. It comes after
	// everything that matters, in a function that is paid by the second and whose
	// next message waits for it. SNS answers within a tenth of a second, so with a
	// client that waits for little more than one second this leaves room for a retry
	// or two.
	Bound = 4 * time.Second
	// sideBySide is how many messages are on their way at once: enough for a batch
	// of refusals within Bound, and few enough to leave other callers their share of
	// the topic's rate.
	sideBySide = 8
	// mostErrors is how many errors are returned one by one. When SNS is down they
	// are all the same, and the log takes only so much.
	mostErrors = 8
)

// API is the one call of SNS that this package makes.
type API interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Limiter says whether a notification may go out about a topic, which is at most once
// an hour, and how many decisions about it were skipped before. If it may not, the n
// decisions are counted as skipped. It is the casebook.
type Limiter interface {
	MayNotify(ctx context.Context, topic string, n int, dryRun bool) (may bool, skipped int, err error)
}

// Decision is what was decided about one target. All its text may be hostile, and
// any of it may be missing.
type Decision struct {
	InstanceID  string
	Target      string // what was named instead of an instance
	Outcome     cases.Outcome
	Rule        string // that decided
	Why         string // one sentence, with the figure
	Command     string // what a person types to ask for a target that is held
	CaseID      string
	Code        string         // EC2's error code
	DryRun      bool           // a dry run: nothing was sent
	Group       string         // the casebook's key of its group, such as asg/web
	Source      string         // what asked: the alarm's name, or the way it came
	Reason      string         // that the asker gave
	RequestedBy string         // who the asker says it is
	Evidence    string         // where console and screenshot from before are, or why they are not
	Protected   string         // what was done to keep the instance until it has dumped, or why not
	Undo        []string       // commands that undo Protected
	Vitals      []vitals.Vital // what was seen of the host
}

// Notifier publishes notifications. All its fields are required and set once.
type Notifier struct {
	API    API
	Topic  string // ARN of the notification topic
	Limit  Limiter
	Region string
	Now    func() time.Time
}

// New returns a notifier on the wall clock.
func New(api API, topic string, limit Limiter, region string) *Notifier {
	return &Notifier{API: api, Topic: topic, Limit: limit, Region: region, Now: time.Now}
}

// Notify notifies people of the decisions, interrupts first. It returns within Bound,
// with nothing left running. The error joins what went wrong, and untold is how many
// notifications never went out by it. Both are for the log: nothing depends on them, and
// nothing is tried again.
func (nt *Notifier) Notify(ctx context.Context, decisions []Decision) (untold int, err error) {
	notices := plan(decisions)
	if len(notices) == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	var (
		wg   sync.WaitGroup
		next = make(chan int)
		lost = make([]bool, len(notices))
		errs = make([]error, len(notices))
	)
	for range min(sideBySide, len(notices)) {
		wg.Go(func() {
			for i := range next {
				lost[i], errs[i] = nt.publish(ctx, notices[i])
			}
		})
	}
	for i := range notices {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, l := range lost {
		if l {
			untold++
		}
	}
	return untold, join(errs)
}

// publish asks the limiter, and publishes if it may. lost says that the notification
// should have gone out, and did not.
func (nt *Notifier) publish(ctx context.Context, n notice) (lost bool, err error) {
	if err := ctx.Err(); err != nil {
		return true, fmt.Errorf("notifying of %s: %w", n.topic, err)
	}
	var unlimited error
	if n.limited {
		may, skipped, err := nt.Limit.MayNotify(ctx, n.topic, n.counted(), n.dryRun())
		switch {
		case err != nil && !n.claimed():
			return true, fmt.Errorf("notifying of %s: %w", n.topic, err)
		case err != nil:
			unlimited = fmt.Errorf("notifying of %s, perhaps not for the first time: %w", n.topic, err)
		case !may:
			return false, nil
		}
		n.skipped = skipped
	}
	if err := nt.send(ctx, nt.message(n)); err != nil {
		return true, errors.Join(unlimited, fmt.Errorf("notifying of %s: %w", n.topic, err))
	}
	return false, unlimited
}

// send publishes a message.
func (nt *Notifier) send(ctx context.Context, m message) error {
	in, err := nt.input(m)
	if err != nil {
		return err
	}
	_, err = nt.API.Publish(ctx, in)
	return err
}

// join joins the errors, and only counts those after the first few.
func join(errs []error) error {
	var kept []error
	more := 0
	for _, err := range errs {
		switch {
		case err == nil:
		case len(kept) < mostErrors:
			kept = append(kept, err)
		default:
			more++
		}
	}
	if more > 0 {
		kept = append(kept, fmt.Errorf("and %d more", more))
	}
	return errors.Join(kept...)
}

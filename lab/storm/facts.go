package storm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lab"
	labdynamodb "crashcart/lab/dynamodb"
	"crashcart/lab/fleet"
	"crashcart/lab/sqs"
	"crashcart/lab/states"
	"crashcart/lambda/domain/cases"
)

// Facts are what a storm left behind.
type Facts struct {
	Scenario   Scenario
	Hosts      []string          // every instance that was alarmed
	Sent       map[string]string // the instance of every message, by the message's id
	Decisions  []Decision        // in the order in which they were logged
	Said       map[string]int    // the log's other lines, by their message
	Claims     []Claim           // in the order of the table
	Cases      []Case            // that the table has in the end, open and closed
	Open       []string          // the ids of those in the index of open cases
	Closings   map[string]int    // how often each case was closed
	Executions []states.Execution
	Interrupts []fleet.Interrupt     // that reached a guest
	Calls      []lab.Call            // of everybody but the follow-up
	Following  []lab.Call            // of the follow-up, and of its state machine
	Sending    []lab.Call            // of hosts that send their dumps
	Evidence   []string              // names of the objects in the bucket
	Signed     []string              // those that have presigned URLs in them
	Homes      map[string][]lab.Home // by case, the files on its host's disk and what of them is in the bucket
	Left       []string              // the instances of the messages still in the queue
	Dead       []string              // likewise in the dead-letter queue
	DeadIDs    map[string]bool
	Took       time.Duration
}

// Case is a case as the table has it in the end.
type Case struct {
	ID, InstanceID string
	State          string // of an open case; of a closed one what it was before that
	Evidence       string // what the case says of console and screenshot from before
	ClosedBy       string // empty while it is open
	Finding        string
	Lost           bool // the follow-up settled it, because the result of its send was lost
	Collect        cases.Collecting
}

// evidenceMissing says whether the case says that it has no evidence.
func (c Case) evidenceMissing() bool { return strings.Contains(c.Evidence, "could not be stored") }

// claims is how many claims stood at a moment.
func (f *Facts) claims(at time.Time) int {
	n := 0
	for _, c := range f.Claims {
		switch {
		case c.At.After(at):
			return n
		case c.Withdrawn:
			n--
		default:
			n++
		}
	}
	return n
}

// claimed is how many claims stand in the end.
func (f *Facts) claimed() int {
	n := 0
	for _, c := range f.Claims {
		if c.Withdrawn {
			n -= 2
		}
		n++
	}
	return n
}

// refusals counts the refused targets by rule.
func (f *Facts) refusals() map[string]int {
	out := map[string]int{}
	for _, d := range f.Decisions {
		if d.Outcome == "refused" {
			out[d.Rule]++
		}
	}
	return out
}

// instancesOf gives the instance of every message: from the list of what was sent,
// or of one that the function sent itself from its body.
func instancesOf(messages []sqs.Message, sent map[string]string) []string {
	var out []string
	for _, m := range messages {
		host, ok := sent[m.ID]
		if !ok {
			var later struct {
				Trigger struct {
					Targets []struct {
						Instance string `json:"instance"`
					} `json:"targets"`
				} `json:"trigger"`
			}
			if json.Unmarshal([]byte(m.Body), &later) == nil && len(later.Trigger.Targets) == 1 {
				host = later.Trigger.Targets[0].Instance
			}
		}
		out = append(out, host)
	}
	return out
}

// allCases reads all cases of the table.
func allCases(ctx context.Context, l *lab.Lab) ([]Case, error) {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(l.Config()), &dynamodb.ScanInput{TableName: &l.TableName})
	var out []Case
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the cases: %w", err)
		}
		for _, it := range page.Items {
			if !strings.HasPrefix(text(it, "pk"), "case#") {
				continue
			}
			c := Case{
				ID: text(it, "caseId"), InstanceID: text(it, "instanceId"), State: text(it, "caseState"), Evidence: text(it, "evidence"),
				ClosedBy: text(it, "closedBy"), Finding: text(it, "finding"), Lost: text(it, "lostAt") != "",
			}
			if c.ClosedBy != "" {
				c.State = text(it, "closedFrom")
			}
			if c.Collect, err = collecting(text(it, "followed")); err != nil {
				return nil, fmt.Errorf("reading case %s: %w", c.ID, err)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// collecting reads the dump's way home out of what a case has of its follow-up.
func collecting(followed string) (cases.Collecting, error) {
	var f struct{ Collect cases.Collecting }
	if followed == "" {
		return f.Collect, nil
	}
	err := json.Unmarshal([]byte(followed), &f)
	return f.Collect, err
}

// openCases asks the table for its open cases as the sweep does, and gives their ids.
func openCases(ctx context.Context, l *lab.Lab) ([]string, error) {
	pages := dynamodb.NewQueryPaginator(dynamodb.NewFromConfig(l.Config()), &dynamodb.QueryInput{
		TableName: &l.TableName, IndexName: aws.String(labdynamodb.OpenIndex), KeyConditionExpression: aws.String("openKey = :open"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":open": &types.AttributeValueMemberS{Value: "open"}},
	})
	var out []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for the open cases: %w", err)
		}
		for _, it := range page.Items {
			out = append(out, text(it, "caseId"))
		}
	}
	return out, nil
}

func text(item map[string]types.AttributeValue, name string) string {
	if s, ok := item[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// gather collects the facts when a storm is over. The faults must be over, too.
func (r *run) gather(ctx context.Context, took time.Duration) (*Facts, error) {
	open, err := openCases(ctx, r.lab)
	if err != nil {
		return nil, err
	}
	all, err := allCases(ctx, r.lab)
	if err != nil {
		return nil, err
	}
	evidence, err := r.lab.Store.Keys(r.lab.BucketName)
	if err != nil {
		return nil, err
	}
	home, err := homes(r.lab, all)
	if err != nil {
		return nil, err
	}
	signed, err := signedIn(r.lab, evidence)
	if err != nil {
		return nil, err
	}
	dead := r.lab.DeadLetters.Messages()
	f := &Facts{
		Scenario: r.scenario, Hosts: r.hosts, Sent: r.sent, Open: open, Cases: all, Interrupts: r.lab.Fleet.Interrupts(),
		Executions: r.lab.Machine.Executions(), Evidence: evidence, Signed: signed, Homes: home, Took: took, DeadIDs: map[string]bool{},
		Left: instancesOf(r.lab.Queue.Messages(), r.sent), Dead: instancesOf(dead, r.sent),
	}
	for _, m := range dead {
		f.DeadIDs[m.ID] = true
	}
	for _, c := range r.lab.Calls() {
		switch {
		case c.Presigned:
			f.Sending = append(f.Sending, c)
		case c.Service == "lambda" || r.lab.OfFollowup(c.Caller):
			f.Following = append(f.Following, c)
		default:
			f.Calls = append(f.Calls, c)
		}
	}
	r.record.mu.Lock()
	defer r.record.mu.Unlock()
	f.Closings = maps.Clone(r.record.closings)
	f.Decisions, f.Claims, f.Said = slices.Clone(r.record.decisions), slices.Clone(r.record.claims), r.record.said
	return f, nil
}

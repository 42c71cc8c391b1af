// Package permissions says what the functions may do, as data: which operations of
// AWS each of them calls, which actions IAM asks for each, and in which statement
// of its role's policy each action stands, with the reason for everything that is
// not narrower.
//
// It is data so that it can be held against the truth from both sides. The linker
// knows which operations a bootstrap contains, and no operation may be without its
// actions; the synthesized role knows which actions it allows, and no action may be
// without an operation, or a service that acts in the role's name. What the
// statements come to is for the tests of the stack, which read the template.
package permissions

import "crashcart/lambda/domain/config"

// Call is an operation that a function calls and what IAM asks for it.
type Call struct {
	Operation string   // as the SDK has it: service.Operation
	Actions   []string // none for what is linked and never called
	Why       string   // when the actions are not the operation's own name
}

// Implied is an action that a service takes with the role, without a call in our code.
type Implied struct {
	Action string
	Why    string
}

// Statement is one statement of a policy.
type Statement struct {
	Sid       string
	Deny      bool
	Actions   []string
	Resources []string
	If        map[string]any // by operator, as in the policy's JSON
	Why       string         // why it is no narrower
}

// Places are where a function works: plain values, or the CDK's tokens. LogGroup is
// the function's own.
type Places struct {
	Partition, Region, Account string

	Table, Bucket, Queue, DeadLetters, Topic, Key, LogGroup string // ARNs

	// The follow-up's queue, its state machine, and all executions of that: ARNs, too.
	FollowupQueue, Machine, Executions string
}

// discovery is in every client of DynamoDB.
var discovery = Call{
	Operation: "dynamodb.DescribeEndpoints",
	Why:       "endpoint discovery, which the SDK links into its client and which is off unless it is asked for",
}

// logging lets Lambda write a function's log.
func logging(at Places) Statement {
	return Statement{
		Sid: "Log", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{at.LogGroup + ":log-stream:*"},
		Why: "Lambda names a stream for every instance of the function",
	}
}

// gravitons are the instance types with an ARM processor, on which EC2 takes no
// diagnostic interrupt ("Send a diagnostic interrupt to debug an unreachable Amazon
// EC2 instance", Amazon EC2 User Guide). They match every Graviton type and none
// with an x86 processor: in g4dn or g6e the digit follows the g. The guard asks EC2
// for the architecture as well, since a new family may escape them.
var gravitons = []string{"a1.*", "*g.*", "*gd.*", "*gn.*", "*gb.*", "*gen.*", "*g-flex.*", "*ge.*"}

// anyInstance is every instance of the account and Region.
func anyInstance(at Places) string {
	return "arn:" + at.Partition + ":ec2:" + at.Region + ":" + at.Account + ":instance/*"
}

// tagged is the condition that the resource is opted in.
func tagged() map[string]any {
	return map[string]any{"StringEquals": map[string]any{
		"aws:ResourceTag/" + config.TagKey: []string{config.TagAuto, config.TagManual},
	}}
}

// inRegion is the condition that the request is for this Region.
func inRegion(at Places) map[string]any {
	return map[string]any{"StringEquals": map[string]any{"aws:RequestedRegion": at.Region}}
}

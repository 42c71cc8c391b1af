// Package policytest lets somebody else decide what the stack's policies allow.
//
// The other tests of the stack pin what a policy says. Whether that means what its
// author meant is another question: a condition on a key that a request never
// carries allows nothing, a glob may match a type too many, and a key's policy is
// read quite differently from a topic's. So the synthesized policies, each of them,
// go to @cloud-copilot/iam-simulate, an evaluator of AWS's policies for Node.js,
// with a table of requests and the answer that each must get, and by which
// statement.
//
// A table proves no more than it asks. Therefore every policy is also weakened or
// broken in every way that takes something off it (a statement, an action, a
// condition, a value of it), and each time at least one answer must change;
// what may change nothing is listed with its reason.
//
// There are only tests here: `make test-policy` runs them. They need
// `npm ci --prefix infra`, and are skipped without it, except where CI is set in the
// environment: there they must run.
//
// What the evaluator does not know is how AWS makes a request. Which keys a request
// carries is checked against AWS's own list (an answer that had to ignore a key is
// an error here), their values are ours. Grants, the block on public access, and
// the policies of an organization or of other stacks are not in the question.
package policytest

// Package mototest sends events and messages through the stack's rule,
// subscription and queue, as somebody else has built EventBridge, SNS and SQS: moto,
// in its server. What arrives is decoded as the interrupt function decodes it.
//
// moto knows TestEventPattern by name only, so the pattern is tried in what it is
// for: a rule in front of the queue, and events put onto the bus. moto lets
// everybody do everything; who may send to the queue is asked in policytest.
//
// The follow-up's state machine runs in moto's interpreter and in the lab's, with the same
// function behind both. What the lab's does must be what moto's does.
//
// There are only tests here: `make test-moto` runs them. They need
// `npm ci --prefix infra`, and moto_server on the PATH, and are skipped without them, except where CI is set in the
// environment: there they must run.
package mototest

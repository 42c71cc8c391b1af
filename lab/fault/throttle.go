package fault

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Throttle refuses a percentage of a service's calls because of their rate.
type Throttle struct {
	service string
	percent int
	dice    *dice
}

// NewThrottle refuses so many percent of the calls of a service: DynamoDB, EC2, States,
// S3 or SSM.
func NewThrottle(service string, percent int, seed uint64) *Throttle {
	return &Throttle{service: service, percent: percent, dice: newDice(seed)}
}

// Serve implements Fault.
func (t *Throttle) Serve(c Call, next Next) Answer {
	if c.Service != t.service || !t.dice.percent(t.percent) {
		return next(c)
	}
	switch c.Service {
	case EC2:
		return limitExceeded()
	case States:
		return rateExceeded()
	case S3:
		return slowDown()
	case SSM:
		return jsonError("application/x-amz-json-1.1", codeThrottling, map[string]any{"message": "Rate exceeded"})
	}
	return t.dynamo(c)
}

// rateExceeded is how Step Functions throttles ("Common errors", AWS Step Functions API
// Reference).
func rateExceeded() Answer {
	return jsonError("application/x-amz-json-1.0", codeThrottling, map[string]any{"message": "Rate exceeded"})
}

// slowDown is how S3 throttles ("Error responses", Amazon S3 API Reference).
func slowDown() Answer {
	const body = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
	return Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Content-Type": {"application/xml"}}, Body: []byte(body)}
}

// dynamo answers in one of the ways in which DynamoDB does: by either code, and a
// transaction also by cancelling it, which the SDK does not retry.
func (t *Throttle) dynamo(c Call) Answer {
	n := actions(c.Body)
	switch way := t.dice.below(3); {
	case way == 0 && n > 0:
		return cancelled(n, t.dice.below(n), reasonThrottled, "Throughput exceeds the current capacity for one or more tables. "+
			"DynamoDB is automatically scaling your tables, so please try again shortly.")
	case way == 1:
		return dynamoError(codeProvisioned, "The level of configured provisioned throughput for the table was exceeded. "+
			"Consider increasing your provisioning level with the UpdateTable API.")
	}
	return dynamoError(codeThrottling, "Throughput exceeds the current capacity of your table or index. "+
		"DynamoDB is automatically scaling your table or index so please try again shortly.")
}

func limitExceeded() Answer {
	return ec2Error(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
}

// limit is a token bucket: what it holds at most, and what flows in each second.
type limit struct{ size, refill float64 }

// EC2's buckets by the kind of call ("Request throttling for the Amazon EC2 API",
// Amazon EC2 Developer Guide).
var (
	mutating    = limit{size: 50, refill: 5}
	nonMutating = limit{size: 100, refill: 20}
	unfiltered  = limit{size: 50, refill: 10} // a Describe of everything at once
)

// Clock is the part of the lab's clock by which buckets fill.
type Clock interface{ Now() time.Time }

// Buckets throttles EC2 as it throttles itself: by a token bucket for every API of
// the account and Region, refilled on the lab's clock.
type Buckets struct {
	clock Clock
	share float64

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	limit
	tokens float64
	at     time.Time
}

// NewBuckets starts with full buckets, of which everybody else who calls EC2 in the
// account leaves so many percent.
func NewBuckets(c Clock, percent int) *Buckets {
	return &Buckets{clock: c, share: float64(percent) / 100, buckets: map[string]*bucket{}}
}

// Serve implements Fault.
func (b *Buckets) Serve(c Call, next Next) Answer {
	if c.Service != EC2 || b.take(c) {
		return next(c)
	}
	return limitExceeded()
}

// take takes a token of the call's bucket, if there is one.
func (b *Buckets) take(c Call) bool {
	kind, name := limitOf(c)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	bk := b.buckets[name]
	if bk == nil {
		left := limit{size: kind.size * b.share, refill: kind.refill * b.share}
		bk = &bucket{limit: left, tokens: left.size, at: now}
		b.buckets[name] = bk
	}
	bk.tokens = min(bk.size, bk.tokens+now.Sub(bk.at).Seconds()*bk.refill)
	bk.at = now
	if bk.tokens < 1 {
		return false
	}
	bk.tokens--
	return true
}

// limitOf is a call's limit and the name of its bucket.
func limitOf(c Call) (limit, string) {
	read := strings.HasPrefix(c.Operation, "Describe") || strings.HasPrefix(c.Operation, "Get")
	if !read {
		return mutating, c.Operation
	}
	if strings.HasPrefix(c.Operation, "Describe") && !narrowed(c.Body) {
		return unfiltered, c.Operation + " of everything"
	}
	return nonMutating, c.Operation
}

// narrowed says whether a Describe names what it wants, or takes it in pages.
func narrowed(body []byte) bool {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false
	}
	for name := range form {
		if strings.HasPrefix(name, "Filter.") || strings.HasPrefix(name, "InstanceId") || name == "MaxResults" {
			return true
		}
	}
	return false
}

package config

// The tags: of an instance, and of a snapshot that is made of one.
const (
	// TagKey is the instance tag that opts an instance in. Its value is TagAuto or
	// TagManual. An instance with any other value, or without the tag, is never touched.
	TagKey = "crashcart"
	// TagAuto lets alarms interrupt the instance.
	TagAuto = "auto"
	// TagManual lets only a direct invoke interrupt the instance.
	TagManual = "manual"
	// GroupTagKey groups instances that are in no Auto Scaling group.
	GroupTagKey = "crashcart-group"
	// CaseTagKey is the tag of a snapshot with the case that it belongs to.
	CaseTagKey = "crashcart-case"
)

// The names of the metrics.
const (
	// MetricNamespace is the CloudWatch namespace of all metrics of Crashcart.
	MetricNamespace = "Crashcart"
	// MetricDecisions counts decisions, by outcome and rule.
	MetricDecisions = "Decisions"
	// MetricTimeToInterrupt is the time from the trigger's own time to the send, in seconds.
	MetricTimeToInterrupt = "TimeToInterrupt"
	// MetricUnanswered counts passes over a target on which a fact could not be had.
	MetricUnanswered = "Unanswered"
	// MetricIgnored counts records that asked for nothing, by reason.
	MetricIgnored = "Ignored"

	// MetricOpenCases is how many cases are open, as they are counted every five minutes.
	MetricOpenCases = "OpenCases"
	// MetricOverdueCases is how many cases nobody has closed within OpenFor, as
	// they are counted.
	MetricOverdueCases = "OverdueCases"
	// MetricStuckCases is how many unclosed cases will never have the result of their
	// send, if there are any.
	MetricStuckCases = "StuckCases"
	// MetricOldestCase is the age of the oldest unclosed case in seconds, if there is one.
	MetricOldestCase = "OldestCase"

	// MetricFindings counts the cases that the follow-up has ended, by finding.
	MetricFindings = "Findings"
	// MetricTimeToPanic is the time from the interrupt to the first proof that the kernel
	// crashed, in seconds.
	MetricTimeToPanic = "TimeToPanic"
	// MetricTimeToDump is the time from the interrupt to the complete dump, in seconds.
	MetricTimeToDump = "TimeToDump"
	// MetricTimeToBack is the time from the interrupt until the host answers again, in
	// seconds.
	MetricTimeToBack = "TimeToBack"
	// MetricTimeToHome is the time from the interrupt until the last file of the host is in
	// the bucket, in seconds.
	MetricTimeToHome = "TimeToHome"
	// MetricUntold counts notifications that failed, or were never sent.
	MetricUntold = "Untold"
)

// The dimensions of the metrics. The log line has them as members, too.
const (
	// DimensionOutcome is what became of a target.
	DimensionOutcome = "Outcome"
	// DimensionRule is the rule that decided.
	DimensionRule = "Rule"
	// DimensionReason is why a record asked for nothing.
	DimensionReason = "Reason"
	// DimensionFinding is what a case came to.
	DimensionFinding = "Finding"
)

// OpenIndex is the casebook's sparse index of open cases.
const OpenIndex = "open"

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// addFollowupWidgets shows how cases end, and how long that takes.
func addFollowupWidgets(s Stack, dashboard awscloudwatch.Dashboard) {
	dashboard.AddWidgets(
		graph("From the interrupt to the panic, to the dump, until the host is back, and until the dump is home, seconds",
			longest(config.MetricTimeToPanic, "panic"), longest(config.MetricTimeToDump, "dump"), longest(config.MetricTimeToBack, "back"),
			longest(config.MetricTimeToHome, "home")),
		graph("Findings by kind", search(config.MetricFindings, config.DimensionFinding)),
	)
	dashboard.AddWidgets(
		graph("Follow-ups, started and ended",
			labelled(s, "ExecutionsStarted", "started"), labelled(s, "ExecutionsSucceeded", "succeeded"),
			labelled(s, "ExecutionsFailed", "failed"), labelled(s, "ExecutionsTimedOut", "timed out"), labelled(s, "ExecutionsAborted", "aborted")),
		graph("Notifications that failed, or were never sent", metric(config.MetricUntold, "Sum", ownPeriod, nil)),
	)
}

// longest is the longest time in a period.
func longest(name, label string) awscloudwatch.IMetric {
	return metric(name, "Maximum", ownPeriod, nil).With(&awscloudwatch.MetricOptions{Label: jsii.String(label)})
}

func labelled(s Stack, name, label string) awscloudwatch.IMetric {
	return executions(s, name).With(&awscloudwatch.MetricOptions{Label: jsii.String(label)})
}

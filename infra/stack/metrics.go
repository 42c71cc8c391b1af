package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// The outcomes that are counted. They are lambda/domain/cases' own, which the
// infrastructure does not import; a test compares them.
const (
	outcomeInterrupted = "interrupted"
	outcomeUnknown     = "unknown"
	outcomeRejected    = "rejected"
	outcomeFailed      = "failed"
)

// decisions counts the targets that came to an outcome.
func decisions(outcome string, minutes int) awscloudwatch.Metric {
	return metric(config.MetricDecisions, "Sum", minutes, map[string]string{config.DimensionOutcome: outcome})
}

func metric(name, statistic string, minutes int, dimensions map[string]string) awscloudwatch.Metric {
	values := map[string]*string{}
	for k, v := range dimensions {
		values[k] = jsii.String(v)
	}
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(config.MetricNamespace), MetricName: jsii.String(name), Statistic: jsii.String(statistic),
		DimensionsMap: &values, Period: minutesLong(minutes),
	})
}

// total adds the decisions that came to any of the outcomes. An outcome that never
// occurred counts as zero.
func total(label string, minutes int, outcomes ...string) awscloudwatch.MathExpression {
	sum := ""
	using := map[string]awscloudwatch.IMetric{}
	for _, outcome := range outcomes {
		if sum != "" {
			sum += " + "
		}
		sum += "FILL(" + outcome + ", 0)"
		using[outcome] = decisions(outcome, minutes)
	}
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(sum), Label: jsii.String(label), UsingMetrics: &using, Period: minutesLong(minutes),
	})
}

func minutesLong(n int) awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(n)) }

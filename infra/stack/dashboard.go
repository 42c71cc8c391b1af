package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

const (
	hour = 60 // minutes
	half = 12 // columns, of 24
)

// addDashboard shows what was decided, how fast, how much of the budget is used, the cases
// that wait for somebody, and how cases end. limit is the budget.
func addDashboard(s Stack, limit int) {
	dashboard := awscloudwatch.NewDashboard(s.Stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		// A dashboard belongs to the whole account ("PutDashboard", Amazon CloudWatch API
		// Reference), and the stack of another Region has one, too.
		DashboardName: jsii.String("crashcart-" + *s.Region()),
	})
	dashboard.AddWidgets(
		graph("Decisions by outcome", search(config.MetricDecisions, config.DimensionOutcome)),
		graph("Decisions by outcome and rule", search(config.MetricDecisions, config.DimensionOutcome+","+config.DimensionRule)),
	)
	dashboard.AddWidgets(
		graph("From the trigger to the interrupt, seconds",
			interruptTime("Average"), interruptTime("Maximum")),
		graph("Ignored, by reason", search(config.MetricIgnored, config.DimensionReason)),
	)
	dashboard.AddWidgets(
		budget(limit),
		awscloudwatch.NewSingleValueWidget(&awscloudwatch.SingleValueWidgetProps{
			Title: jsii.String("Cases, as last counted"), Width: jsii.Number(half), Height: jsii.Number(6), SetPeriodToTimeRange: jsii.Bool(false),
			Metrics: &[]awscloudwatch.IMetric{
				counted(config.MetricOpenCases, "open"),
				counted(config.MetricOverdueCases, fmt.Sprintf("overdue: not closed within %.0f hours", config.OpenFor.Hours())),
			},
		}),
	)
	// These two are sent only while there is such a case. What they last said may be
	// long over.
	dashboard.AddWidgets(
		graph("Age of the oldest case that nobody has closed, seconds", counted(config.MetricOldestCase, "age")),
		graph("Cases that have lost the result of their send", counted(config.MetricStuckCases, "stuck")),
	)
	addFollowupWidgets(s, dashboard)
}

// search graphs a metric for every value of its dimensions.
func search(name, dimensions string) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf(`SEARCH('{%s,%s} MetricName="%s"', 'Sum', 300)`, config.MetricNamespace, dimensions, name)),
		Label:      jsii.String(""), UsingMetrics: &map[string]awscloudwatch.IMetric{}, Period: minutesLong(ownPeriod),
	})
}

func interruptTime(statistic string) awscloudwatch.IMetric {
	return metric(config.MetricTimeToInterrupt, statistic, ownPeriod, map[string]string{config.DimensionOutcome: outcomeInterrupted}).With(
		&awscloudwatch.MetricOptions{Label: jsii.String(statistic)})
}

// counted is what the last count of a period said.
func counted(name, label string) awscloudwatch.IMetric {
	return metric(name, "Maximum", ownPeriod, nil).With(&awscloudwatch.MetricOptions{Label: jsii.String(label)})
}

// budget is what the budget's slots were spent on: a rejected interrupt spends one, too.
func budget(limit int) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String("Budget used, each hour"), Width: jsii.Number(half), Height: jsii.Number(6),
		Left: &[]awscloudwatch.IMetric{total("used", hour, outcomeInterrupted, outcomeUnknown, outcomeRejected)},
		LeftAnnotations: &[]*awscloudwatch.HorizontalAnnotation{{
			Label: jsii.String("budget"), Value: jsii.Number(limit),
		}},
	})
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Width: jsii.Number(half), Height: jsii.Number(6), Left: &metrics,
	})
}

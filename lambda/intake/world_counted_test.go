package intake_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// What a machine of the world does while it lives.
const (
	writesAMinute = 40
	bytesASecond  = 10_000
	bytesHung     = 20 // a second: a hung kernel goes on answering ARP

	// publishedAfter is how late AWS's own metrics are, where a test does not say otherwise.
	// Those of a host come at once.
	publishedAfter = time.Minute
)

// volume is the EBS volume of a machine.
func volume(id string) string { return "vol-" + strings.TrimPrefix(id, "i-") }

// hungAt is from when on it does nothing; zero for never.
func (m *machine) hungAt() time.Time {
	switch {
	case m.works:
		return time.Time{}
	case !m.silentSince.IsZero():
		return m.silentSince
	case m.noAgent:
		return m.failsFrom
	}
	return time.Time{}
}

// lives says for which part of a period the machine lives.
func (m *machine) lives(from time.Time, period time.Duration) float64 {
	hung, end := m.hungAt(), from.Add(period)
	switch {
	case hung.IsZero() || !hung.Before(end):
		return 1
	case !m.backAt.IsZero() && from.After(m.backAt):
		return 1
	case hung.After(from):
		return hung.Sub(from).Seconds() / period.Seconds()
	}
	return 0
}

// gauge gives what a metric says of a machine in one period, and whether it has a point.
func (m *machine) gauge(metric string, from time.Time, period time.Duration) (float64, bool) {
	part := m.lives(from, period)
	switch metric {
	case "VolumeWriteOps":
		return writesAMinute * part, !m.idle && part > 0
	case "VolumeIdleTime":
		return 1, true
	case "NetworkOut":
		if m.sends {
			part = 1
		}
		return (bytesASecond*part + bytesHung*(1-part)) * period.Seconds(), !m.mute
	case "mem_used_percent":
		return 1, m.heartbeat && part > 0.5
	}
	return 0, false
}

func (w *world) DescribeVolumes(_ context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	if err := w.call("DescribeVolumes"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeVolumesOutput{}
	for _, v := range in.Filters[0].Values {
		shared := false
		out.Volumes = append(out.Volumes, types.Volume{VolumeId: &v, MultiAttachEnabled: &shared})
	}
	return altered(w, "DescribeVolumes", out), nil
}

func (w *world) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if err := w.call("GetMetricData"); err != nil {
		return nil, err
	}
	out := &cloudwatch.GetMetricDataOutput{}
	for _, q := range in.MetricDataQueries {
		r := cwtypes.MetricDataResult{Id: q.Id, Label: q.MetricStat.Metric.MetricName, StatusCode: cwtypes.StatusCodeComplete}
		period, late := time.Duration(*q.MetricStat.Period)*time.Second, time.Duration(0)
		if strings.HasPrefix(*q.MetricStat.Metric.Namespace, "AWS/") {
			late = w.late
		}
		id := strings.Replace(*q.MetricStat.Metric.Dimensions[0].Value, "vol-", "i-", 1)
		for from := *in.StartTime; from.Before(*in.EndTime) && !from.Add(period+late).After(w.clock()); from = from.Add(period) {
			if v, ok := w.machines[id].gauge(*r.Label, from, period); ok {
				r.Timestamps, r.Values = append(r.Timestamps, from), append(r.Values, v)
			}
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
	}
	return altered(w, "GetMetricData", out), nil
}

// published changes what CloudWatch has of a metric. The label of a result says which it
// is. A walk is about one machine, so that its metrics are the only ones.
func published(metric string, change func(*cwtypes.MetricDataResult)) func(*world) {
	return alter("GetMetricData", func(out *cloudwatch.GetMetricDataOutput) {
		for i := range out.MetricDataResults {
			if *out.MetricDataResults[i].Label == metric {
				change(&out.MetricDataResults[i])
			}
		}
	})
}

// counted changes or adds the points of a metric from a time on. A point of a negative
// value is left out.
func counted(metric string, from time.Time, period time.Duration, values ...float64) func(*world) {
	return published(metric, func(r *cwtypes.MetricDataResult) {
		for n, v := range values {
			at := from.Add(time.Duration(n) * period)
			if i := slices.IndexFunc(r.Timestamps, at.Equal); i >= 0 {
				r.Timestamps, r.Values = slices.Delete(r.Timestamps, i, i+1), slices.Delete(r.Values, i, i+1)
			}
			if v >= 0 {
				r.Timestamps, r.Values = append(r.Timestamps, at), append(r.Values, v)
			}
		}
	})
}

package resolve_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// counted is the part of an account that counts: volumes, and what CloudWatch has.
type counted struct {
	volumes map[string]bool   // every volume, and whether it can have several hosts
	points  map[gauge]samples // what was published
	says    map[string]cwtypes.StatusCode
	first   map[string]cwtypes.StatusCode // the same, of a metric's first page; says is of the last
	untimed string                        // a metric whose values come without their times
	// pointsAPage is how many points a page of GetMetricData has; 100,800 unless set.
	pointsAPage int
	// order changes the points of each metric before they are answered; nil for as they are.
	order func(points []cwtypes.MetricDataResult) []cwtypes.MetricDataResult

	metricInputs []cloudwatch.GetMetricDataInput
}

// gauge is one metric of one thing, in one period.
type gauge struct {
	namespace, metric, value string
	statistic                string
	period                   int32
}

// samples are the published values of a gauge, by the minute before or after noon.
type samples map[int]float64

// gauges that are asked for.
func writes(volume string) gauge { return gauge{"AWS/EBS", "VolumeWriteOps", volume, "Sum", 60} }

func idle(volume string) gauge { return gauge{"AWS/EBS", "VolumeIdleTime", volume, "SampleCount", 60} }

func beat(id string) gauge { return gauge{"CWAgent", "mem_used_percent", id, "SampleCount", 60} }

func traffic(id string, period int32) gauge {
	return gauge{"AWS/EC2", "NetworkOut", id, "Sum", period}
}

// publish adds values, a period apart, from a minute on.
func (a *account) publish(g gauge, from int, values ...float64) {
	if a.points == nil {
		a.points = map[gauge]samples{}
	}
	if a.points[g] == nil {
		a.points[g] = samples{}
	}
	for n, v := range values {
		a.points[g][from+n*int(g.period)/60] = v
	}
}

// disk attaches volumes of its own to an instance.
func (a *account) disk(id string, volumes ...string) {
	if a.volumes == nil {
		a.volumes = map[string]bool{}
	}
	a.change(id, func(i *types.Instance) {
		for _, v := range volumes {
			a.volumes[v] = false
			i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.InstanceBlockDeviceMapping{Ebs: &types.EbsInstanceBlockDevice{VolumeId: &v}})
		}
	})
}

func (a *account) DescribeVolumes(ctx context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	if err := a.enter(ctx, "DescribeVolumes", in.Filters[0].Values, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if err := limited(in.Filters); err != nil {
		return nil, err
	}
	var found []types.Volume
	for v, shared := range a.volumes {
		if slices.Contains(in.Filters[0].Values, v) {
			found = append(found, types.Volume{VolumeId: &v, MultiAttachEnabled: &shared})
		}
	}
	slices.SortFunc(found, func(x, y types.Volume) int { return cmp.Compare(*x.VolumeId, *y.VolumeId) })
	page, next := paged(a, found, in.NextToken)
	return &ec2.DescribeVolumesOutput{Volumes: page, NextToken: next}, nil
}

// GetMetricData gives the points that exist, oldest first. A metric that goes on on the
// next page is PartialData on this one.
func (a *account) GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	var about []string
	for _, q := range in.MetricDataQueries {
		about = append(about, *q.MetricStat.Metric.Dimensions[0].Value)
	}
	if err := a.enter(ctx, "GetMetricData", about, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.metricInputs = append(a.metricInputs, *in)
	a.mu.Unlock()
	if len(in.MetricDataQueries) > 500 || in.ScanBy != cwtypes.ScanByTimestampAscending || noon.Sub(*in.StartTime) >= 15*24*time.Hour {
		return nil, &smithy.GenericAPIError{Code: "ValidationError"}
	}
	var all []cwtypes.MetricDataResult // one point each
	for _, q := range in.MetricDataQueries {
		points := a.between(gaugeOf(q), *in.StartTime, *in.EndTime)
		if a.order != nil {
			points = a.order(points)
		}
		if len(points) == 0 {
			points = []cwtypes.MetricDataResult{{}}
		}
		for n, p := range points {
			p.Id, p.StatusCode = q.Id, cwtypes.StatusCodePartialData
			if a.untimed == *q.MetricStat.Metric.MetricName {
				p.Timestamps = nil
			}
			if n == 0 {
				p.StatusCode = cmp.Or(a.first[*q.MetricStat.Metric.MetricName], p.StatusCode)
			}
			if n == len(points)-1 {
				p.StatusCode = cmp.Or(a.says[*q.MetricStat.Metric.MetricName], cwtypes.StatusCodeComplete)
			}
			all = append(all, p)
		}
	}
	sized := &account{pageSize: cmp.Or(a.pointsAPage, 100_800)}
	page, next := paged(sized, all, in.NextToken)
	return &cloudwatch.GetMetricDataOutput{MetricDataResults: joined(page), NextToken: next}, nil
}

func gaugeOf(q cwtypes.MetricDataQuery) gauge {
	m := q.MetricStat.Metric
	name := map[string]string{"AWS/EBS": "VolumeId"}[*m.Namespace]
	if len(m.Dimensions) != 1 || *m.Dimensions[0].Name != cmp.Or(name, "InstanceId") {
		return gauge{}
	}
	return gauge{*m.Namespace, *m.MetricName, *m.Dimensions[0].Value, *q.MetricStat.Stat, *q.MetricStat.Period}
}

func (a *account) between(g gauge, from, to time.Time) (out []cwtypes.MetricDataResult) {
	var minutes []int
	for m := range a.points[g] {
		minutes = append(minutes, m)
	}
	slices.Sort(minutes)
	for _, m := range minutes {
		if at := noon.Add(time.Duration(m) * time.Minute); !at.Before(from) && (at.Before(to) || a.careless) {
			out = append(out, cwtypes.MetricDataResult{Timestamps: []time.Time{at}, Values: []float64{a.points[g][m]}})
		}
	}
	return out
}

// joined puts the points of a page together, a metric a result.
func joined(points []cwtypes.MetricDataResult) (out []cwtypes.MetricDataResult) {
	for _, p := range points {
		if n := len(out) - 1; n >= 0 && aws.ToString(out[n].Id) == *p.Id {
			out[n].Timestamps, out[n].Values = append(out[n].Timestamps, p.Timestamps...), append(out[n].Values, p.Values...)
			out[n].StatusCode = p.StatusCode
			continue
		}
		out = append(out, p)
	}
	return out
}

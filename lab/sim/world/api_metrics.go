package world

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
)

// mostQueries is how many queries one call takes ("GetMetricData", Amazon CloudWatch API
// Reference).
const mostQueries = 500

// GetMetricData answers as CloudWatch does: with the points that are published at the
// moment, and no others.
func (v *View) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	if err := v.called("GetMetricData"); err != nil {
		return nil, err
	}
	if len(in.MetricDataQueries) > mostQueries {
		return nil, &smithy.GenericAPIError{Code: "ValidationError", Message: "The collection MetricDataQueries must not have a size greater than 500."}
	}
	if in.StartTime == nil || in.EndTime == nil || in.NextToken != nil {
		return nil, fmt.Errorf("%w: times", ErrNotModelled)
	}
	upTo, err := v.publishedUpTo()
	if err != nil {
		return nil, err
	}
	v.counting.Lock()
	defer v.counting.Unlock()
	r := reader{v: v, from: in.StartTime.Unix(), to: min(in.EndTime.Unix(), v.now), upTo: upTo}
	out := &cloudwatch.GetMetricDataOutput{MetricDataResults: make([]types.MetricDataResult, 0, len(in.MetricDataQueries))}
	for n := range in.MetricDataQueries {
		q := &in.MetricDataQueries[n]
		times, values, err := r.read(q)
		if err != nil {
			return nil, err
		}
		if in.ScanBy != types.ScanByTimestampAscending { // the default is the other way
			slices.Reverse(times)
			slices.Reverse(values)
		}
		out.MetricDataResults = append(out.MetricDataResults, types.MetricDataResult{Id: q.Id, StatusCode: types.StatusCodeComplete, Timestamps: times, Values: values})
	}
	return out, nil
}

// publishedUpTo is up to when CloudWatch gives out what came. While it has trouble it is
// late, or loses what comes, or does not answer.
func (v *View) publishedUpTo() (int64, error) {
	trouble := v.service(CloudWatchLate)
	if trouble == nil {
		return v.now, nil
	}
	switch trouble.form() {
	case late:
		return v.now - trouble.delay(v.now), nil
	case losing:
		return trouble.from, nil // nothing new comes
	}
	return 0, unavailable("CloudWatch")
}

// reader reads metrics for one call.
type reader struct {
	v        *View
	from, to int64 // of the periods' beginnings
	upTo     int64 // what was published later cannot be read
	near     life  // of the host that was asked about last
	nearOf   *host
}

// read gives the points of one query, oldest first.
func (r *reader) read(q *types.MetricDataQuery) ([]time.Time, []float64, error) {
	if q.MetricStat == nil || len(q.MetricStat.Metric.Dimensions) != 1 {
		return nil, nil, fmt.Errorf("%w: a query without a metric of one dimension", ErrNotModelled)
	}
	m, period := q.MetricStat.Metric, int64(aws.ToInt32(q.MetricStat.Period))
	of, stat := aws.ToString(m.Dimensions[0].Value), aws.ToString(q.MetricStat.Stat)
	var times []time.Time
	var values []float64
	switch name := aws.ToString(m.Namespace) + "/" + aws.ToString(m.MetricName); name {
	case "AWS/EBS/VolumeWriteOps", "AWS/EBS/VolumeIdleTime":
		if period != minute {
			return nil, nil, fmt.Errorf("%w: %s every %d s", ErrNotModelled, name, period)
		}
		if n, ok := r.v.w.byVolume[of]; ok {
			h := r.about(r.v.w.hosts[n])
			times, values = r.volume(h, slices.Index(h.volumes, of), name == "AWS/EBS/VolumeWriteOps", stat)
		}
	case "AWS/EC2/NetworkOut":
		if h := r.v.host(of); h != nil {
			times, values = r.network(r.about(h), period)
		}
	case heartbeatSpace + "/" + heartbeatName:
		if h := r.v.host(of); h != nil {
			times, values = r.heartbeat(r.about(h))
		}
	}
	return times, values, nil // a metric that nobody sends has no points
}

// about prepares for questions about a host.
func (r *reader) about(h *host) *host {
	if r.nearOf != h {
		r.near, r.nearOf = h.life.during(r.from-6*minute, r.to+6*minute), h
	}
	return h
}

// published says whether a point of AWS's own metrics that ends at a moment can be read.
func (r *reader) published(seed uint64, ends, more int64) bool {
	comes := ends + r.v.metricLag + below(mixAt(seed^0x3c, ends), 15) + more
	return comes <= r.upTo && !r.v.lostAt(comes)
}

// lostAt says whether CloudWatch lost what came at a moment.
func (v *View) lostAt(moment int64) bool { return v.lost(CloudWatchLate, moment) != nil }

// lost is the trouble of a service that lost what came at a moment.
func (v *View) lost(c Cause, moment int64) *interval {
	r := &v.w.region
	for n := r.last(moment + 1); n >= 0 && r.reach[n] > moment; n-- {
		if i := &r.all[n]; i.to > moment && i.cause == c && i.form() == losing {
			return i
		}
	}
	return nil
}

// volume gives the points of a volume. EBS counts a write when it is completed, in periods
// of a minute ("Amazon CloudWatch metrics for Amazon EBS", Amazon EBS User Guide).
func (r *reader) volume(h *host, volume int, writes bool, stat string) ([]time.Time, []float64) {
	times, values := r.room(minute)
	seed := mix(h.seed, uint64(volume)+70) //nolint:gosec // small
	kept := r.v.memo(h, volume)
	count := func(begins int64) float64 { return float64(h.writes(&r.near, volume, begins)) }
	more := int64(0)
	if writes {
		more = r.v.writesLater
	}
	for begins := ceil(r.from, minute); begins < r.to; begins += minute {
		if !r.published(seed, begins+minute, more) || !h.ran(begins, begins+minute) && !h.foreign(volume, begins) {
			continue
		}
		value := 1.0 // points in a minute
		if writes && stat != "SampleCount" {
			value = kept.get(begins, count)
			if value == 0 && r.v.unknowns.NoZeros {
				continue
			}
		}
		times, values = append(times, at(begins)), append(values, value)
	}
	return times, values
}

// heartbeat gives how many heartbeats came in each minute.
func (r *reader) heartbeat(h *host) ([]time.Time, []float64) {
	if !h.beats {
		return nil, nil
	}
	times, values := r.room(minute)
	for begins := ceil(r.from, minute); begins < r.to; begins += minute {
		if n := h.beatsIn(&r.near, begins, r.upTo); n > 0 && !r.v.lostAt(begins+minute) {
			times, values = append(times, at(begins)), append(values, float64(n))
		}
	}
	return times, values
}

// network gives what a host sent, in periods of five minutes, or of one with detailed
// monitoring.
func (r *reader) network(h *host, period int64) ([]time.Time, []float64) {
	step := int64(fiveMinutes)
	if h.detailed {
		step = max(minute, period)
	}
	times, values := r.room(step)
	kept := r.v.memo(h, sentMemo)
	count := func(begins int64) float64 { return h.sent(&r.near, begins) }
	for begins := ceil(r.from, step); begins < r.to; begins += step {
		if r.published(h.seed, begins+step, 0) && h.ran(begins, begins+step) {
			total := 0.0
			for m := begins; m < begins+step; m += minute {
				total += kept.get(m, count)
			}
			times, values = append(times, at(begins)), append(values, total)
		}
	}
	return times, values
}

// room makes room for the points of a query.
func (r *reader) room(step int64) ([]time.Time, []float64) {
	n := max(0, (r.to-r.from)/step+1)
	return make([]time.Time, 0, n), make([]float64, 0, n)
}

// ran says whether an instance ran without a break.
func (h *host) ran(from, to int64) bool {
	if from < h.launched {
		return false
	}
	for _, s := range h.launches {
		if s.from < to && s.to > from {
			return false
		}
	}
	return true
}

func ceil(at, step int64) int64 { return -floor(-at, 0, step) * step }

package cloudwatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/cloudwatch"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

// metered is a Region with hosts, on a clock that stands still.
type metered struct {
	*sdk.Client
	t      *testing.T
	clock  *clock.Manual
	fleet  *fleet.Fleet
	alarms *cloudwatch.Handler
}

func newMetered(t *testing.T, specs ...fleet.Spec) metered {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	for _, s := range specs {
		if s.Type == "" {
			s.Type = "m6i.large"
		}
		if err := f.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	alarms := cloudwatch.New(f, c, "eu-central-1", "111122223333")
	srv := httptest.NewServer(pace.Handler(alarms))
	t.Cleanup(srv.Close)
	return metered{t: t, clock: c, fleet: f, alarms: alarms, Client: sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})}
}

// asked is a query of a metric with one dimension.
func asked(id, namespace, name, dimension, value, stat string, period int32) types.MetricDataQuery {
	return types.MetricDataQuery{Id: aws.String(id), MetricStat: &types.MetricStat{
		Stat: aws.String(stat), Period: aws.Int32(period), Metric: &types.Metric{
			Namespace: aws.String(namespace), MetricName: aws.String(name),
			Dimensions: []types.Dimension{{Name: aws.String(dimension), Value: aws.String(value)}},
		},
	}}
}

func writes(volume string) types.MetricDataQuery {
	return asked("writes", "AWS/EBS", "VolumeWriteOps", "VolumeId", volume, "Sum", 60)
}

func idle(volume string) types.MetricDataQuery {
	return asked("idle", "AWS/EBS", "VolumeIdleTime", "VolumeId", volume, "SampleCount", 60)
}

func beats(instance string) types.MetricDataQuery {
	return asked("beats", "CWAgent", "mem_used_percent", "InstanceId", instance, "SampleCount", 60)
}

func sent(instance string, period int32) types.MetricDataQuery {
	return asked("sent", "AWS/EC2", "NetworkOut", "InstanceId", instance, "Sum", period)
}

// points asks for one metric of the last so many minutes, oldest first. Each is given by its
// age, which is that of its period's beginning.
func (m metered) points(q types.MetricDataQuery, back time.Duration) (ages []time.Duration, values []float64) {
	m.t.Helper()
	now := time.Now()
	out, err := m.GetMetricData(m.t.Context(), &sdk.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-back)), EndTime: aws.Time(now.Add(time.Minute)),
		MetricDataQueries: []types.MetricDataQuery{q}, ScanBy: types.ScanByTimestampAscending,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	r := out.MetricDataResults[0]
	if r.StatusCode != types.StatusCodeComplete || len(r.Timestamps) != len(r.Values) {
		m.t.Fatalf("%s: %d times, %d values", r.StatusCode, len(r.Timestamps), len(r.Values))
	}
	for _, at := range r.Timestamps {
		if at.Truncate(time.Minute) != at {
			m.t.Errorf("a period begins at %s", at)
		}
		ages = append(ages, now.Sub(at))
	}
	return ages, r.Values
}

func TestAHostHasAPastThatNobodyWaitedFor(t *testing.T) {
	m := newMetered(t, fleet.Spec{ID: web})
	_, got := m.points(writes(fleet.VolumeOf(web)), 4*time.Hour)
	if len(got) < 236 {
		t.Errorf("%d minutes of four hours", len(got))
	}
	sorted := slices.Sorted(slices.Values(got))
	if mid := sorted[len(sorted)/2]; sorted[0] < mid/2 || sorted[len(sorted)-1] > 3*mid {
		t.Errorf("between %.0f and %.0f writes a minute, with a median of %.0f", sorted[0], sorted[len(sorted)-1], mid)
	}
	if _, got := m.points(beats(web), 4*time.Hour); len(got) < 239 || slices.Max(got) > 2 {
		t.Errorf("%d minutes with a heartbeat", len(got))
	}
	if _, got := m.points(sent(web, 300), 4*time.Hour); len(got) < 46 || slices.Min(got) < 2<<20 {
		t.Errorf("%d periods of five minutes: %v", len(got), got)
	}
}

func TestAMinuteThatIsNotPublishedIsMissingAndNeverZero(t *testing.T) {
	for name, c := range map[string]struct {
		habits   fleet.Habits
		publish  cloudwatch.Publishing
		from, to time.Duration // the age of the newest period's beginning
	}{
		"as it is":           {to: 60*time.Second + 90*time.Second + 20*time.Second + 60*time.Second, from: 60*time.Second + 90*time.Second},
		"a slow host":        {habits: fleet.Habits{Late: 10 * time.Minute}, from: 12*time.Minute + 30*time.Second, to: 14 * time.Minute},
		"a slow Region":      {publish: cloudwatch.Publishing{AWS: 5 * time.Minute}, from: 6 * time.Minute, to: 7*time.Minute + 20*time.Second},
		"minutes without it": {publish: cloudwatch.Publishing{AWS: time.Second}, from: time.Minute, to: 2*time.Minute + 21*time.Second},
	} {
		m := newMetered(t, fleet.Spec{ID: web, Habits: c.habits})
		m.alarms.Publish(c.publish)
		for _, q := range []types.MetricDataQuery{writes(fleet.VolumeOf(web)), idle(fleet.VolumeOf(web))} {
			ages, values := m.points(q, time.Hour)
			if newest := ages[len(ages)-1]; newest < c.from || newest > c.to {
				t.Errorf("%s: the newest period of %s began %s ago, not %s to %s", name, *q.Id, newest, c.from, c.to)
			}
			if slices.Min(values) == 0 {
				t.Errorf("%s: %v", name, values)
			}
		}
		if ages, _ := m.points(beats(web), time.Hour); ages[len(ages)-1] > 2*time.Minute {
			t.Errorf("%s: the newest heartbeat is %s old, though it comes at once", name, ages[len(ages)-1])
		}
	}
}

func TestAHungHostIsStillInEveryPublishedMinute(t *testing.T) {
	for still, points := range map[cloudwatch.StillMinute]bool{cloudwatch.StillZero: true, cloudwatch.StillMissing: false} {
		m := newMetered(t, fleet.Spec{ID: web})
		m.alarms.Publish(cloudwatch.Publishing{Still: still})
		if err := m.fleet.Hang(web, fleet.Frozen, 20*time.Minute); err != nil {
			t.Fatal(err)
		}
		published, _ := m.points(idle(fleet.VolumeOf(web)), 18*time.Minute)
		ages, values := m.points(writes(fleet.VolumeOf(web)), 18*time.Minute)
		switch {
		case len(published) < 14:
			t.Errorf("%d minutes of 18 are published", len(published))
		case points && (!slices.Equal(minutesOf(ages), minutesOf(published)) || slices.Max(values) > 0):
			t.Errorf("writes %v", values)
		case !points && len(ages) > 0:
			t.Errorf("a still minute has a point: %v", values)
		}
		if ages, _ := m.points(beats(web), 18*time.Minute); len(ages) > 0 {
			t.Errorf("it beats: %v", ages)
		}
		if _, got := m.points(sent(web, 300), 15*time.Minute); slices.Max(got) > 1000 {
			t.Errorf("it sends: %v", got)
		}
	}
}

func minutesOf(ages []time.Duration) []int {
	out := make([]int, len(ages))
	for i, a := range ages {
		out[i] = int(a.Round(time.Minute).Minutes())
	}
	return out
}

func TestDetailedMonitoringCountsByTheMinute(t *testing.T) {
	m := newMetered(t, fleet.Spec{ID: web}, fleet.Spec{ID: batch, Habits: fleet.Habits{Detailed: true}})
	for name, c := range map[string]struct {
		id     string
		period int32
		least  int
		most   int
	}{
		"by five minutes":           {web, 300, 10, 12},
		"basic, asked by minutes":   {web, 60, 10, 12},
		"detailed":                  {batch, 60, 56, 60},
		"detailed, by five minutes": {batch, 300, 11, 13},
	} {
		if ages, _ := m.points(sent(c.id, c.period), time.Hour); len(ages) < c.least || len(ages) > c.most {
			t.Errorf("%s: %d periods in an hour", name, len(ages))
		}
	}
}

func TestWhatIsNotThereHasNoPointsAndIsNoError(t *testing.T) {
	m := newMetered(
		t, fleet.Spec{ID: web, Habits: fleet.Habits{Disk: fleet.DiskStore, Heartbeat: "Fleet/App/alive"}},
		fleet.Spec{ID: batch, Habits: fleet.Habits{Heartbeat: fleet.NoHeartbeat}},
	)
	two := beats(web)
	two.MetricStat.Metric.Dimensions = append(two.MetricStat.Metric.Dimensions, types.Dimension{Name: aws.String("path"), Value: aws.String("/")})
	for name, c := range map[string]struct {
		q    types.MetricDataQuery
		some bool
	}{
		"a volume of nobody's":   {writes("vol-0ffffffffffffffff"), false},
		"instance storage":       {writes(fleet.VolumeOf(web)), false},
		"another heartbeat":      {beats(web), false},
		"its own heartbeat":      {asked("beats", "Fleet/App", "alive", "InstanceId", web, "SampleCount", 60), true},
		"no heartbeat":           {beats(batch), false},
		"with more dimensions":   {two, false},
		"an instance of nobody":  {sent("i-0ffffffffffffffff", 300), false},
		"a metric of nobody":     {asked("q", "AWS/EC2", "CPUCreditBalance", "InstanceId", web, "Sum", 300), false},
		"a volume's other count": {asked("q", "AWS/EBS", "VolumeReadOps", "VolumeId", fleet.VolumeOf(batch), "Sum", 60), false},
	} {
		if ages, _ := m.points(c.q, time.Hour); c.some != (len(ages) > 0) {
			t.Errorf("%s: %d points", name, len(ages))
		}
	}
}

func TestASharedVolumeCountsTheWritesOfAll(t *testing.T) {
	shared := fleet.Volume{ID: "vol-0123456789abcdef0", MultiAttach: true}
	has := fleet.Habits{Volumes: []fleet.Volume{shared}}
	m := newMetered(t, fleet.Spec{ID: web, Habits: has}, fleet.Spec{ID: batch, Habits: has})
	if err := m.fleet.Hang(web, fleet.Dead, 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, got := m.points(writes(shared.ID), 20*time.Minute); len(got) == 0 || slices.Min(got) == 0 {
		t.Errorf("its other host writes on: %v", got)
	}
}

func TestPointsComeInPagesAndNoneIsLost(t *testing.T) {
	m := newMetered(t, fleet.Spec{ID: web}, fleet.Spec{ID: batch})
	now := time.Now()
	for _, order := range []types.ScanBy{"", types.ScanByTimestampAscending} {
		in := sdk.GetMetricDataInput{
			StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now), MaxDatapoints: aws.Int32(25), ScanBy: order,
			MetricDataQueries: []types.MetricDataQuery{
				writes(fleet.VolumeOf(web)), sent(web, 300), beats(batch),
			},
		}
		one := in
		one.MaxDatapoints = nil
		whole, err := m.GetMetricData(t.Context(), &one)
		if err != nil {
			t.Fatal(err)
		}
		got, pages := map[string][]time.Time{}, 0
		for pages = 0; pages == 0 || in.NextToken != nil; pages++ {
			out, err := m.GetMetricData(t.Context(), &in)
			if err != nil {
				t.Fatal(err)
			}
			n, partial := 0, false
			for _, r := range out.MetricDataResults {
				n += len(r.Timestamps)
				partial = partial || r.StatusCode == types.StatusCodePartialData
				got[*r.Id] = append(got[*r.Id], r.Timestamps...)
			}
			if n > 25 || partial != (out.NextToken != nil) {
				t.Errorf("page %d: %d points, partial %v", pages, n, partial)
			}
			in.NextToken = out.NextToken
			m.clock.Advance(time.Minute) // what is published meanwhile is of no page
		}
		for _, r := range whole.MetricDataResults {
			if !slices.Equal(r.Timestamps, got[*r.Id]) {
				t.Errorf("%s: %d points in pages, %d in one", *r.Id, len(got[*r.Id]), len(r.Timestamps))
			}
		}
		if pages < 5 || len(got["writes"]) < 56 || len(got["sent"]) < 10 || len(got["beats"]) < 59 {
			t.Errorf("%d pages: %d, %d, %d points", pages, len(got["writes"]), len(got["sent"]), len(got["beats"]))
		}
		for id, times := range got {
			newest := slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) })
			if newest != (order == "") || len(slices.Compact(slices.Clone(times))) != len(times) {
				t.Errorf("%s: %s, newest first %v", order, id, newest)
			}
		}
	}
}

func TestAQueryThatAWSRefusesIsRefused(t *testing.T) {
	m := newMetered(t, fleet.Spec{ID: web})
	now := time.Now()
	many := func(n int) []types.MetricDataQuery {
		out := make([]types.MetricDataQuery, n)
		for i := range out {
			out[i] = writes(fleet.VolumeOf(web))
			out[i].Id = aws.String(fmt.Sprintf("q%d", i))
		}
		return out
	}
	good := func(fn func(*sdk.GetMetricDataInput)) sdk.GetMetricDataInput {
		in := sdk.GetMetricDataInput{StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now), MetricDataQueries: many(1)}
		fn(&in)
		return in
	}
	for name, c := range map[string]struct {
		in   sdk.GetMetricDataInput
		want string
	}{
		"500 queries":      {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries = many(500) }), ""},
		"501 queries":      {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries = many(501) }), "ValidationError"},
		"none":             {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries = many(0) }), "ValidationError"},
		"an id twice":      {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries = append(many(1), many(1)...) }), "ValidationError"},
		"an id in capital": {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries[0].Id = aws.String("Q") }), "ValidationError"},
		"no time":          {good(func(in *sdk.GetMetricDataInput) { in.EndTime = in.StartTime }), "ValidationError"},
		"a period of 90 s": {good(func(in *sdk.GetMetricDataInput) { in.MetricDataQueries[0].MetricStat.Period = aws.Int32(90) }), "ValidationError"},
		"too many points":  {good(func(in *sdk.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(100_801) }), "ValidationError"},
		"no such token":    {good(func(in *sdk.GetMetricDataInput) { in.NextToken = aws.String("x") }), "InvalidNextToken"},
	} {
		_, err := m.GetMetricData(t.Context(), &c.in)
		if e, ok := errors.AsType[smithy.APIError](err); ok != (c.want != "") || ok && e.ErrorCode() != c.want || !ok && err != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

package resolve_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/instance"
)

// asOf is half a minute after noon: the minute of noon has begun and is not over.
var asOf = noon.Add(30 * time.Second)

func (a *account) measured(t *testing.T, ids ...string) []*instance.Instance {
	t.Helper()
	r := a.resolver()
	r.Now = func() time.Time { return asOf }
	instances := r.First(t.Context(), refs(ids...))
	finish(t.Context(), r, instances)
	return instances
}

// point is a period that begins so many minutes after noon.
func point(minute int, value float64) instance.Point {
	return instance.Point{At: noon.Add(time.Duration(minute) * time.Minute), Value: value}
}

// A minute that is not published, or not over, is none in which a disk was still.
func TestOnlyAPublishedMinuteIsEverTakenForAStillOne(t *testing.T) {
	type published struct {
		writes, idle []float64 // a minute each, up to the one of noon
	}
	disk := func(w, i []float64) published { return published{w, i} }
	all := func(values ...float64) []float64 { return values }
	for name, tt := range map[string]struct {
		disks  map[string]published
		shared []string
		count  int
		want   []instance.Point
	}{
		"no disk":                            {},
		"a minute of writes":                 {disks: map[string]published{"vol-1": disk(all(40, 0), all(60, -1))}, count: 1, want: []instance.Point{point(-1, 40)}},
		"a still minute":                     {disks: map[string]published{"vol-1": disk(all(0, -1), all(60, -1))}, count: 1, want: []instance.Point{point(-1, 0)}},
		"a still minute, without a point":    {disks: map[string]published{"vol-1": disk(all(-1, -1), all(60, -1))}, count: 1, want: []instance.Point{point(-1, 0)}},
		"nothing published":                  {disks: map[string]published{"vol-1": disk(all(-1, -1), all(-1, -1))}, count: 1},
		"writes that are not published":      {disks: map[string]published{"vol-1": disk(all(40, 40, -1), all(-1, 60, -1))}, count: 1, want: []instance.Point{point(-1, 40)}},
		"the minute that is not over":        {disks: map[string]published{"vol-1": disk(all(0), all(60))}, count: 1},
		"a write in the one that is not":     {disks: map[string]published{"vol-1": disk(all(1), all(60))}, count: 1, want: []instance.Point{point(0, 1)}},
		"a gap in what is published":         {disks: map[string]published{"vol-1": disk(all(7, -1, 0, -1), all(60, -1, 60, -1))}, count: 1, want: []instance.Point{point(-3, 7), point(-1, 0)}},
		"two disks":                          {disks: map[string]published{"vol-1": disk(all(7, 0, -1), all(60, 60, -1)), "vol-2": disk(all(3, -1, -1), all(60, 60, -1))}, count: 2, want: []instance.Point{point(-2, 10), point(-1, 0)}},
		"one of two is not published":        {disks: map[string]published{"vol-1": disk(all(7, 0, 0, -1), all(60, 60, 60, -1)), "vol-2": disk(all(0, -1, 0, -1), all(60, -1, 60, -1))}, count: 2, want: []instance.Point{point(-3, 7), point(-1, 0)}},
		"one was attached later":             {disks: map[string]published{"vol-1": disk(all(7, 0, 0, -1), all(60, 60, 60, -1)), "vol-2": disk(all(-1, -1, 0, -1), all(-1, -1, 60, -1))}, count: 2, want: []instance.Point{point(-1, 0)}},
		"another host's writes do not count": {disks: map[string]published{"vol-1": disk(all(0, -1), all(60, -1)), "vol-2": disk(all(50, -1), all(60, -1))}, shared: []string{"vol-2"}, count: 1, want: []instance.Point{point(-1, 0)}},
		"nor is it still for them":           {disks: map[string]published{"vol-1": disk(all(9, -1), all(60, -1)), "vol-2": disk(all(-1, -1), all(-1, -1))}, shared: []string{"vol-2"}, count: 1, want: []instance.Point{point(-1, 9)}},
		"writes later than idle time":        {disks: map[string]published{"vol-1": disk(all(40, 0, 12, -1, -1, -1), all(60, 60, 60, 60, 60, -1))}, count: 1, want: []instance.Point{point(-5, 40), point(-4, 0), point(-3, 12)}},
		"a hole in the writes":               {disks: map[string]published{"vol-1": disk(all(40, -1, 0, -1), all(60, 60, 60, -1))}, count: 1, want: []instance.Point{point(-3, 40), point(-1, 0)}},
		"a 0 is never published":             {disks: map[string]published{"vol-1": disk(all(40, -1, 12, -1, -1), all(60, 60, 60, 60, -1))}, count: 1, want: []instance.Point{point(-4, 40), point(-3, 0), point(-2, 12), point(-1, 0)}},
		"of one of two the writes are later": {disks: map[string]published{"vol-1": disk(all(7, 0, 0, -1), all(60, 60, 60, -1)), "vol-2": disk(all(0, 1, -1, -1), all(60, 60, 60, -1))}, count: 2, want: []instance.Point{point(-3, 7), point(-2, 1)}},
		"only disks of several hosts":        {disks: map[string]published{"vol-1": disk(all(0, -1), all(60, -1))}, shared: []string{"vol-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(1)
			for v, p := range tt.disks {
				a.disk(id(0), v)
				a.volumes[v] = slices.Contains(tt.shared, v)
				for n := range p.idle {
					minute := n + 1 - len(p.idle)
					if p.writes[n] >= 0 {
						a.publish(writes(v), minute, p.writes[n])
					}
					if p.idle[n] >= 0 {
						a.publish(idle(v), minute, p.idle[n])
					}
				}
			}
			m := known(t, a.measured(t, id(0))[0].Metrics)
			if m.Disks != tt.count || !reflect.DeepEqual(m.Writes, tt.want) {
				t.Errorf("%d disks with %v, want %d with %v", m.Disks, m.Writes, tt.count, tt.want)
			}
		})
	}
}

func TestTheMetricsAreThoseOfTheInstanceAlone(t *testing.T) {
	a := newAccount(2)
	a.careless = true
	a.change(id(1), func(i *types.Instance) { i.Monitoring = &types.Monitoring{State: types.MonitoringStateEnabled} })
	for n, i := range numbered(2) {
		a.publish(beat(i), -3, 1, float64(n+2))
		a.publish(beat(i), 0, 1, 1) // one of them is of a minute that has not begun
		a.publish(traffic(i, []int32{300, 60}[n]), -10, 1000, 2000)
		a.publish(traffic(i, []int32{60, 300}[n]), -10, 5)
	}
	for n, in := range a.measured(t, numbered(2)...) {
		period := []time.Duration{5 * time.Minute, time.Minute}[n]
		want := instance.Metrics{
			Heartbeat:  []instance.Point{point(-3, 1), point(-2, float64(n+2)), point(0, 1)},
			NetworkOut: []instance.Point{point(-10, 1000), point(-10+int(period.Minutes()), 2000)}, NetworkPeriod: period,
		}
		if got := known(t, in.Metrics); !reflect.DeepEqual(got, want) {
			t.Errorf("instance %d: got  %+v\nwant %+v", n, got, want)
		}
	}
	if n := a.count("GetMetricData"); n != 1 {
		t.Errorf("%d calls for one batch", n)
	}
}

// CloudWatch's pages cut a metric anywhere. What is cut must not read as a still disk.
func TestAMetricOnSeveralPagesIsNeverCut(t *testing.T) {
	for size := 1; size < 8; size++ {
		a := newAccount(1)
		a.pointsAPage = size
		a.disk(id(0), "vol-1")
		a.publish(writes("vol-1"), -5, 1, 2, 3, 4, 5)
		a.publish(idle("vol-1"), -5, 60, 60, 60, 60, 60)
		want := []instance.Point{point(-5, 1), point(-4, 2), point(-3, 3), point(-2, 4), point(-1, 5)}
		if got := known(t, a.measured(t, id(0))[0].Metrics).Writes; !reflect.DeepEqual(got, want) {
			t.Errorf("with %d points a page: %v", size, got)
		}
	}
}

// CloudWatch is asked for the points in their order. Should it give them in another, or some
// of them again, no minute may change its place, be counted twice, or be lost.
func TestTheOrderOfTheAnswerNeverChangesWhatIsKnown(t *testing.T) {
	type results = []cwtypes.MetricDataResult
	for name, order := range map[string]func(results) results{
		"as asked":           func(p results) results { return p },
		"the newest first":   func(p results) results { slices.Reverse(p); return p },
		"the second half":    func(p results) results { return slices.Concat(p[len(p)/2:], p[:len(p)/2]) },
		"all of them twice":  func(p results) results { return slices.Concat(p, p) },
		"the last one twice": func(p results) results { return slices.Concat(p, p[max(0, len(p)-1):]) },
		"another value before": func(p results) results {
			var first results
			for _, r := range p {
				r.Values = []float64{r.Values[0] + 100}
				first = append(first, r)
			}
			return slices.Concat(first, p)
		},
		"seconds within the minute": func(p results) results {
			for n := range p {
				p[n].Timestamps[0] = p[n].Timestamps[0].Add(7 * time.Second).In(time.FixedZone("", 3600))
			}
			return p
		},
	} {
		for size := 1; size < 12; size += 2 {
			a := newAccount(1)
			a.pointsAPage, a.order = size, order
			a.disk(id(0), "vol-1", "vol-2")
			a.publish(writes("vol-1"), -5, 1, 2, 0, 4, 5)
			a.publish(idle("vol-1"), -5, 60, 60, 60, 60, 60)
			a.publish(writes("vol-2"), -4, 7, 0, 9)
			a.publish(idle("vol-2"), -4, 60, 60, 60)
			a.publish(beat(id(0)), -3, 1, 2, 3)
			a.publish(traffic(id(0), 300), -15, 1000, 2000, 3000)
			want := instance.Metrics{
				Disks: 2, Writes: []instance.Point{point(-4, 9), point(-3, 0), point(-2, 13)},
				Heartbeat:  []instance.Point{point(-3, 1), point(-2, 2), point(-1, 3)},
				NetworkOut: []instance.Point{point(-15, 1000), point(-10, 2000), point(-5, 3000)}, NetworkPeriod: 5 * time.Minute,
			}
			if got := known(t, a.measured(t, id(0))[0].Metrics); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, with %d points a page: got  %+v\nwant %+v", name, size, got, want)
			}
		}
	}
}

func TestAMetricThatIsNotCompleteIsNeverKnown(t *testing.T) {
	for _, metric := range []string{"VolumeWriteOps", "VolumeIdleTime", "mem_used_percent", "NetworkOut"} {
		for _, status := range []cwtypes.StatusCode{cwtypes.StatusCodePartialData, cwtypes.StatusCodeInternalError, cwtypes.StatusCodeForbidden} {
			a := newAccount(1)
			a.disk(id(0), "vol-1")
			a.publish(idle("vol-1"), -5, 60)
			a.says = map[string]cwtypes.StatusCode{metric: status}
			unknown(t, fmt.Sprintf("%s with %s", metric, status), a.measured(t, id(0))[0].Metrics)
		}
	}
}

// What is missing from one page is not made good by the next.
func TestAMetricIsNeverCompleteAfterAPageWithAnError(t *testing.T) {
	for _, metric := range []string{"VolumeWriteOps", "VolumeIdleTime", "mem_used_percent", "NetworkOut"} {
		for _, status := range []cwtypes.StatusCode{cwtypes.StatusCodeInternalError, cwtypes.StatusCodeForbidden, "SomethingNew"} {
			a := newAccount(1)
			a.pointsAPage = 1
			a.disk(id(0), "vol-1")
			for _, g := range []gauge{idle("vol-1"), writes("vol-1"), beat(id(0))} {
				a.publish(g, -5, 60, 60, 60)
			}
			a.publish(traffic(id(0), 300), -15, 60, 60, 60)
			a.first = map[string]cwtypes.StatusCode{metric: status}
			unknown(t, fmt.Sprintf("%s with %s on its first page", metric, status), a.measured(t, id(0))[0].Metrics)
		}
	}
}

func TestAValueWithoutItsTimeIsNeverKnown(t *testing.T) {
	a := newAccount(1)
	a.disk(id(0), "vol-1")
	a.publish(idle("vol-1"), -5, 60)
	a.untimed = "VolumeIdleTime"
	unknown(t, "the metrics", a.measured(t, id(0))[0].Metrics)
}

func TestAVolumeThatEC2DoesNotKnowIsNeverTakenForTheHostsOwn(t *testing.T) {
	a := newAccount(1)
	a.disk(id(0), "vol-1", "vol-2")
	delete(a.volumes, "vol-2")
	unknown(t, "the metrics", a.measured(t, id(0))[0].Metrics)
}

func TestManyMetricsAreAskedForInChunks(t *testing.T) {
	a := newAccount(126) // four metrics each: 504
	a.pageSize = 1000
	for n, i := range numbered(126) {
		v := fmt.Sprintf("vol-%03d", n)
		a.disk(i, v)
		a.publish(writes(v), -1, float64(n))
		a.publish(idle(v), -1, 60)
	}
	var hit []string
	a.fail = func(call string, about []string, _ int) error {
		if call == "GetMetricData" && slices.Contains(about, "vol-125") {
			hit = about
			return errThrottled
		}
		return nil
	}
	for n, in := range a.measured(t, numbered(126)...) {
		v := fmt.Sprintf("vol-%03d", n)
		if slices.Contains(hit, v) || slices.Contains(hit, in.ID) {
			unknown(t, "the metrics of "+v, in.Metrics)
		} else if m := known(t, in.Metrics); !reflect.DeepEqual(m.Writes, []instance.Point{point(-1, float64(n))}) {
			t.Errorf("the writes of %s are %v", v, m.Writes)
		}
	}
	if n := a.count("GetMetricData"); n != 2 || len(hit) == 0 {
		t.Errorf("%d calls for 504 metrics, and the failing one was about %d", n, len(hit))
	}
}

// A person may ask for a host that seemed to die long ago. Its baseline is from before.
func TestAPersonsMetricsReachBackToBeforeTheHostSeemedToDie(t *testing.T) {
	day := 24 * time.Hour
	for name, tt := range map[string]struct {
		silent time.Duration // zero for no agent
		failed time.Duration // zero for a check that passes
		person bool
		back   time.Duration
	}{
		"an alarm":                           {silent: 10 * time.Minute, back: 4 * time.Hour},
		"an alarm about a dead agent":        {silent: 5 * day, back: 4 * time.Hour},
		"an alarm about a failed check":      {failed: 5 * day, back: 4 * time.Hour},
		"a person":                           {silent: 10 * time.Minute, person: true, back: 4*time.Hour + 10*time.Minute},
		"a person, about a dead agent":       {silent: 5 * day, person: true, back: 5*day + 4*time.Hour},
		"a person, longer than it is kept":   {silent: 20 * day, person: true, back: 15*day - 15*time.Minute},
		"a person, no agent":                 {person: true, back: 4 * time.Hour},
		"a person, no agent, a failed check": {failed: 2 * day, person: true, back: 2*day + 4*time.Hour},
		"a person, a check that failed":      {silent: 10 * time.Minute, failed: 2 * day, person: true, back: 2*day + 4*time.Hour},
		"a person, an older dead agent":      {silent: 5 * day, failed: 2 * day, person: true, back: 5*day + 4*time.Hour},
		"a check that failed too long ago":   {failed: 20 * day, person: true, back: 15*day - 15*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(0)
			a.launch(id(0))
			if tt.silent > 0 {
				a.ping(id(0), noon.Add(-tt.silent))
			}
			if tt.failed > 0 {
				a.impair(id(0), noon.Add(-tt.failed))
			}
			from, to := a.asked(t, noon, tt.person)
			if !from.Equal(from.Truncate(5 * time.Minute)) {
				t.Errorf("they begin at %s, within a period", from)
			}
			if back := noon.Sub(from); back != tt.back {
				t.Errorf("they reach back %s, want %s", back, tt.back)
			}
			if !to.Equal(noon.Add(time.Minute)) {
				t.Errorf("they end at %s", to)
			}
		})
	}
}

// asked is the time of which the metrics of an instance are asked for at a moment.
func (a *account) asked(t *testing.T, now time.Time, person bool) (from, to time.Time) {
	t.Helper()
	a.metricInputs = nil
	r := a.resolver()
	r.Now = func() time.Time { return now }
	instances := r.First(t.Context(), refs(id(0)))
	r.Second(t.Context(), []resolve.Ask{{Instance: instances[0], Person: person}}).Third(t.Context())
	known(t, instances[0].Metrics)
	return *a.metricInputs[0].StartTime, *a.metricInputs[0].EndTime
}

// AWS does not always say since when a check fails.
func TestAFailedCheckWithoutATimeNeverMovesTheReach(t *testing.T) {
	a := newAccount(0)
	a.launch(id(0))
	a.impair(id(0))
	if from, _ := a.asked(t, noon, true); noon.Sub(from) != 4*time.Hour {
		t.Errorf("they reach back %s", noon.Sub(from))
	}
}

// CloudWatch's periods begin at whole minutes. Asked from within one, it would cut that, and
// a cut period looks like a quiet one.
func TestTheReachNeverBeginsOrEndsWithinAPeriod(t *testing.T) {
	day := 24 * time.Hour
	for _, odd := range []time.Duration{0, time.Nanosecond, 17 * time.Second, time.Minute, 4*time.Minute + 59*time.Second} {
		for name, tt := range map[string]struct {
			silent time.Duration
			person bool
			back   time.Duration // at least
		}{
			"an alarm":                 {silent: 11*time.Minute + 13*time.Second, back: 4 * time.Hour},
			"a person":                 {silent: 2*day + 11*time.Minute + 13*time.Second, person: true, back: 2*day + 11*time.Minute + 13*time.Second + 4*time.Hour},
			"longer than what is kept": {silent: 30 * day, person: true, back: 15*day - 20*time.Minute},
		} {
			a := newAccount(0)
			a.launch(id(0))
			now := noon.Add(odd)
			a.ping(id(0), now.Add(-tt.silent))
			from, to := a.asked(t, now, tt.person)
			if !from.Equal(from.Truncate(5*time.Minute)) || !to.Equal(to.Truncate(time.Minute)) {
				t.Errorf("%s at %s: from %s to %s", name, now, from, to)
			}
			if back := now.Sub(from); back < tt.back || back >= tt.back+10*time.Minute || back >= 15*day {
				t.Errorf("%s at %s: they reach back %s, want %s", name, now, back, tt.back)
			}
			if to.Before(now) || to.Sub(now) > time.Minute {
				t.Errorf("%s at %s: they end at %s", name, now, to)
			}
		}
	}
}

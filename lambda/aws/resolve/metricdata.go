package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// queriesACall is how many metrics one request takes ("GetMetricData", Amazon
// CloudWatch API Reference).
const queriesACall = 500

// query is one metric that is asked for.
type query struct {
	namespace, metric string
	dimension, value  string
	statistic         string
	period            time.Duration
}

// series asks for metrics from a time on. The metrics of a call that fails have failed.
func (r *Resolver) series(ctx context.Context, from, asOf time.Time, queries []query) map[query]fact.Of[series] {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		slots = make(chan struct{}, sideBySide)
		found = make(map[query]fact.Of[series], len(queries))
	)
	for chunk := range slices.Chunk(queries, queriesACall) {
		wg.Go(func() {
			slots <- struct{}{}
			answers, err := r.metricData(ctx, from, asOf, chunk)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			for n, q := range chunk {
				if err != nil {
					found[q] = fact.Failed[series](err)
				} else {
					found[q] = answered(answers[n].complete(q))
				}
			}
		})
	}
	wg.Wait()
	return found
}

// answer is what the pages of one call say of one metric.
type answer struct {
	points []instance.Point // as they came
	status types.StatusCode // of the last page that has it, or of the first that is an error
	bad    bool             // its times and values do not belong together
}

// complete gives the values, if they are all there.
func (a answer) complete(q query) (series, error) {
	switch {
	case a.bad:
		return nil, fmt.Errorf("CloudWatch gave %s of %s without the times", q.metric, q.value)
	case a.status != types.StatusCodeComplete:
		return nil, fmt.Errorf("CloudWatch did not give all of %s of %s: %q", q.metric, q.value, a.status)
	}
	return ordered(a.points), nil
}

// metricData makes one call, with all its pages. The answers are in the order of the
// queries.
func (r *Resolver) metricData(ctx context.Context, from, asOf time.Time, queries []query) ([]answer, error) {
	in := &cloudwatch.GetMetricDataInput{
		StartTime: &from, EndTime: aws.Time(asOf.Truncate(instance.Minute).Add(instance.Minute)), ScanBy: types.ScanByTimestampAscending,
	}
	answers, index := make([]answer, len(queries)), map[string]int{}
	for n, q := range queries {
		id := fmt.Sprintf("m%d", n)
		index[id] = n
		in.MetricDataQueries = append(in.MetricDataQueries, q.of(id))
	}
	pages := cloudwatch.NewGetMetricDataPaginator(r.CloudWatch, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for metrics: %w", err)
		}
		for _, result := range page.MetricDataResults {
			n, ok := index[aws.ToString(result.Id)]
			if !ok {
				return nil, errors.New("asking for metrics: CloudWatch answered for one that was not asked for")
			}
			answers[n].add(result, queries[n].period)
		}
	}
	return answers, nil
}

// of is the query as CloudWatch takes it.
func (q query) of(id string) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
		Metric: &types.Metric{
			Namespace: &q.namespace, MetricName: &q.metric, Dimensions: []types.Dimension{{Name: &q.dimension, Value: &q.value}},
		},
		Period: aws.Int32(int32(q.period.Seconds())), Stat: &q.statistic,
	}}
}

// add takes what a page says. A metric may be on several pages.
func (a *answer) add(page types.MetricDataResult, period time.Duration) {
	if a.status == "" || a.status == types.StatusCodePartialData || a.status == types.StatusCodeComplete {
		a.status = page.StatusCode
	}
	if len(page.Timestamps) != len(page.Values) {
		a.bad = true
		return
	}
	a.points = slices.Grow(a.points, len(page.Timestamps))
	for n, at := range page.Timestamps {
		a.points = append(a.points, instance.Point{At: at.UTC().Truncate(period), Value: page.Values[n]})
	}
}

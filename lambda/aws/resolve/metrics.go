package resolve

import (
	"context"
	"slices"
	"sync"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

const (
	// lookBack is how far the metrics reach back: the baseline of three hours, and the
	// stillness after it.
	lookBack = 4 * time.Hour
	// kept is how long CloudWatch keeps periods of a minute: 15 days ("Metrics concepts",
	// Amazon CloudWatch User Guide). A request that reaches further back gets none at all,
	// so some of it is left for the clocks and for the time of the call.
	kept = 15*24*time.Hour - 10*time.Minute

	// basicPeriod is the period of EC2's metrics without detailed monitoring ("Manage
	// detailed monitoring for your EC2 instances", Amazon EC2 User Guide).
	basicPeriod = 5 * time.Minute
)

// metrics asks CloudWatch for the writes, the heartbeat and the traffic of all instances.
// Those whose metrics reach equally far back share a call.
func (r *Resolver) metrics(ctx context.Context, asks []Ask) map[*instance.Instance]fact.Of[instance.Metrics] {
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		shared  map[string]fact.Of[bool]
		queries = map[time.Time][]query{}
		found   = map[time.Time]map[query]fact.Of[series]{}
		volumes []instance.Volume
	)
	for _, a := range asks {
		if d, err := a.Instance.Description.Get(); err == nil && d.Exists {
			volumes = append(volumes, d.Volumes...)
			for _, q := range r.queries(a.Instance.ID, d) {
				if from := reach(a); !slices.Contains(queries[from], q) {
					queries[from] = append(queries[from], q)
				}
			}
		}
	}
	wg.Go(func() { shared = r.shared(ctx, unique(volumes, func(v instance.Volume) string { return v.ID })) })
	for from, asked := range queries {
		wg.Go(func() {
			answers := r.series(ctx, from, asks[0].Instance.AsOf, asked)
			mu.Lock()
			defer mu.Unlock()
			found[from] = answers
		})
	}
	wg.Wait()
	facts := make(map[*instance.Instance]fact.Of[instance.Metrics], len(asks))
	for _, a := range asks {
		facts[a.Instance] = answered(r.metricsOf(a.Instance, found[reach(a)], shared))
	}
	return facts
}

// reach is from when on the metrics are asked for. A person may ask for a host that seemed
// to die long ago. Then they begin before that. It is the beginning of a period, or the
// periods would not be CloudWatch's own.
func reach(a Ask) time.Time {
	from := a.Instance.AsOf
	if a.Person {
		from = seemedToDie(a.Instance)
	}
	from = from.Add(-lookBack)
	if oldest := a.Instance.AsOf.Add(-kept); from.Before(oldest) {
		return oldest.Truncate(basicPeriod).Add(basicPeriod)
	}
	return from.Truncate(basicPeriod)
}

// seemedToDie is the earliest moment at which the first round saw the host fall silent: its
// last ping, or the failure of its reachability check. Else it is now.
func seemedToDie(i *instance.Instance) time.Time {
	since := i.AsOf
	if ping, err := i.Ping.Get(); err == nil && !ping.At.IsZero() && ping.At.Before(since) {
		since = ping.At
	}
	if u, err := i.Unreachable.Get(); err == nil && u.Failing && !u.Since.IsZero() && u.Since.Before(since) {
		since = u.Since
	}
	return since
}

// queries are the metrics of one instance.
func (r *Resolver) queries(id string, d instance.Description) []query {
	all := []query{r.heartbeatOf(id), trafficOf(id, d)}
	for _, v := range d.Volumes {
		all = append(all, writesOf(v.ID), idleOf(v.ID))
	}
	return all
}

func (r *Resolver) heartbeatOf(id string) query {
	return query{r.Heartbeat.Namespace, r.Heartbeat.Metric, "InstanceId", id, "SampleCount", instance.Minute}
}

func trafficOf(id string, d instance.Description) query {
	q := query{"AWS/EC2", "NetworkOut", "InstanceId", id, "Sum", basicPeriod}
	if d.Detailed {
		q.period = instance.Minute
	}
	return q
}

// AWS/EBS has a point a minute of every attached volume ("Amazon CloudWatch metrics for
// Amazon EBS", Amazon EBS User Guide).
func writesOf(volume string) query {
	return query{"AWS/EBS", "VolumeWriteOps", "VolumeId", volume, "Sum", instance.Minute}
}

func idleOf(volume string) query {
	return query{"AWS/EBS", "VolumeIdleTime", "VolumeId", volume, "SampleCount", instance.Minute}
}

// metricsOf puts the answers of one instance together.
func (r *Resolver) metricsOf(i *instance.Instance, found map[query]fact.Of[series], shared map[string]fact.Of[bool]) (instance.Metrics, error) {
	d, err := i.Description.Get()
	if err == nil && !d.Exists {
		err = errNoInstance
	}
	if err != nil {
		return instance.Metrics{}, err
	}
	var missing error
	get := func(q query) series {
		s, err := found[q].Get()
		if err != nil && missing == nil {
			missing = err
		}
		return s
	}
	traffic := trafficOf(i.ID, d)
	m := instance.Metrics{
		Heartbeat:  get(r.heartbeatOf(i.ID)).until(i.AsOf),
		NetworkOut: get(traffic).until(i.AsOf), NetworkPeriod: traffic.period,
	}
	var disks []disk
	for _, v := range d.Volumes {
		others, err := shared[v.ID].Get()
		if err != nil {
			return instance.Metrics{}, err
		}
		if !others {
			disks = append(disks, newDisk(v.AttachedAt, get(writesOf(v.ID)), get(idleOf(v.ID))))
		}
	}
	m.Disks, m.Writes = len(disks), written(disks, i.AsOf)
	if missing != nil {
		return instance.Metrics{}, missing
	}
	return m, nil
}

package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// Decision is what one pass over one host came to.
type Decision struct {
	At    time.Time
	Alarm world.Alarm
	Host  int
	Pass  int

	Verdict guard.Verdict
	Vitals  []vitals.Vital
	Life    world.Life // what was true
	Region  bool       // the rule region would have refused what is permitted
	End     bool       // the target has no other pass
}

// dead says whether a vital is dead, and since when the host seems so.
func (d *Decision) dead() (since time.Time, is bool) {
	for _, v := range d.Vitals {
		if v.Says == vitals.Dead && (since.IsZero() || v.Since.Before(since)) {
			since, is = v.Since, true
		}
	}
	return since, is
}

// visit is one target on its way through the queue.
type visit struct {
	at      time.Time
	trigger trigger.Trigger // with one target
	alarm   world.Alarm
}

// The handler's own figures (lambda/intake, later.go).
const (
	passDelay        = 60 * time.Second
	passDelayWindows = 150 * time.Second
	maxDelay         = 15 * time.Minute
)

// delivery is how long an alarm is on its way through EventBridge and the queue. It takes
// seconds.
const delivery = 2 * time.Second

// triggerOf is what an alarm becomes once it is decoded.
func triggerOf(a world.Alarm) trigger.Trigger {
	name := fmt.Sprintf("%s-%d", a.Kind, a.Host)
	ref := trigger.Ref{Instance: a.Instance, TargetGroup: a.TargetGroup, AutoScalingGroup: a.AutoScalingGroup, From: "the alarm's metric"}
	arn := "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:" + name
	return trigger.Trigger{
		Kind: trigger.KindAlarm, Source: "sim", At: a.At, SourceKey: arn + "@" + a.At.Format(time.RFC3339),
		Alarm:   &trigger.Alarm{Name: name, ARN: arn, Region: "eu-central-1", State: "ALARM", ChangedAt: a.At},
		Targets: []trigger.Ref{ref},
	}
}

// play takes an alarm through all its passes. See is called for every decision on a host.
// It says whether that host is still of interest.
func (p *player) play(a world.Alarm, see func(*Decision) bool) {
	p.playFrom(visit{at: a.At.Add(delivery), trigger: triggerOf(a), alarm: a}, see)
}

// playFrom goes on with a visit, and with those that follow.
func (p *player) playFrom(first visit, see func(*Decision) bool) {
	waiting := []visit{first}
	for len(waiting) > 0 {
		next := 0
		for n := range waiting {
			if waiting[n].at.Before(waiting[next].at) {
				next = n
			}
		}
		v := waiting[next]
		waiting = append(waiting[:next], waiting[next+1:]...)
		if !p.until.IsZero() && !v.at.Before(p.until) {
			continue
		}
		p.at(v.at)
		if p.visited != nil {
			p.visited(v)
		}
		if !p.always && p.calm(v) {
			if again, ok := p.skipped(v); ok {
				waiting = append(waiting, again)
			}
			continue
		}
		waiting = append(waiting, p.pass(v, see)...)
	}
}

// calmFor is for how long nothing may have happened to a host for a pass over it to be
// left out. The longest that anything lasts in what the guard reads of voices is an hour.
const calmFor = 70 * time.Minute

// What no guard, and none of its mutants, takes for the silence of a voice: an agent that
// was heard lately, or so long ago that its silence belongs to no alarm (twice the longest
// period and a quarter of an hour); a heartbeat that has just come, or none in all the time
// that is looked back.
const (
	lately   = 6 * time.Minute
	longAgo  = 2*time.Hour + 20*time.Minute
	justNow  = 4 * time.Minute
	lookBack = 75 * time.Minute
)

// calm says whether no voice of a target can be dead or late: to which nothing has happened,
// or by what its agent, its heartbeat and EC2's checks say. Where its agent was heard lately
// the guard does not even ask for the heartbeat. A pass over such a target reads no console
// and no screen. So it leaves nothing for the next pass, but it forgets what the pass before
// has left: where there is anything to forget it is played.
func (p *player) calm(v visit) bool {
	id := v.trigger.Targets[0].Instance
	if v.trigger.Targets[0].Seen != nil {
		return false
	}
	if p.well(v.alarm, id, v.at, v.at) && p.hosts[v.alarm.Host].Period <= fiveMinutes {
		return true
	}
	return id != "" && p.heardOf(id)
}

// heardOf says the same of an instance by what its agent, its heartbeat and EC2's checks say.
func (p *player) heardOf(id string) bool {
	ping, heard := p.lastPing(id)
	silent := p.now.Sub(ping)
	if heard && silent >= lately && silent < longAgo || !p.checked(id) {
		return false
	}
	if heard && silent < lately {
		return true
	}
	beat, beats := p.lastBeat(id)
	return !beats || p.now.Sub(beat) < justNow
}

// well says whether nothing has happened, for a while before a moment and up to another, to
// a host, nor to AWS. For an alarm that names no instance it is about all of the group.
func (p *player) well(a world.Alarm, id string, from, to time.Time) bool {
	hosts := p.units[p.hosts[a.Host].Unit]
	if n, ok := p.byID[id]; ok {
		hosts = []int{n}
	}
	for _, n := range hosts {
		if p.world.Disturbed(n, from.Add(-calmFor), to) {
			return false
		}
	}
	return len(hosts) > 0
}

// checked says whether EC2's checks of a host and of its volumes pass. The pass notes a volume
// that fails for those that follow.
func (p *player) checked(id string) bool {
	out, err := p.view.DescribeInstanceStatus(context.Background(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}})
	if err != nil || len(out.InstanceStatuses) != 1 {
		return false
	}
	s := out.InstanceStatuses[0]
	return s.InstanceStatus.Status == ec2types.SummaryStatusOk && (s.AttachedEbsStatus == nil || s.AttachedEbsStatus.Status != ec2types.SummaryStatusImpaired)
}

// lastBeat is when the last minute with a heartbeat began.
func (p *player) lastBeat(id string) (at time.Time, ok bool) {
	beat := p.resolver.Heartbeat
	out, err := p.view.GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(p.now.Add(-lookBack)), EndTime: aws.Time(p.now.Add(time.Minute)), ScanBy: cwtypes.ScanByTimestampDescending,
		MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{
				Namespace: &beat.Namespace, MetricName: &beat.Metric, Dimensions: []cwtypes.Dimension{{Name: aws.String("InstanceId"), Value: &id}},
			},
			Period: aws.Int32(60), Stat: aws.String("SampleCount"),
		}}},
	})
	if err != nil || len(out.MetricDataResults) != 1 || len(out.MetricDataResults[0].Timestamps) == 0 {
		return time.Time{}, err != nil // what is not known may be anything
	}
	return out.MetricDataResults[0].Timestamps[0], true
}

// lastPing is when Systems Manager last heard a host, as it says at this moment.
func (p *player) lastPing(id string) (ping time.Time, ok bool) {
	out, err := p.view.DescribeInstanceInformation(context.Background(), &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{id}}},
	})
	if err != nil || len(out.InstanceInformationList) != 1 {
		return time.Time{}, false
	}
	return aws.ToTime(out.InstanceInformationList[0].LastPingDateTime), true
}

// skipped is the next visit of a target that is well: as late as the handler would have it.
func (p *player) skipped(v visit) (visit, bool) {
	wait, fresh := passDelay, p.guard.Config.Rules.Fresh
	if p.hosts[v.alarm.Host].Fleet == world.Windows {
		wait, fresh = passDelayWindows, p.guard.Config.Rules.FreshWindows
	}
	if v.trigger.Pass >= trigger.MaxPasses || !v.at.Add(wait).Before(v.trigger.At.Add(fresh)) {
		return visit{}, false
	}
	return visit{at: v.at.Add(wait), trigger: trigger.Later(v.trigger, v.trigger.Targets[0]), alarm: v.alarm}, true
}

package world

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DescribeInstanceStatus answers as EC2 does: for the instances that are named, or for all
// of the Region whose reachability check fails. As there, an instance that does not run is
// in no answer.
func (v *View) DescribeInstanceStatus(_ context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	if err := v.called("DescribeInstanceStatus"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeInstanceStatusOutput{}
	switch {
	case len(in.InstanceIds) > 0 && len(in.Filters) == 0:
		hosts, err := v.known(in.InstanceIds)
		if err != nil {
			return nil, err
		}
		for _, n := range hosts {
			if s, runs := v.status(v.w.hosts[n]); runs {
				out.InstanceStatuses = append(out.InstanceStatuses, s)
			}
		}
	case len(in.InstanceIds) == 0 && asksForImpaired(in.Filters):
		out.InstanceStatuses = v.impaired()
	default:
		return nil, fmt.Errorf("%w: other statuses", ErrNotModelled)
	}
	return out, nil
}

// asksForImpaired says whether the filters are those of the instances that fail.
func asksForImpaired(filters []types.Filter) bool {
	return len(filters) == 1 && aws.ToString(filters[0].Name) == "instance-status.status" && len(filters[0].Values) == 1 && filters[0].Values[0] == "impaired"
}

// impaired are the instances of the Region whose reachability check fails.
func (v *View) impaired() []types.InstanceStatus {
	var out []types.InstanceStatus
	for _, s := range v.w.unreachable {
		if s.from+v.impairedLate+seenAfter > v.now {
			break
		}
		if !failing(s, v.now, v.impairedLate, seenOver) {
			continue
		}
		if one, runs := v.status(v.w.hosts[s.host]); runs && one.InstanceStatus.Status == types.SummaryStatusImpaired {
			out = append(out, one)
		}
	}
	return out
}

// initialised is how long after its launch an instance's checks are initializing.
const initialised = 3 * minute

// The summaries that say nothing of interest are shared.
var (
	passing      = summary(types.SummaryStatusOk, types.StatusTypePassed, nil)
	initializing = summary(types.SummaryStatusInitializing, types.StatusTypeInitializing, nil)
	passingEBS   = summaryEBS(types.SummaryStatusOk, types.StatusTypePassed, nil)
	runningState = types.InstanceState{Name: types.InstanceStateNameRunning, Code: aws.Int32(16)}
)

// status is what EC2's checks say of a host.
func (v *View) status(h *host) (s types.InstanceStatus, runs bool) {
	launched, _, _, runs := h.running(v.now)
	if !runs {
		return s, false
	}
	s = types.InstanceStatus{
		InstanceId: aws.String(h.id), AvailabilityZone: aws.String(zoneName(h.zone)), InstanceState: &runningState,
		InstanceStatus: passing, SystemStatus: passing, AttachedEbsStatus: passingEBS,
	}
	if h.kind.disk == diskInstance {
		s.AttachedEbsStatus = summaryEBS(types.SummaryStatusNotApplicable, types.StatusTypePassed, nil)
	}
	if v.now < launched+initialised {
		s.InstanceStatus, s.SystemStatus = initializing, initializing
		return s, true
	}
	if since, is := impaired(h.unheard, v.now, v.impairedLate, seenOver); is {
		s.InstanceStatus = summary(types.SummaryStatusImpaired, types.StatusTypeFailed, &since)
	}
	if since, is := impaired(h.stalls, v.now, v.ebsLate, v.ebsLate); is {
		s.AttachedEbsStatus = summaryEBS(types.SummaryStatusImpaired, types.StatusTypeFailed, &since)
	}
	if h.kind.appCheck {
		s.ApplicationStatus = v.application(h)
	}
	return s, true
}

// application is EC2's own check of the application, over HTTP. How late it is, is not
// documented; it is taken to be as quick as a load balancer's with a minute more.
func (v *View) application(h *host) *types.ApplicationStatusSummary {
	if h.life.at(v.now-minute)&(tcpDeaf|cardSilent|refused|appDeaf|wrongCode|off) != 0 {
		return &types.ApplicationStatusSummary{Status: types.SummaryStatusImpaired, ImpairedSince: aws.Time(at(v.now - minute))}
	}
	return &types.ApplicationStatusSummary{Status: types.SummaryStatusOk}
}

func summary(is types.SummaryStatus, passed types.StatusType, since *int64) *types.InstanceStatusSummary {
	d := types.InstanceStatusDetails{Name: types.StatusNameReachability, Status: passed}
	if since != nil {
		d.ImpairedSince = aws.Time(at(*since))
	}
	return &types.InstanceStatusSummary{Status: is, Details: []types.InstanceStatusDetails{d}}
}

func summaryEBS(is types.SummaryStatus, passed types.StatusType, since *int64) *types.EbsStatusSummary {
	d := types.EbsStatusDetails{Name: types.StatusNameReachability, Status: passed}
	if since != nil {
		d.ImpairedSince = aws.Time(at(*since))
	}
	return &types.EbsStatusSummary{Status: is, Details: []types.EbsStatusDetails{d}}
}

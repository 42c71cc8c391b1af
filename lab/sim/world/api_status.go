package world

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// DescribeInstanceStatus answers as EC2 does: for the instances that are named, or for all
// of the Region whose reachability check fails. As there, an instance that does not run is
// in no answer.
func (v *View) DescribeInstanceStatus(_ context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	v.count("DescribeInstanceStatus")
	out := &ec2.DescribeInstanceStatusOutput{}
	if len(in.InstanceIds) > 0 {
		if len(in.Filters) > 0 {
			return nil, fmt.Errorf("%w: ids and filters", errNotModelled)
		}
		for _, id := range in.InstanceIds {
			h := v.host(id)
			if h == nil {
				return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "the instance ID '" + id + "' does not exist"}
			}
			if s, runs := v.status(h); runs {
				out.InstanceStatuses = append(out.InstanceStatuses, s)
			}
		}
		return out, nil
	}
	if len(in.Filters) != 1 || aws.ToString(in.Filters[0].Name) != "instance-status.status" || len(in.Filters[0].Values) != 1 || in.Filters[0].Values[0] != "impaired" {
		return nil, fmt.Errorf("%w: every status", errNotModelled)
	}
	for _, s := range v.w.unreachable {
		if s.from+v.impairedLate+seenAfter > v.now {
			break
		}
		if !failing(s, v.now, v.impairedLate, seenOver) {
			continue
		}
		if one, runs := v.status(v.w.hosts[s.host]); runs && one.InstanceStatus.Status == types.SummaryStatusImpaired {
			out.InstanceStatuses = append(out.InstanceStatuses, one)
		}
	}
	return out, nil
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

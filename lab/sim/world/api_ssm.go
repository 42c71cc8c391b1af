package world

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// DescribeInstanceInformation answers as Systems Manager does. As there, an instance
// without an agent, or that does not run, is in no answer.
func (v *View) DescribeInstanceInformation(_ context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	if err := v.called("DescribeInstanceInformation"); err != nil {
		return nil, err
	}
	upTo, err := v.heardUpTo()
	if err != nil {
		return nil, err
	}
	ids, err := agentsOf(in)
	if err != nil {
		return nil, err
	}
	list := make([]types.InstanceInformation, 0, len(ids))
	times := make([]time.Time, len(ids)) // at once, since the neighbours of every host are asked for
	for n, id := range ids {
		h, ping := v.heard(id, upTo)
		if h == nil {
			continue
		}
		times[n] = at(ping)
		status := types.PingStatusOnline
		if v.now-ping > hour {
			status = types.PingStatusConnectionLost
		}
		list = append(list, types.InstanceInformation{
			InstanceId: &h.id, LastPingDateTime: &times[n], PingStatus: status, ResourceType: types.ResourceTypeEc2Instance,
		})
	}
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: list}, nil
}

// agentsOf are the ids that are asked for.
func agentsOf(in *ssm.DescribeInstanceInformationInput) ([]string, error) {
	var ids []string
	for _, f := range in.Filters {
		switch name := aws.ToString(f.Key); {
		case name == "InstanceIds":
			ids = f.Values
		case name == "ResourceType" && len(f.Values) == 1 && f.Values[0] == string(types.ResourceTypeEc2Instance):
		default:
			return nil, fmt.Errorf("%w: %s", ErrNotModelled, name)
		}
	}
	if ids == nil || in.NextToken != nil {
		return nil, fmt.Errorf("%w: every agent", ErrNotModelled)
	}
	return ids, nil
}

// heard is when the agent of an instance that runs was last heard. The host is nil for one
// that is in no answer.
func (v *View) heard(id string, upTo int64) (h *host, ping int64) {
	h = v.host(id)
	if h == nil || !h.agent {
		return nil, 0
	}
	if _, _, _, runs := h.running(v.now); !runs {
		return nil, 0
	}
	if ping = v.lastHeard(h, upTo); ping == 0 {
		return nil, 0
	}
	return h, ping
}

// heardUpTo is up to when Systems Manager says what it heard. While it has trouble it is
// late, or does not hear, or does not answer.
func (v *View) heardUpTo() (int64, error) {
	i := v.service(SSMLate)
	if i == nil {
		return v.now, nil
	}
	switch i.form() {
	case late:
		return v.now - i.delay(v.now), nil
	case losing:
		return i.from - 1, nil
	}
	return 0, unavailable("SSM")
}

// lastHeard is the last ping of a host that Systems Manager did not lose. The agents call
// again only after their period, so for a while after the trouble the last one is from
// before it.
func (v *View) lastHeard(h *host, upTo int64) int64 {
	for {
		ping := h.lastPing(upTo)
		i := v.lost(SSMLate, ping)
		if ping == 0 || i == nil {
			return ping
		}
		upTo = i.from - 1
	}
}

package elb

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
	requestID = "11112222-3333-4444-5555-666677778888"
	maxPage   = 400 // PageSize ("DescribeTargetGroups", Elastic Load Balancing API Reference)
)

type errorAnswer struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func refusal(code, format string, args ...any) errorAnswer {
	return errorAnswer{Type: "Sender", Code: code, Message: fmt.Sprintf(format, args...), RequestID: requestID}
}

type groupsAnswer struct {
	XMLName   xml.Name      `xml:"DescribeTargetGroupsResponse"`
	Namespace string        `xml:"xmlns,attr"`
	Groups    []groupMember `xml:"DescribeTargetGroupsResult>TargetGroups>member"`
	Next      string        `xml:"DescribeTargetGroupsResult>NextMarker,omitempty"`
	RequestID string        `xml:"ResponseMetadata>RequestId"`
}

type groupMember struct {
	ARN           string   `xml:"TargetGroupArn"`
	Name          string   `xml:"TargetGroupName"`
	Type          string   `xml:"TargetType"`
	VPC           string   `xml:"VpcId,omitempty"`
	Protocol      string   `xml:"Protocol,omitempty"`
	Port          int      `xml:"Port,omitempty"`
	Checked       bool     `xml:"HealthCheckEnabled"`
	CheckProtocol string   `xml:"HealthCheckProtocol"`
	CheckPort     string   `xml:"HealthCheckPort"`
	CheckPath     string   `xml:"HealthCheckPath,omitempty"`
	Interval      int      `xml:"HealthCheckIntervalSeconds"`
	Timeout       int      `xml:"HealthCheckTimeoutSeconds"`
	Healthy       int      `xml:"HealthyThresholdCount"`
	Unhealthy     int      `xml:"UnhealthyThresholdCount"`
	Codes         string   `xml:"Matcher>HttpCode,omitempty"`
	LoadBalancers []string `xml:"LoadBalancerArns>member"`
}

func (h *Handler) member(g *group) groupMember {
	out := groupMember{
		ARN: g.arn, Name: g.Name, Type: g.Type, CheckProtocol: g.CheckProtocol, CheckPort: g.CheckPort, CheckPath: "/", Codes: "200",
		Interval: int(g.Interval / time.Second), Timeout: int(g.Timeout / time.Second), Healthy: g.HealthyThreshold, Unhealthy: g.UnhealthyThreshold,
	}
	if g.Type != TypeLambda { // a function has no network, port or check of its own
		out.VPC, out.Protocol, out.Port, out.Checked = g.VPC, g.Protocol, g.Port, true
	}
	if strings.HasPrefix(g.CheckProtocol, "T") { // TCP and TLS have no path and no code
		out.CheckPath, out.Codes = "", ""
	}
	if !g.Unused {
		out.LoadBalancers = []string{h.prefix() + "loadbalancer/" + g.LoadBalancer}
	}
	return out
}

type healthAnswer struct {
	XMLName   xml.Name       `xml:"DescribeTargetHealthResponse"`
	Namespace string         `xml:"xmlns,attr"`
	Targets   []targetMember `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member"`
	RequestID string         `xml:"ResponseMetadata>RequestId"`
}

type targetMember struct {
	CheckPort   string `xml:"HealthCheckPort,omitempty"`
	ID          string `xml:"Target>Id"`
	Port        int    `xml:"Target>Port,omitempty"`
	State       string `xml:"TargetHealth>State"`
	Reason      string `xml:"TargetHealth>Reason,omitempty"`
	Description string `xml:"TargetHealth>Description,omitempty"`
}

func (g *group) reported(t *target, reason string) targetMember {
	out := targetMember{ID: t.id, Port: t.port, CheckPort: strconv.Itoa(t.port), State: stateHealthy}
	if g.CheckPort != trafficPort {
		out.CheckPort = g.CheckPort
	}
	if reason != "" {
		r := reasons[reason]
		out.State, out.Reason, out.Description = r.state, reason, r.description
	}
	return out
}

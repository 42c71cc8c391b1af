package ec2

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"crashcart/lab/fleet"
)

type interfacesAnswer struct {
	XMLName    xml.Name           `xml:"DescribeNetworkInterfacesResponse"`
	RequestID  string             `xml:"requestId"`
	Interfaces []networkInterface `xml:"networkInterfaceSet>item"`
	Next       string             `xml:"nextToken,omitempty"`
}

type networkInterface struct {
	ID          string     `xml:"networkInterfaceId"`
	Subnet      string     `xml:"subnetId"`
	VPC         string     `xml:"vpcId"`
	Zone        string     `xml:"availabilityZone"`
	Description string     `xml:"description"`
	Owner       string     `xml:"ownerId"`
	Requester   bool       `xml:"requesterManaged"`
	Status      string     `xml:"status"`
	Checked     bool       `xml:"sourceDestCheck"`
	PrivateIP   string     `xml:"privateIpAddress"`
	Addresses   []address  `xml:"privateIpAddressesSet>item"`
	Attachment  attachment `xml:"attachment"`
	Kind        string     `xml:"interfaceType"`
	Operator    operator   `xml:"operator"`
}

type address struct {
	IP      string `xml:"privateIpAddress"`
	Primary bool   `xml:"primary"`
}

type attachment struct {
	ID            string `xml:"attachmentId"`
	Instance      string `xml:"instanceId,omitempty"`
	InstanceOwner string `xml:"instanceOwnerId,omitempty"`
	Index         int    `xml:"deviceIndex"`
	Status        string `xml:"status"`
	Attached      string `xml:"attachTime"`
	Delete        bool   `xml:"deleteOnTermination"`
}

// attached says whether an instance still has its network interface, which goes
// when it is terminated and stays when it is stopped.
func attached(v fleet.View) bool { return v.State != "terminated" }

func interfaceID(v fleet.View) string { return "eni-" + strings.TrimPrefix(v.ID, "i-") }

func (h *Handler) describeInterfaces(in request) (any, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, err
	}
	keep, err := keeper(in, filters, interfaceFilter)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(h.fleet.All(), func(v fleet.View) bool { return !attached(v) })
	ids := in.list("NetworkInterfaceId")
	if len(ids) > 0 && in.Get("MaxResults") != "" {
		return nil, refuse(http.StatusBadRequest, "InvalidParameterCombination", "The parameter networkInterfaceIds cannot be used with the parameter maxResults")
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(v fleet.View) bool { return interfaceID(v) == id }) {
			return nil, refuse(http.StatusBadRequest, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
		}
	}
	if len(ids) > 0 {
		all = slices.DeleteFunc(all, func(v fleet.View) bool { return !slices.Contains(ids, interfaceID(v)) })
	}
	all = only(all, keep)
	some, next, err := page(in, all, 5, 1000)
	if err != nil {
		return nil, err
	}
	out := interfacesAnswer{RequestID: requestID, Next: next}
	for _, v := range some {
		out.Interfaces = append(out.Interfaces, h.networkInterface(v))
	}
	return out, nil
}

// interfaceFilter knows the filters of DescribeNetworkInterfaces that the lab has.
// Both filters by address find secondary addresses, too.
func interfaceFilter(v *fleet.View, name string) []string {
	switch name {
	case "network-interface-id":
		return []string{interfaceID(*v)}
	case "addresses.private-ip-address", "private-ip-address":
		return append([]string{v.IP}, v.MoreIPs...)
	case "vpc-id":
		return []string{v.VPC}
	case "attachment.instance-id":
		return []string{v.ID}
	case "status":
		return []string{"in-use"}
	}
	return nil
}

func (h *Handler) networkInterface(v fleet.View) networkInterface {
	out := networkInterface{
		ID: interfaceID(v), Subnet: v.Subnet, VPC: v.VPC, Zone: v.AZ, Owner: h.account, Status: "in-use", Kind: "interface",
		Checked: !v.Router, PrivateIP: v.IP, Addresses: []address{{IP: v.IP, Primary: true}},
		Attachment: attachment{
			ID: "eni-attach-" + strings.TrimPrefix(v.ID, "i-"), Instance: v.ID, InstanceOwner: h.account,
			Status: "attached", Attached: h.stamp(v.Launched), Delete: true,
		},
		Operator: operator{Managed: v.Operator != "", Principal: v.Operator},
	}
	for _, ip := range v.MoreIPs {
		out.Addresses = append(out.Addresses, address{IP: ip})
	}
	return out
}

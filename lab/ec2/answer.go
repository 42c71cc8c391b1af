package ec2

import "encoding/xml"

// requestID is the same in every answer: nothing may depend on it.
const requestID = "11112222-3333-4444-5555-666677778888"

// The answers follow the XML of the Amazon EC2 API Reference, with the members
// that the lab knows.

type errorAnswer struct {
	XMLName   xml.Name `xml:"Response"`
	Code      string   `xml:"Errors>Error>Code"`
	Message   string   `xml:"Errors>Error>Message"`
	RequestID string   `xml:"RequestID"`
}

type instancesAnswer struct {
	XMLName      xml.Name      `xml:"DescribeInstancesResponse"`
	RequestID    string        `xml:"requestId"`
	Reservations []reservation `xml:"reservationSet>item"`
	Next         string        `xml:"nextToken,omitempty"`
}

type reservation struct {
	ID        string     `xml:"reservationId"`
	Owner     string     `xml:"ownerId"`
	Instances []instance `xml:"instancesSet>item"`
}

type instance struct {
	ID             string             `xml:"instanceId"`
	Image          string             `xml:"imageId"`
	State          state              `xml:"instanceState"`
	Reason         string             `xml:"reason"`
	StateReason    *stateReason       `xml:"stateReason"`
	Type           string             `xml:"instanceType"`
	Launched       string             `xml:"launchTime"`
	Zone           string             `xml:"placement>availabilityZone"`
	Tenancy        string             `xml:"placement>tenancy"`
	Monitoring     string             `xml:"monitoring>state"`
	Platform       string             `xml:"platform,omitempty"`
	PrivateIP      string             `xml:"privateIpAddress,omitempty"`
	VPC            string             `xml:"vpcId,omitempty"`
	Subnet         string             `xml:"subnetId,omitempty"`
	Profile        *profile           `xml:"iamInstanceProfile"`
	Checked        bool               `xml:"sourceDestCheck"`
	Devices        []device           `xml:"blockDeviceMapping>item"`
	Interfaces     []networkInterface `xml:"networkInterfaceSet>item"`
	Architecture   string             `xml:"architecture"`
	RootDevice     string             `xml:"rootDeviceType"`
	Virtualization string             `xml:"virtualizationType"`
	Hypervisor     string             `xml:"hypervisor"`
	Tags           []tag              `xml:"tagSet>item"`
	Operator       operator           `xml:"operator"`
}

// stateReason is why an instance does not run; one that runs has none.
type stateReason struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

// profile is an instance profile; an instance may have none.
type profile struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

// device is an EBS volume of an instance. Instance storage has no element.
type device struct {
	Name     string `xml:"deviceName"`
	Volume   string `xml:"ebs>volumeId"`
	Status   string `xml:"ebs>status"`
	Attached string `xml:"ebs>attachTime"`
	Delete   bool   `xml:"ebs>deleteOnTermination"`
}

type state struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

type tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type operator struct {
	Managed   bool   `xml:"managed"`
	Principal string `xml:"principal,omitempty"`
}

type statusAnswer struct {
	XMLName   xml.Name         `xml:"DescribeInstanceStatusResponse"`
	RequestID string           `xml:"requestId"`
	Statuses  []instanceStatus `xml:"instanceStatusSet>item"`
	Next      string           `xml:"nextToken,omitempty"`
}

type instanceStatus struct {
	ID       string   `xml:"instanceId"`
	Zone     string   `xml:"availabilityZone"`
	Events   []event  `xml:"eventsSet>item"`
	State    state    `xml:"instanceState"`
	System   summary  `xml:"systemStatus"`
	Instance summary  `xml:"instanceStatus"`
	EBS      *summary `xml:"attachedEbsStatus"`
	Operator operator `xml:"operator"`
}

type summary struct {
	Status  string   `xml:"status"`
	Details []detail `xml:"details>item"`
}

type detail struct {
	Name          string `xml:"name"`
	Status        string `xml:"status"`
	ImpairedSince string `xml:"impairedSince,omitempty"`
}

type event struct {
	ID          string `xml:"instanceEventId"`
	Code        string `xml:"code"`
	Description string `xml:"description"`
	NotBefore   string `xml:"notBefore,omitempty"`
	NotAfter    string `xml:"notAfter,omitempty"`
}

type typesAnswer struct {
	XMLName   xml.Name       `xml:"DescribeInstanceTypesResponse"`
	RequestID string         `xml:"requestId"`
	Types     []instanceType `xml:"instanceTypeSet>item"`
	Next      string         `xml:"nextToken,omitempty"`
}

type instanceType struct {
	Name          string   `xml:"instanceType"`
	Current       bool     `xml:"currentGeneration"`
	BareMetal     bool     `xml:"bareMetal"`
	Hypervisor    string   `xml:"hypervisor,omitempty"`
	Architectures []string `xml:"processorInfo>supportedArchitectures>item"`
	Manufacturer  string   `xml:"processorInfo>manufacturer"`
	VCPUs         int      `xml:"vCpuInfo>defaultVCpus"`
	MemoryMiB     int      `xml:"memoryInfo>sizeInMiB"`
}

type attributeAnswer struct {
	XMLName   xml.Name `xml:"DescribeInstanceAttributeResponse"`
	RequestID string   `xml:"requestId"`
	ID        string   `xml:"instanceId"`
	Shutdown  string   `xml:"instanceInitiatedShutdownBehavior>value"`
}

type interruptAnswer struct {
	XMLName   xml.Name `xml:"SendDiagnosticInterruptResponse"`
	RequestID string   `xml:"requestId"`
	Return    bool     `xml:"return"`
}

type outputAnswer struct {
	XMLName   xml.Name `xml:"GetConsoleOutputResponse"`
	RequestID string   `xml:"requestId"`
	ID        string   `xml:"instanceId"`
	Timestamp string   `xml:"timestamp"`
	Output    string   `xml:"output,omitempty"`
}

type screenshotAnswer struct {
	XMLName   xml.Name `xml:"GetConsoleScreenshotResponse"`
	RequestID string   `xml:"requestId"`
	ID        string   `xml:"instanceId"`
	Image     string   `xml:"imageData"`
}

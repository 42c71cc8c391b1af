package fleet

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

// Preparation is how a guest's kernel takes a non-maskable interrupt.
type Preparation int

const (
	// Prepared has kdump armed and panics on an unknown NMI: it dumps and reboots.
	Prepared Preparation = iota
	// IgnoresNMI lacks kernel.unknown_nmi_panic: two lines, and nothing else happens.
	IgnoresNMI
	// NoKdump panics but has no capture kernel: the panic's text, and a restart.
	NoKdump
)

// Scripts is what is wrong with the scripts that a simulated guest runs.
type Scripts int

const (
	// ScriptsRun is nothing.
	ScriptsRun Scripts = iota
	// ScriptsStick is a guest on which no script comes to its end.
	ScriptsStick
	// ScriptsChatter is a guest that says so much before a script's answer that Systems
	// Manager cuts the answer off.
	ScriptsChatter
)

// Defaults of a Spec.
const (
	defaultAge = 40 * 24 * time.Hour
	defaultAZ  = "eu-central-1a"
)

// DefaultVPC is the network of a guest whose Spec names none.
const DefaultVPC = "vpc-0c1a5bca97d0e6f12"

const (
	// DefaultSubnet is the subnet of a guest whose Spec names none.
	DefaultSubnet = "subnet-0a0b0c0d0e0f01020"
	// DefaultProfile is the name of the instance profile of a guest whose Spec names none.
	DefaultProfile = "web"
	// NoProfile is the name that stands for a guest without an instance profile.
	NoProfile = "none"
)

// Spec describes a guest. ID and Type are required.
type Spec struct {
	ID       string
	Name     string            // the Name tag and the hostname; default the id
	Type     string            // one of Types
	Tags     map[string]string // besides Name and the group's
	Group    string            // Auto Scaling group
	Platform string            // "windows", or empty
	VPC      string
	Subnet   string   // default DefaultSubnet
	Profile  string   // name of its instance profile; default DefaultProfile, or NoProfile
	Router   bool     // its source/destination check is off
	IP       string   // private, of its network interface; default by id
	MoreIPs  []string // secondary ones of the same interface, such as a cluster's pods have
	AZ       string
	Operator string        // principal of a managing service, if any
	Age      time.Duration // since launch, when added; default 40 days
	Unseen   time.Duration // from when it is added until the APIs know its id ("Eventual consistency in the Amazon EC2 API")

	Lifecycle        string // in its group; default InService
	ShutdownBehavior string // instance-initiated: stop (default) or terminate
	SystemImpaired   bool   // AWS's side of the status checks
	EBSImpaired      bool   // the attached-EBS check

	Kernel    Preparation
	BootTakes time.Duration // from power to login prompt; default what was measured, 12 s
	DumpTakes time.Duration // from interrupt to restart; default what was measured, 14 s
	DumpAway  bool          // the dump goes to instance storage: no EBS volume is written to
	DumpSize  int64         // in bytes; default some KB, by id
	DumpFlaw  Flaw          // what is wrong with the dump that it writes
	Uplink    int64         // bytes a second that it can send; default as many as it may
	NoAgent   bool          // never had an SSM agent
	LastPing  time.Duration // age of the agent's last ping when added, below its period; default by id

	// Shell is what a script does in a simulated guest that Systems Manager hands it
	// to: nothing is ever run on this machine. Without it the fleet's Shell says that
	// (Fleet.Use). It is called without the fleet's lock, possibly several times at once.
	Shell func(script string) ProcessResult
	// Scripts is what is wrong with those that the fleet's Shell carries out.
	Scripts Scripts

	Habits Habits // what AWS counts of it

	// Machine makes the guest real. Of the fields above, Kernel and those after it
	// mean nothing then, but for NoAgent and some Habits. The type must have the architecture x86_64.
	Machine Machine
}

func fill(s *Spec) {
	s.Tags, s.MoreIPs = maps.Clone(s.Tags), slices.Clone(s.MoreIPs)
	if s.Tags == nil {
		s.Tags = map[string]string{}
	}
	for _, d := range []struct {
		field *string
		value string
	}{
		{&s.Name, s.ID}, {&s.VPC, DefaultVPC}, {&s.Subnet, DefaultSubnet}, {&s.Profile, DefaultProfile}, {&s.AZ, defaultAZ}, {&s.ShutdownBehavior, "stop"}, {&s.Lifecycle, "InService"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	s.Tags["Name"] = s.Name
	if s.Group != "" {
		s.Tags["aws:autoscaling:groupName"] = s.Group
	}
	if s.Age == 0 {
		s.Age = defaultAge
	}
	if s.DumpSize == 0 {
		s.DumpSize = leastDump + int64(hash(s.ID)%(mostDump-leastDump))
	}
	s.Habits.fill(s.ID)
	if s.LastPing == 0 {
		s.LastPing = time.Duration(hash(s.ID)%uint64(s.Habits.PingEvery/time.Second)) * time.Second //nolint:gosec // positive
	}
}

// hash spreads guests over the minute of the status check and the agent's ping.
func hash(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails (package hash)
	return h.Sum64()
}

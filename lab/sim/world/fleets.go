package world

// check is how a load balancer asks the hosts of a fleet.
type check int

const (
	noCheck check = iota
	checkHTTP
	checkTCP
	checkNodePort // HTTP on a port of the node; any node answers with another's pod
)

// replacing says when an Auto Scaling group gives a member up.
type replacing int

const (
	replacesNone replacing = iota // no Auto Scaling group
	replacesEC2                   // when EC2's status check fails
	replacesELB                   // also when its load balancer gets no answer
)

// disk is how the hosts of a fleet write while they live.
type disk int

const (
	diskServer   disk = iota // a log, a journal, agents, and an application that logs
	diskBusy                 // ten times of it
	diskWorks                // as a server, while it has work
	diskIdle                 // one of the idle hosts that were measured
	diskSystem               // no application that writes
	diskWindows              // event log, page file, updates
	diskInstance             // instance storage: no EBS volume
)

// kind is what the hosts of a fleet have in common.
type kind struct {
	fleet    Fleet
	unit     int  // hosts of one group
	zones    int  // of which a unit has a subnet
	alone    bool // every unit has a subnet and a profile of its own
	scaling  replacing
	check    check
	byIP     bool
	disk     disk
	least    int64 // bytes that a host sends in a minute, log-uniform
	most     int64
	outward  bool // it answers nobody
	router   bool
	mute     bool // neither agent
	windows  bool
	appCheck bool // EC2's application status check is set up
	family   string
}

const (
	kilobyte = 1000
	megabyte = 1000 * kilobyte
)

// kinds are the fleets. What a host sends is a guess that spans what is common.
var kinds = []kind{
	{fleet: Single, unit: 1, zones: 1, alone: true, disk: diskServer, least: 100 * kilobyte, most: 20 * megabyte},
	{fleet: Subnet3, unit: 3, zones: 1, alone: true, disk: diskServer, least: 100 * kilobyte, most: 20 * megabyte},
	{fleet: Group2, unit: 2, zones: 2, scaling: replacesEC2, disk: diskServer, least: 100 * kilobyte, most: 20 * megabyte, appCheck: true},
	{fleet: Group6, unit: 6, zones: 3, scaling: replacesEC2, disk: diskServer, least: 100 * kilobyte, most: 20 * megabyte},
	{fleet: Group6ELB, unit: 6, zones: 3, scaling: replacesELB, check: checkHTTP, disk: diskServer, least: megabyte, most: 50 * megabyte},
	{fleet: ALBInstance, unit: 4, zones: 2, check: checkHTTP, disk: diskServer, least: megabyte, most: 50 * megabyte},
	{fleet: ALBIP, unit: 4, zones: 2, check: checkHTTP, byIP: true, disk: diskServer, least: megabyte, most: 50 * megabyte},
	{fleet: NLBTCP, unit: 4, zones: 2, check: checkTCP, disk: diskServer, least: megabyte, most: 50 * megabyte},
	{fleet: NodePort, unit: 6, zones: 3, scaling: replacesEC2, check: checkNodePort, disk: diskServer, least: megabyte, most: 50 * megabyte},
	{fleet: Batch, unit: 6, zones: 1, disk: diskWorks, least: megabyte, most: 100 * megabyte, outward: true},
	{fleet: Idle, unit: 1, zones: 1, disk: diskIdle, least: 2 * kilobyte, most: 12 * kilobyte},
	{fleet: Router, unit: 1, zones: 1, disk: diskSystem, least: 10 * megabyte, most: 500 * megabyte, router: true},
	{fleet: Busy, unit: 6, zones: 3, disk: diskBusy, least: 100 * megabyte, most: 5000 * megabyte, check: checkHTTP},
	{fleet: NoAgent, unit: 1, zones: 1, disk: diskServer, least: 100 * kilobyte, most: 20 * megabyte, mute: true},
	{fleet: Windows, unit: 2, zones: 1, disk: diskWindows, least: 100 * kilobyte, most: 20 * megabyte, windows: true},
	{fleet: InstanceStore, unit: 3, zones: 1, disk: diskInstance, least: megabyte, most: 50 * megabyte, family: "i3en.large"},
}

// kindOf is the kind of a fleet, and nil for a name that is none.
func kindOf(f Fleet) *kind {
	for n := range kinds {
		if kinds[n].fleet == f {
			return &kinds[n]
		}
	}
	return nil
}

// Served says whether a fleet can be interrupted by an alarm at all, as far as its own
// making goes: it has a voice, and a disk that can be seen.
func (f Fleet) Served() bool {
	k := kindOf(f)
	return k != nil && !k.mute && k.disk != diskInstance
}

// The metric that the hosts send of themselves ("Metrics collected by the CloudWatch agent",
// Amazon CloudWatch User Guide). It is the default of CRASHCART_HEARTBEAT.
const (
	heartbeatSpace = "CWAgent"
	heartbeatName  = "mem_used_percent"
)

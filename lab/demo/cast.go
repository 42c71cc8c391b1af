package demo

import (
	"fmt"
	"strings"
	"time"

	"crashcart/lab/elb"
	"crashcart/lab/fleet"
)

// The instances of the story, by the names that the timeline uses.
const (
	web1     = "web-1"
	web2     = "web-2"
	arm1     = "arm-1"
	db1      = "db-1"
	pay1     = "pay-1"
	job1     = "job-1"
	cache1   = "cache-1"
	mail1    = "mail-1" // its group is left alone
	auth1    = "auth-1" // its group's member is protected
	gone1    = "gone-1"
	checkout = "checkout" // the group whose members all fail
)

// hero is the instance that the story is about.
const hero = web2

// victims are the instances that deserve an interrupt, in the order of the story.
var victims = []string{mail1, hero, auth1}

// actor is one instance of the story and how it got into trouble.
type actor struct {
	spec    fleet.Spec
	plight  string
	trouble func(f *fleet.Fleet, id string) error
}

// frozen hangs an instance with a frozen root file system, which still answers ARP.
func frozen(ago time.Duration) func(*fleet.Fleet, string) error {
	return func(f *fleet.Fleet, id string) error { return f.Hang(id, fleet.Frozen, ago) }
}

// tag is the tag that opts an instance in.
func tag(value string) map[string]string { return map[string]string{"crashcart": value} }

// cast returns the fleet of the story. All of it is in trouble at once, as no fleet is
// that hangs by chance. So what is in trouble has a subnet and an instance profile of its
// own; only the hero has the crowd for neighbours.
func cast() []actor {
	actors := []actor{
		{
			fleet.Spec{ID: "i-0a1e5b0c7d2f43961", Name: web1, Type: "m6i.large", Tags: tag("auto"), LastPing: 4*time.Minute + 40*time.Second},
			"healthy, but its CPU is busy", nil,
		},
		{
			// Slower than the 14 s that were measured, so that a person can watch it.
			fleet.Spec{
				ID: "i-0b2f6c1d8e3a54a72", Name: web2, Type: "m6i.large", Tags: tag("auto"),
				LastPing: 4*time.Minute + 20*time.Second, DumpTakes: 80 * time.Second, BootTakes: 30 * time.Second,
				DumpSize: heroDump,
			},
			"frozen a minute ago; still answers ARP", frozen(time.Minute),
		},
		{
			fleet.Spec{ID: "i-0c3a7d2e9f4b65b83", Name: arm1, Type: "m7g.large", Tags: tag("auto"), LastPing: 2 * time.Minute},
			"hung, but Graviton", frozen(20 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0d4b8e3fa05c76c94", Name: db1, Type: "r6i.8xlarge", LastPing: 2 * time.Minute},
			"hung, but nobody tagged it", frozen(20 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0e5c9f40b16d87da5", Name: pay1, Type: "c7i.large", Tags: tag("manual"), LastPing: time.Minute},
			"hung; a person must ask", frozen(9 * time.Minute),
		},
		{
			fleet.Spec{ID: "i-0f6da051c27e98eb6", Name: job1, Type: "t3.medium", Tags: tag("auto"), Age: 5 * time.Second},
			"just launched", nil,
		},
		{
			fleet.Spec{ID: "i-017eb162d38fa9fc7", Name: cache1, Type: "m6a.large", Tags: tag("auto"), LastPing: time.Minute, DumpTakes: time.Hour, DumpAway: true},
			"crashed by itself 7 min ago, dumping to its instance storage", func(f *fleet.Fleet, id string) error { return f.Crash(id, 7*time.Minute) },
		},
		replaceable(mail1, "i-018ec273e490fb1d8", 8*time.Minute),
		replaceable(auth1, "i-029fd384f5a10c2e9", 5*time.Minute),
	}
	for _, m := range members() {
		actors = append(actors, actor{
			fleet.Spec{ID: m.id, Name: m.name, Type: "c7i.large", Tags: tag("auto"), Group: checkout, LastPing: time.Minute},
			"hung, as are all four of its group", frozen(9 * time.Minute),
		})
	}
	for i := range actors {
		if a := &actors[i]; a.trouble != nil && a.spec.Name != hero {
			a.spec.Subnet, a.spec.Profile = "subnet-"+a.spec.ID[2:], a.spec.Name
		}
	}
	return actors
}

// replaceable is a hung instance whose group replaces what fails its status check,
// and whose dump takes longer than the group waits.
func replaceable(name, id string, ago time.Duration) actor {
	return actor{
		fleet.Spec{
			ID: id, Name: name, Type: "m6i.large", Tags: tag("auto"), Group: groupOf(name), LastPing: 4 * time.Minute,
			DumpTakes: 6 * time.Minute, DumpSize: 18_300_000, BootTakes: 30 * time.Second,
		},
		"hung, in the group " + groupOf(name) + ", which replaces what fails", frozen(ago),
	}
}

// groupOf is the Auto Scaling group that is called as its members are.
func groupOf(name string) string { return name[:strings.LastIndexByte(name, '-')] }

// heroDump is the size of the hero's dump, in bytes: three parts.
const heroDump = 40 << 20

// crowd is how many instances there are besides, all of them well. The silence of the hero
// proves something only while its neighbours are heard.
const crowd = 12

// crowdName is what they are called together.
const crowdName = "app-*"

// bystanders are that crowd. Two of them keep the groups of mail-1 and auth-1 company.
func bystanders() []fleet.Spec {
	specs := make([]fleet.Spec, crowd)
	groups := map[int]string{0: groupOf(mail1), 1: groupOf(auth1)}
	for i := range specs {
		specs[i] = fleet.Spec{Group: groups[i], ID: fmt.Sprintf("i-0aa0000000000%04x", i+1), Name: fmt.Sprintf("app-%02d", i+1), Type: "t3.medium", Tags: tag("auto")}
	}
	return specs
}

// balanced is the target group of the story, and who is registered there.
var balanced = struct {
	group   elb.Group
	members []string
}{elb.Group{Name: "api"}, []string{web1, db1}}

// member is one of the group whose members all fail.
type member struct{ id, name string }

func members() []member {
	return []member{
		{"i-028fc273e490ba0d1", checkout + "-1"},
		{"i-0390d384f5a1cb1e2", checkout + "-2"},
		{"i-04a1e49506b2dc2f3", checkout + "-3"},
		{"i-05b2f5a617c3ed304", checkout + "-4"},
	}
}

// goneID is an instance that the alarm has outlived.
const goneID = "i-0bad0bad0bad0bad0"

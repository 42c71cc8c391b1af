package fleet

import (
	"strconv"
	"strings"
	"time"
)

// A kernel's watch over its tasks ("kernel.hung_task_timeout_secs" and the like in
// "Documentation for /proc/sys/kernel/", The Linux Kernel documentation; Debian's defaults).
const (
	// checksTasks is how often it looks for tasks that are stuck: two minutes, and what the
	// timer is late (seen in what kernels print: 120, 241, 362 and 483 seconds).
	checksTasks = 120*time.Second + 900*time.Millisecond
	// mostComplaints is kernel.hung_task_warnings. Then it says no more of any task.
	mostComplaints = 10
	// stuckTasks is how many tasks stuck.txt names: the journal and an application. The real
	// guest had five, since it was asked for pages meanwhile, and said no more after two checks.
	stuckTasks = 2
)

// complains prints what the kernel says of tasks that wait for a disk from a time on. A
// task must be found stuck at two checks.
func (g *guest) complains(at time.Time) {
	if g.Platform == "windows" {
		return
	}
	first := checksTasks + time.Duration(hash(g.ID)%uint64(checksTasks/time.Second))*time.Second
	uptime := at.Sub(g.booted(at))
	for n := range time.Duration(mostComplaints / stuckTasks) {
		after := first + n*checksTasks
		g.print(at.Add(after), stuckText.blocked((n+1)*checksTasks).live(uptime+after))
	}
}

// blocked fills in for how long a task has been stuck.
func (t transcript) blocked(d time.Duration) transcript {
	seconds := strconv.Itoa(int(d.Seconds()))
	out := make(transcript, len(t))
	for i, l := range t {
		l.text = strings.ReplaceAll(l.text, "{{blocked}}", seconds)
		out[i] = l
	}
	return out
}

package trial

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// own is a time that the guest keeps by itself and that says when it writes, or when its
// kernel complains: Debian 12's default, and the shortest that can be set.
type own struct {
	is, least time.Duration
}

// The times of a Debian 12 guest.
var (
	dirtyExpires = own{30 * time.Second, 100 * time.Millisecond} // vm.dirty_expire_centisecs
	writesBack   = own{5 * time.Second, 100 * time.Millisecond}  // vm.dirty_writeback_centisecs
	commits      = own{5 * time.Second, time.Second}             // commit= of ext4, in whole seconds
	syncs        = own{5 * time.Minute, time.Second}             // SyncIntervalSec= of the journal
	taskHangs    = own{2 * time.Minute, 2 * time.Second}         // kernel.hung_task_timeout_secs
	savesTime    = own{time.Minute, time.Second}                 // SaveIntervalSec= of systemd-timesyncd
	// A service that does not say in time that it lives is started anew by init.
	watchdog = own{3 * time.Minute, 2 * time.Second} // WatchdogSec= of systemd's own services
)

// at is the time in a guest whose AWS runs so many times faster.
func (o own) at(speed float64) time.Duration {
	return max(o.least, time.Duration(float64(o.is)/speed))
}

// seconds is the same in whole seconds, rounded up.
func (o own) seconds(speed float64) int {
	return int((o.at(speed) + time.Second - 1) / time.Second)
}

// paceScript makes the guest keep its own times in the lab's time. Where AWS's time runs
// thirty times faster than the guest's, a write that comes back within 30 seconds would be
// a quarter of an hour late. Nothing else of the guest is sped up: what it does takes as
// long as ever.
func paceScript(speed float64) string {
	return fmt.Sprintf("sysctl -q -w vm.dirty_expire_centisecs=%d vm.dirty_writeback_centisecs=%d kernel.hung_task_timeout_secs=%d && mount -o remount,commit=%d /",
		dirtyExpires.at(speed).Milliseconds()/10, writesBack.at(speed).Milliseconds()/10, taskHangs.seconds(speed), commits.seconds(speed))
}

// initScript does the same for the services of systemd, where init lives on to start them
// anew. It takes seconds, and no other hang needs it.
func initScript(speed float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "set -e\nmkdir -p /run/systemd/journald.conf.d\nprintf '[Journal]\\nSyncIntervalSec=%d\\n' >/run/systemd/journald.conf.d/pace.conf\n", syncs.seconds(speed))
	fmt.Fprintf(&b, "mkdir -p /run/systemd/timesyncd.conf.d\nprintf '[Time]\\nSaveIntervalSec=%d\\n' >/run/systemd/timesyncd.conf.d/pace.conf\n", savesTime.seconds(speed))
	b.WriteString("for unit in systemd-journald systemd-udevd systemd-timesyncd; do\n\tmkdir -p /run/systemd/system/$unit.service.d\n")
	fmt.Fprintf(&b, "\tprintf '[Service]\\nWatchdogSec=%d\\n' >/run/systemd/system/$unit.service.d/pace.conf\ndone\n", watchdog.seconds(speed))
	b.WriteString("systemctl daemon-reload\nsystemctl restart systemd-journald systemd-udevd\n")
	return b.String()
}

// pace sets the guest's own times, and makes it the kind of host that hangs.
func (r *run) pace(ctx context.Context) error {
	err := r.succeeds(ctx, "setting the guest's own times", paceScript(r.hang.speed()))
	if err == nil && r.hang.Restarts {
		err = r.succeeds(ctx, "setting the times of init", initScript(r.hang.speed()))
	}
	if err == nil && r.hang.Prepare != "" {
		err = r.succeeds(ctx, "preparing the host", r.hang.Prepare)
	}
	r.record.LivesFrom = time.Since(r.start)
	return err
}

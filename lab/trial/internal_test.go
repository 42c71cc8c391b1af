package trial

import (
	"path"
	"strings"
	"testing"
)

// What proves nothing must not be taken for a stage.
func TestNothingThatOnlyLooksLikeAStageIsOne(t *testing.T) {
	const (
		capture = "[    0.000000] Command line: root=/dev/nvme0n1 ro elfcorehdr=507252K"
		again   = "[    0.000000] Command line: root=/dev/nvme0n1 ro crashkernel=128M"
		dumping = "kdump-tools[1]: running makedumpfile -F -c -d 31 /proc/vmcore | compress > /var/crash/1/dump-incomplete."
	)
	for name, c := range map[string]struct{ console, want string }{
		"the false word of kdump-tools":    {capture + "\n" + dumping + "\nkdump-tools: saved vmcore in /var/crash/1.", "capture-kernel"},
		"the log's completion":             {capture + "\nrunning makedumpfile --dump-dmesg /proc/vmcore /var/crash/1/dmesg.1.\nThe dmesg log is saved to x\nmakedumpfile Completed.", "capture-kernel"},
		"makedumpfile that only began":     {capture + "\n" + dumping + "\nThe dumpfile is saved to STDOUT.", "capture-kernel"},
		"a whole dump":                     {capture + "\n" + dumping + "\nThe dumpfile is saved to STDOUT.\nmakedumpfile Completed.", "capture-kernel dump-complete"},
		"a panic of the capture kernel":    {capture + "\nKernel panic - not syncing: System is deadlocked on memory", "capture-kernel"},
		"an old panic in a later log":      {again + "\nKernel panic - not syncing: NMI: Not continuing", "rebooted"},
		"ready in the capture kernel":      {capture + "\n" + readyMark + " kexec_crash_loaded=0", "capture-kernel"},
		"the same twice":                   {"Uhhuh. NMI received for unknown reason 21 on CPU 0.\nUhhuh. NMI received for unknown reason 31 on CPU 0.", "nmi-seen"},
		"the kernel's own word of it":      {"[    0.08] Kernel command line: root=/dev/nvme0n1 elfcorehdr=1K", ""},
		"a dump's completion without dump": {capture + "\nThe dumpfile is saved to STDOUT.\nmakedumpfile Completed.", "capture-kernel"},
	} {
		t.Run(name, func(t *testing.T) {
			var r reader
			var got []string
			for line := range strings.Lines(c.console) {
				if stage := r.read(plain(line)); stage != "" {
					got = append(got, stage)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("stages %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzFiles(f *testing.F) {
	f.Add("17000000 " + strings.Repeat("a", 64) + " /var/crash/1/dump.1\n")
	f.Add("17000000 " + strings.Repeat("a", 64) + " /var/crash/1/../dump.1\n")
	f.Add("x y z\n")
	f.Add("1 2\n")
	f.Fuzz(func(t *testing.T, list string) {
		found, err := files(list)
		if err != nil {
			return
		}
		if lines := strings.Count(strings.TrimSuffix(list, "\n")+"\n", "\n"); list != "" && len(found) != lines {
			t.Errorf("%d files from %q", len(found), list)
		}
		for _, f := range found {
			if f.Size < 0 || len(f.SHA256) != 64 || strings.ContainsAny(f.Name, "' \x1b\n\"$") || path.Clean(f.Name) != f.Name || !strings.HasPrefix(f.Name, "/var/crash/") {
				t.Errorf("%q gives %+v", list, f)
			}
		}
	})
}

package console

// The targets of systemd (systemd.special(7)) by which a machine goes down, by which it is
// up, and at which it has given up. Older versions print a target's description; newer
// ones print its name first. The descriptions have changed over time.
var (
	downTargets = prefixes(
		"shutdown.target", "reboot.target", "poweroff.target", "halt.target", "final.target", "umount.target", "kexec.target",
		"soft-reboot.target", "exit.target", "System Shutdown", "System Reboot", "System Power Off", "System Halt",
		"Shutdown", "Reboot", "Power-Off", "Power Off", "Halt", "Final Step", "Late Shutdown Services", "Unmount All Filesystems")
	readyTargets = prefixes(
		"multi-user.target", "graphical.target", "getty.target", "cloud-init.target", "cloud-init target",
		"Multi-User", "Graphical Interface", "Login Prompts", "Cloud-init target")
	emergencyTargets = prefixes(
		"emergency.target", "rescue.target", "Emergency Mode", "Rescue Mode")
)

// prefixList has words by their first letter, so that few are compared.
type prefixList [256][]string

func prefixes(words ...string) *prefixList {
	var list prefixList
	for _, w := range words {
		list[w[0]] = append(list[w[0]], w)
	}
	return &list
}

// has says whether text begins with a word of the list.
func (l *prefixList) has(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	for _, p := range l[text[0]] {
		if len(text) >= len(p) && string(text[:len(p)]) == p {
			return true
		}
	}
	return false
}

// target is what it shows that systemd has reached the target that name begins with.
func target(name []byte) Sign {
	switch {
	case downTargets.has(name):
		return SignShutdown
	case readyTargets.has(name):
		return SignReady
	case emergencyTargets.has(name):
		return SignEmergency
	}
	return SignStep
}

package console

import "bytes"

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

// prefixes sorts words by their first letter, so that few are compared.
func prefixes(words ...string) map[byte][][]byte {
	byLetter := map[byte][][]byte{}
	for _, w := range words {
		byLetter[w[0]] = append(byLetter[w[0]], []byte(w))
	}
	return byLetter
}

// hasPrefix says whether text begins with one of the prefixes.
func hasPrefix(text []byte, list map[byte][][]byte) bool {
	if len(text) == 0 {
		return false
	}
	for _, p := range list[text[0]] {
		if bytes.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

// target is what it shows that systemd has reached the target that name begins with.
func target(name []byte) Sign {
	switch {
	case hasPrefix(name, downTargets):
		return SignShutdown
	case hasPrefix(name, readyTargets):
		return SignReady
	case hasPrefix(name, emergencyTargets):
		return SignEmergency
	}
	return SignStep
}

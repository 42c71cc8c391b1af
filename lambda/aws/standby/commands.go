package standby

// Commands gives the commands that end Standby: one returns the instance to service, the
// other gives it up. The name of the group may not be safe to copy. The command that
// needs it is then left out, and missing says so, as the end of a sentence.
//
// The instance id must be one: it is not quoted.
func Commands(region, instanceID, group string) (commands []string, missing string) {
	suffix := ""
	if word, ok := argument("--region", region); ok && region != "" {
		suffix = " " + word
	}
	if name, ok := argument("--auto-scaling-group-name", group); ok {
		commands = append(commands, "aws autoscaling exit-standby --instance-ids "+instanceID+" "+name+suffix)
	} else {
		missing = "; no command returns it to service, because the name of its group cannot be copied safely: use the console"
	}
	return append(commands, "aws autoscaling terminate-instance-in-auto-scaling-group --instance-id "+instanceID+
		" --no-should-decrement-desired-capacity"+suffix), missing
}

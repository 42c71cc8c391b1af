package guard

// Rule is one reason not to interrupt. It says what it thinks of an inquiry, and
// permits only when it knows.
type Rule interface {
	Name() string
	Check(Inquiry) Verdict
}

// Rules returns every rule. Of two verdicts of one kind, that of the earlier rule
// counts.
func Rules() []Rule {
	return []Rule{
		episode{},
		lever{},
		fresh{},
		known{},
		optedIn{},
		supported{},
		running{},
		booted{},
		unresponsive{},
		quiet{},
		hostOK{},
		survives{},
		cooldown{},
		group{},
		region{},
		budget{},
		asked{},
	}
}

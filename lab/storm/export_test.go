package storm

// What the tests of the checks need of the package.
var (
	Judge             = judge
	Always            = always
	DiedBeforeSending = diedBeforeSending
	SettledAll        = settledAll
	SaidOften         = saidOften
	WithoutEvidence   = withoutEvidence
	WithEvidence      = withEvidence
	RefusedBy         = refusedBy
	NeverLater        = neverLater
	StruckByDeath     = struckByDeath
	HostsRebooted     = hostsRebooted
	SomeHome          = someHome
	AllHome           = allHome
)

package resolve

import "crashcart/lambda/domain/instance"

// Ask is one instance that the second round is about.
type Ask struct {
	Instance *instance.Instance

	// Person says that a person asks, or has to ask. Then the age of a sign of death does
	// not matter, and the metrics reach back to before the host seemed to die.
	Person bool
}

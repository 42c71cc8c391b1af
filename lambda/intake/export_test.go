package intake

// What the tests must know of the handler's own bounds.
const (
	FactsBound  = factsBound
	ShotTime    = shotTime
	TellingTime = tellingTime
)

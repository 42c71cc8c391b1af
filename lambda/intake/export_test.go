package intake

// What the tests must know of the handler's own bounds.
const (
	FactsBound    = factsBound
	InterruptTime = interruptTime
	NotifyTime    = notifyTime
)

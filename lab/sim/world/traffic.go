package world

// What a host sends, in bytes a minute. Figures that no source gives are guesses of the
// right size.
const (
	arpBytes    = 2 * 42          // answers to the status check
	agentBytes  = 3 * kilobyte    // of the SSM agent; the CloudWatch agent sends as much
	answerBytes = 700             // of the answer to a health check, with its handshake
	ackBytes    = 250             // of the handshake alone
	balancers   = 3               // nodes of a load balancer that ask
	retryShare  = 0.01            // of the usual traffic: a kernel's answers to those who connect again
	pieces      = int64(6)        // of a minute
	piece       = minute / pieces // seconds
)

// sent is how many bytes a host sends in a minute.
func (h *host) sent(near *life, begins int64) float64 {
	usual := h.usual(begins)
	if !near.touches(begins, begins+minute) {
		return h.sentWith(0, usual)
	}
	total := 0.0
	for i := range pieces {
		total += h.sentWith(near.at(begins+i*piece), usual) / float64(pieces)
	}
	return total
}

// usual is what its application sends in a minute: more by day than by night, and never the
// same.
func (h *host) usual(begins int64) float64 {
	draw := mixAt(h.seed^0xa5, begins/minute)
	slow := part(mixAt(h.seed^0x5a, begins/(20*minute)))
	return float64(h.sends) * (0.6 + 0.5*part(draw)) * (0.8 + 0.4*slow) * daylight(begins)
}

// daylight is a swing of a day.
func daylight(at int64) float64 {
	of := float64(at%day) / day // 0 is midnight
	if of > 0.5 {
		of = 1 - of
	}
	return 0.7 + 1.2*of
}

// sentWith is what it sends in a minute while something is different.
func (h *host) sentWith(e effects, usual float64) float64 {
	if e&(off|cardSilent) != 0 {
		return 0
	}
	total := 0.0
	if e&noARP == 0 {
		total += arpBytes
	}
	if h.targets != nil && e&(tcpDeaf|drained) == 0 {
		asked := float64(balancers) * minute / float64(h.targets.interval)
		if e&(kernelOnly|appDeaf|refused) != 0 {
			total += asked * ackBytes
		} else {
			total += asked * answerBytes
		}
	}
	if e&(kernelOnly|outwardGone) == 0 {
		for _, one := range []struct {
			has bool
			off effects
		}{{h.agent, agentOff | cutSSM}, {h.beats, beatOff | cutBeat}} {
			if one.has && e&one.off == 0 {
				total += agentBytes
			}
		}
	}
	return total + usual*h.share(e)
}

// share is how much of its usual traffic the application still sends.
func (h *host) share(e effects) float64 {
	switch {
	case e&tcpDeaf != 0 && e&outwardGone != 0:
		return 0
	case e&kernelOnly != 0:
		return h.kernelShare()
	case e&(appDeaf|refused|appQuiet|drained) != 0:
		return 2 * retryShare
	case e&outwardGone != 0 && (h.kind.outward || h.kind.router):
		return 2 * retryShare
	case e&wrongCode != 0:
		return 0.2
	}
	return 1
}

// kernelShare is how much of it a kernel sends without user space.
func (h *host) kernelShare() float64 {
	switch {
	case h.kind.router: // the kernel forwards, whoever else is dead
		return 1
	case h.kind.check == checkNodePort: // what it forwards to other nodes
		return 0.5
	case h.kind.outward:
		return 0
	}
	return retryShare
}

package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/vitals"
)

// hang is one hang of one host, and what became of it.
type hang struct {
	episode world.Episode
	caught  time.Time // when it was interrupted; zero for never
	last    time.Time // when the last decision in it was made
	why     string    // what that came to
}

// permit is one of all permits, of hung machines as well.
type permit struct {
	at   time.Time
	host int
	cell cell
}

// recorder counts what a player decides.
type recorder struct {
	unit   string
	p      *player
	hangs  map[int][]*hang // of each host, by their beginning
	result *Result
	log    func(*Decision) // for a replay; nil for none
}

// margin is how long before the end of a world a hang must begin to be counted.
const margin = 90 * time.Minute

// newRecorder is a recorder of those hosts that are its own; nil stands for all.
func newRecorder(unit string, p *player, own func(world.Host) bool) *recorder {
	r := &recorder{unit: unit, p: p, hangs: map[int][]*hang{}, result: newResult(unit)}
	for _, e := range p.world.Episodes() {
		if own != nil && !own(p.hosts[e.Host]) {
			continue
		}
		if e.Cause.Hang() && e.From.Before(p.world.End().Add(-margin)) && r.really(e) {
			r.hangs[e.Host] = append(r.hangs[e.Host], &hang{episode: e})
		}
	}
	return r
}

// really says whether the host really hung: it may have been off, or hung already.
func (r *recorder) really(e world.Episode) bool {
	const soon = 30 * time.Second
	return r.p.world.Lives(e.Host, e.From.Add(soon)) == world.Hung
}

// of gives the hang in which a host is at a moment, nil for none.
func (r *recorder) of(host int, at time.Time) *hang {
	all := r.hangs[host]
	n, found := slices.BinarySearchFunc(all, at, func(h *hang, at time.Time) int { return h.episode.From.Compare(at) })
	if !found {
		n--
	}
	if n < 0 || !at.Before(all[n].episode.To) {
		return nil
	}
	return all[n]
}

// duplicate says whether a host has an open case of the hang that it is in.
func (r *recorder) duplicate(host int, at time.Time) bool {
	h := r.of(host, at)
	return h != nil && !h.caught.IsZero() && !at.Before(h.caught)
}

// play plays alarms, and counts what is decided. They must be in their order.
func (r *recorder) play(alarms []world.Alarm) {
	for _, a := range alarms {
		if n, ok := r.p.byID[a.Instance]; ok && r.duplicate(n, a.At) || r.again(a) {
			continue
		}
		r.p.play(a, r.see)
	}
}

// oneOf is of how many alarms one is played that have nothing to do with any fault, on hosts
// whose agents ping seldom. The guard takes such agents for silent again and again, so that
// there is more of that than of anything else.
const oneOf = 8

// again says whether an alarm is one of those that are left out.
func (r *recorder) again(a world.Alarm) bool {
	return a.Cause == "" && r.p.hosts[a.Host].Period > fiveMinutes && a.At.Unix()%oneOf != 0 && r.of(a.Host, a.At) == nil
}

// see counts a decision. It says whether another pass over the host is of interest.
func (r *recorder) see(d *Decision) bool {
	if r.duplicate(d.Host, d.At) {
		return false
	}
	r.result.Passes++
	if r.log != nil {
		r.log(d)
	}
	since, exposed := d.dead()
	permitted := d.Verdict.Kind == guard.Permitted
	h := r.of(d.Host, d.At)
	if h != nil {
		h.decided(d, permitted)
	}
	if !exposed && !permitted {
		return true
	}
	fleet := r.p.hosts[d.Host].Fleet
	if permitted {
		r.permitted(d, fleet, h)
	}
	if d.Life == world.Hung {
		return !permitted
	}
	causes := r.causes(d, since)
	r.result.Total.see(d.Life, exposed, permitted)
	at(r.result.Fleets, fleet).see(d.Life, exposed, permitted)
	for _, c := range causes {
		at(r.result.Causes, c).see(d.Life, exposed, permitted)
		at(r.result.Cells, cell{fleet, c}).see(d.Life, exposed, permitted)
	}
	if permitted && d.Life == world.Alive {
		r.result.Wrongs = append(r.result.Wrongs, Wrong{Unit: r.unit, Host: r.p.hosts[d.Host].ID, Decision: *d, Causes: causes})
	}
	return !permitted
}

// causes are what has happened to a host since it seems dead.
func (r *recorder) causes(d *Decision, since time.Time) []world.Cause {
	if since.IsZero() {
		since = d.At
	}
	// A sign that came before its period's end may have been lost already.
	period := r.p.hosts[d.Host].Period
	found := r.p.world.Causes(d.Host, since.Add(-period), d.At)
	if period > fiveMinutes && !slices.Contains(found, world.PingPeriod) {
		found = append(found, world.PingPeriod)
	}
	if len(found) == 0 {
		return []world.Cause{None}
	}
	return found
}

func (r *recorder) permitted(d *Decision, fleet world.Fleet, h *hang) {
	p := permit{at: d.At, host: d.Host, cell: cell{fleet, None}}
	if h != nil {
		p.cell.cause = h.episode.Cause
	}
	r.result.permits = append(r.result.permits, p)
	if d.Region {
		r.result.Total.Region++
		at(r.result.Fleets, fleet).Region++
	}
}

// decided notes a decision on a hung host.
func (h *hang) decided(d *Decision, permitted bool) {
	if permitted && d.Life == world.Hung && (h.caught.IsZero() || d.At.Before(h.caught)) {
		h.caught = d.At
	}
	if !d.At.Before(h.last) {
		h.last, h.why = d.At, whyLost(d)
	}
}

// whyLost is the rule that decided, and for the vitals the question that was open.
func whyLost(d *Decision) string {
	if d.Verdict.Rule != cases.RuleUnresponsive {
		return d.Verdict.Rule
	}
	var open []string
	for _, v := range d.Vitals {
		if v.Says == vitals.Alive {
			return d.Verdict.Rule + ": alive by " + string(v.Name)
		}
	}
	for _, q := range []struct{ words, question string }{
		{"not proven that it says nothing", "voice"}, {"not proven that it writes nothing", "machine"}, {"not proven that nobody gets an answer", "answers"},
	} {
		if strings.Contains(d.Verdict.Why, q.words) {
			open = append(open, q.question)
		}
	}
	if len(open) == 0 {
		return d.Verdict.Rule
	}
	return d.Verdict.Rule + ": " + strings.Join(open, ", ") + " open"
}

// noAlarm is why a hang was lost of which nothing was ever asked.
const noAlarm = "no alarm in time"

// finish counts the hangs. Its error is that of a world that was asked for what it does not
// know.
func (r *recorder) finish() (*Result, error) {
	if r.p.err != nil {
		return nil, fmt.Errorf("%s: %w", r.unit, r.p.err)
	}
	for _, host := range slices.Sorted(keys(r.hangs)) {
		for _, h := range r.hangs[host] {
			r.hung(r.p.hosts[host], h)
		}
	}
	return r.result, nil
}

// into adds what was counted to a result.
func (r *recorder) into(out *Result) error {
	counted, err := r.finish()
	if err == nil {
		out.Add(counted)
	}
	return err
}

func (r *recorder) hung(h world.Host, one *hang) {
	class := classOf(h, one.episode)
	if class.goals() && one.caught.IsZero() {
		r.result.Losses = append(r.result.Losses, Loss{Unit: r.unit, Host: h.ID, Episode: one.episode, Last: one.last, Why: cmp.Or(one.why, noAlarm)})
	}
	counts := []*Count{
		&r.result.Total, at(r.result.Fleets, h.Fleet), at(r.result.Causes, one.episode.Cause), at(r.result.Cells, cell{h.Fleet, one.episode.Cause}),
		r.result.class(h.Fleet, class),
	}
	for _, c := range counts {
		c.Hangs++
		if one.caught.IsZero() {
			c.lose(cmp.Or(one.why, noAlarm), 1)
		} else {
			c.Times = append(c.Times, one.caught.Sub(one.episode.From))
		}
	}
}

// soonReplaced is how soon a group has given a hung host up where the guard has no time to
// tell a hang from a storm.
const soonReplaced = 22 * time.Minute

func classOf(h world.Host, e world.Episode) Class {
	switch {
	case !e.StopsWriting:
		return Writing
	case e.Replaced && e.To.Sub(e.From) < soonReplaced:
		return Replaced
	case h.Slowest > fiveMinutes:
		return Seldom
	case h.Fleet == world.Windows:
		return Windows
	case !h.Readable:
		return Empty
	}
	return Readable
}

// beside counts the permits of one world that the rules budget and cooldown would have
// stopped.
func (r *Result) beside(rules config.Rules) {
	slices.SortStableFunc(r.permits, func(a, b permit) int { return a.at.Compare(b.at) })
	last := map[int]time.Time{}
	var spent []time.Time
	for _, p := range r.permits {
		for _, counts := range []*Count{&r.Total, at(r.Fleets, p.cell.fleet)} {
			counts.Permits++
			beside(counts, rules, p, last[p.host], spent)
		}
		last[p.host], spent = p.at, append(spent, p.at)
	}
	r.permits = nil // those of other worlds are not beside these
}

func beside(c *Count, rules config.Rules, p permit, last time.Time, spent []time.Time) {
	if !last.IsZero() && p.at.Sub(last) < rules.Cooldown {
		c.Cooldown++
	}
	within := 0
	for n := len(spent) - 1; n >= 0 && p.at.Sub(spent[n]) < time.Hour; n-- {
		within++
	}
	if within >= rules.Budget {
		c.Budget++
	}
}

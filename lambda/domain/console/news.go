package console

import (
	"bytes"
	"time"

	"crashcart/lambda/domain/printable"
)

// Mark is how far a console had come at some moment.
type Mark struct {
	// Clock is the newest time of the kernel, counted from that kernel's start.
	Clock time.Duration
	// Lines is how many lines stand behind the first one with that time.
	Lines int
}

// News is what a console shows that it did not show at a mark. A line of it is text that
// prints, of at most MaxNews bytes.
type News struct {
	Mark  Mark   // how far the console is now
	Timed bool   // its kernel writes its time on it
	Same  bool   // the newest life is the one in which the mark was made
	Stuck string // the newest new line in which the kernel says that it is stuck; empty without one
	Life  string // the newest new line of user space: a login, a unit, the system's log; empty without one
	// StuckFor is the longest time for which a task or a CPU has been stuck, by a new line of
	// the kernel. It is zero without one. Stuck says so of init and the journal; here a file
	// system's own tasks count, too.
	StuckFor time.Duration
	// LongStuck is the kernel's time of the newest line, new or not, that says of a task
	// without which no machine works, or of a CPU, that it has been stuck for LongStuckFor or
	// longer. It is zero without one.
	LongStuck time.Duration
	// ReadOnly is the line, new or not, in which the kernel has made a file system
	// read-only because of an error. It is empty without one, and once one was mounted anew
	// before the mark.
	ReadOnly string
}

// MaxNews is how long a line of news may be, in bytes.
const MaxNews = 100

// LongStuckFor is how long a task or a CPU must have been stuck for what is no storm that ends
// by itself. It is the second complaint of a hung task (Linux source, kernel/hung_task.c:
// each two minutes).
const LongStuckFor = 4 * time.Minute

// NewsSince compares a console with how far it had come. A mark without a time is that of
// a console that nobody has seen: nothing can be news then.
//
// A line of user space is new by its place: it stands behind the line that the mark names
// and behind those that followed it then. Where the newest life does not hold that line,
// the machine has restarted or the ring has forgotten it, and every line of that life
// counts as new. A line of the kernel must also have a later time than the mark. So neither
// an older log that somebody prints again nor the life before a restart can say that the
// machine is stuck now.
//
// Same holds where the newest life shows the mark's line, and nothing newer that a restart
// could have written. It also holds where the ring has forgotten that line and shows no boot.
func NewsSince(text []byte, before Mark) News {
	_, news := Compare(text, before)
	return news
}

// Compare gives what a console shows, and beside it what NewsSince gives. It reads the text
// once for both.
func Compare(text []byte, before Mark) (Reading, News) {
	r := Scan(text)
	c := comparison{before: Mark{before.Clock.Round(unit), before.Lines}}
	c.read(text, r.begin)
	return r, News{
		Mark:  Mark{c.newest, c.behind},
		Timed: c.timed,
		Same:  c.same(text, &r),
		Stuck: printable.Line(string(c.stuck), MaxNews),
		Life:  printable.Line(string(c.life), MaxNews),

		StuckFor:  c.stuckFor,
		LongStuck: c.longStuck,
		ReadOnly:  printable.Line(string(c.readOnly), MaxNews),
	}
}

// unit is how exactly a kernel gives its time (Linux source, kernel/printk/printk.c,
// print_time). A mark is compared in it, since it may have travelled as a number of seconds.
const unit = time.Microsecond

// comparison is the state of a comparison, from the beginning of the newest life on.
type comparison struct {
	before Mark
	found  bool // the line that the mark names
	known  int  // how many lines stood behind it, up to the line that is read now

	timed  bool
	newest time.Duration
	behind int           // lines behind the first one with the newest time
	last   time.Duration // the kernel's time before the line that is read now

	fresh     int  // where the lines begin that are newer than the mark
	backwards bool // a newer line of the kernel has an earlier time than one before it

	stuckFor  time.Duration
	longStuck time.Duration
	readOnly  []byte
	stuck     []byte
	life      []byte
	plain     []byte // the line without its escapes, used again for every line
}

// read reads the life that begins at the given place.
func (c *comparison) read(text []byte, begin place) {
	cut, goesOn := begin.offset == max(0, len(text)-MaxBytes), false
	for from := begin.offset; from < len(text); {
		size := lineLen(text[from:])
		line := text[from : from+size]
		if bytes.IndexByte(line, escape) >= 0 {
			c.plain = printable.StripEscapes(c.plain[:0], line)
			line = c.plain
		}
		if goesOn {
			c.count(line)
		} else {
			goesOn = c.line(line, begin.at, cut)
		}
		from += size
		end := endLen(text[from:])
		// Behind a CR alone the kernel's line goes on: a name that it prints may have a CR.
		goesOn = goesOn && bytes.IndexByte(text[from:from+end], '\n') < 0
		from += end
		begin.at, cut = 0, false
		if c.found && c.fresh == 0 && c.known <= 0 {
			c.fresh = from
		}
	}
}

// endLen is the length of the line ends that text begins with.
func endLen(text []byte) int {
	n := 0
	for n < len(text) && (text[n] == '\n' || text[n] == '\r') {
		n++
	}
	return n
}

// line reads one line from the index begin on. It has up to two parts: what user space has
// written, such as a prompt, and behind it what the kernel has. A line whose beginning may
// be cut off is counted, and is no news. stamped says that the kernel has a part in it.
func (c *comparison) line(line []byte, begin int, cut bool) (stamped bool) {
	at, st, stamped := firstStamp(line)
	head := headOf(line[:at], begin)
	c.program(head, cut)
	body := at + st.size
	if !stamped || isBlank(line[body:]) { // a time alone says nothing, or is cut
		return stamped
	}
	clock := st.clock.Truncate(unit)
	late, isNew := c.tick(clock), c.count(line[body:])
	if cut {
		return true
	}
	if isAlone(head) {
		c.mounts(line[at:], line[body:], c.before.Clock > 0 && clock <= c.before.Clock)
		if stuckFor(line[body:]) >= LongStuckFor {
			c.longStuck = clock
		}
	}
	if isNew {
		c.judge(line, at, body, late && isAlone(head))
	}
	return true
}

// program keeps what user space has written before the kernel's time, if it is new.
func (c *comparison) program(head []byte, cut bool) {
	if c.count(head) && !cut && isUserSpace(head, 0, false) {
		c.life = append(c.life[:0], head...)
	}
}

// headOf is what stands before the kernel's time, without what the life before has written
// where that has ended within this line.
func headOf(head []byte, begin int) []byte {
	if begin >= len(head) || isPrompt(head[:begin]) || isLogged(head) {
		return head[min(begin, len(head)):]
	}
	return head
}

// judge keeps a new part of the kernel's, which stands from at on and has its text from body
// on, if it is a sign. alone says that the kernel's own words may begin it.
func (c *comparison) judge(line []byte, at, body int, alone bool) {
	switch {
	case isUserSpace(line, body, true):
		c.life = append(c.life[:0], line[at:]...)
	case alone:
		if isStuck(line[body:]) {
			c.stuck = append(c.stuck[:0], line[at:]...)
		}
		c.stuckFor = max(c.stuckFor, stuckFor(line[body:]))
	}
}

// mounts keeps the line in which the kernel has made a file system read-only, be it new or
// not, until one was mounted anew. That must be old: the pass before has seen it. Else the
// machine is mended since a moment ago.
func (c *comparison) mounts(line, message []byte, old bool) {
	switch {
	case turnsReadOnly(message):
		c.readOnly = append(c.readOnly[:0], line...)
	case old && turnsWritable(message, c.readOnly):
		c.readOnly = c.readOnly[:0]
	}
}

// count counts a line, and says whether it is new. A blank line is none.
func (c *comparison) count(line []byte) (isNew bool) {
	if isBlank(line) {
		return false
	}
	c.behind++
	if c.known > 0 {
		c.known--
		return false
	}
	return c.before.Clock > 0
}

// tick takes the kernel's time before a line. late says that the line is surely written
// later than the mark, and begins a message: all lines of one message have the same time,
// and only the first is sure to be the kernel's own words.
func (c *comparison) tick(now time.Duration) (late bool) {
	late = now > c.before.Clock && (!c.timed || now != c.last)
	if c.timed && now+slack < c.newest { // the clock has started again, or somebody prints an older log
		c.stuck, c.readOnly, c.stuckFor, c.longStuck, late = c.stuck[:0], c.readOnly[:0], 0, 0, false
	}
	if c.known <= 0 && now+slack < c.reached() {
		c.backwards = true
	}
	if !c.timed || now > c.newest {
		c.newest, c.behind = now, -1 // the line itself is counted next
	}
	if now == c.before.Clock && !c.found { // what stands before it is older than the mark
		c.found, c.known = true, c.before.Lines+1
		c.stuck, c.life, c.stuckFor, c.backwards = c.stuck[:0], c.life[:0], 0, false
	}
	c.timed, c.last = true, now
	return late
}

// reached is how far the kernel's clock had come before the line that is read now. A ring
// that has forgotten the mark's line shows newer ones alone, and the clock was past the
// mark's time in all of them. A ring that has that line shows older ones before it: what
// they say is dropped when it is found.
func (c *comparison) reached() time.Duration {
	if c.found {
		return c.last
	}
	return max(c.last, c.before.Clock)
}

// firstStamp finds the kernel's time in a line. Where there is none, at is the line's end.
// A later one in the same line is quoted: the kernel ends each line that it begins.
func firstStamp(line []byte) (at int, s stamp, ok bool) {
	if isLogged(line) {
		return len(line), stamp{}, false
	}
	for at < len(line) {
		next := bytes.IndexByte(line[at:], '[')
		if next < 0 {
			break
		}
		at += next
		if s, ok = stampAt(line[at:], width(at)); ok {
			if bytes.HasSuffix(line[:at], []byte("kernel: ")) {
				break // a log's line
			}
			return at, s, true
		}
		at++
	}
	return len(line), stamp{}, false
}

// isAlone says whether the kernel's text surely begins behind head: nothing stands there
// but a prompt, which waits without a line's end. Other text may quote the kernel.
func isAlone(head []byte) bool {
	head = bytes.TrimRight(head, " ")
	return len(head) == 0 || bytes.HasSuffix(head, []byte("login:")) || bytes.HasSuffix(head, []byte("Password:"))
}

func isBlank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

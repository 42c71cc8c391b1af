package guest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/guest/arp"
)

// speed is that of the lab's clock in these tests: a status check every two seconds.
const speed = 30

// machine stands in for QEMU and the guest in it. Its fields say how it behaves, and
// are guarded by its mutex.
type machine struct {
	t       *testing.T
	serial  *io.PipeWriter
	card    net.Conn
	process *process

	mu       sync.Mutex
	deaf     int           // ARP requests that are not heard; all if negative
	hung     bool          // the agent answers nothing
	blocks   bool          // programs do not end
	fails    bool          // programs end with 1
	slow     time.Duration // what every answer of the agent takes
	stubborn bool          // QEMU does not quit
	writes   []int         // of each disk, so far
	heard    []string      // commands that monitor and agent got
	killed   bool
}

// boot makes a guest of a machine, on a clock that runs with the wall's.
func boot(t *testing.T) (*machine, *Guest) {
	t.Helper()
	m := &machine{t: t}
	output, serial := io.Pipe()
	input, typed := io.Pipe()
	go func() { _, _ = io.Copy(io.Discard, input) }() // nobody types in these tests
	monitor, farMonitor := net.Pipe()
	agent, farAgent := net.Pipe()
	network, card := net.Pipe()
	m.serial, m.card = serial, card
	var once sync.Once
	p := &process{
		near:   []io.Closer{output, typed, monitor, agent, network},
		output: output, input: typed, monitor: monitor, agent: agent, network: network,
		exited: make(chan struct{}),
	}
	ends := func() {
		once.Do(func() {
			for _, c := range []io.Closer{serial, farMonitor, farAgent, card, input} {
				_ = c.Close() // a pipe's never fails
			}
			close(p.exited)
		})
	}
	p.kill = func() error {
		m.set(func() { m.killed = true })
		ends()
		return nil
	}
	m.process = p
	go m.arp()
	go m.serve(farAgent, m.agent)
	go m.serve(farMonitor, func(r order, say func(string)) {
		returns := "{}"
		if r.Execute == "query-blockstats" {
			returns = m.blockstats()
		}
		say(`{"return": ` + returns + `, "id": ` + fmt.Sprint(r.ID) + "}")
		if r.Execute == "quit" && !m.is(&m.stubborn) {
			ends()
		}
	})
	g := assemble(clock.NewScaled(speed), p)
	go func() { _, _ = io.WriteString(farMonitor, `{"QMP": {}}`+"\n") }() // Greet fails without
	if err := g.monitor.Greet(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.attend()
	return m, g
}

func (m *machine) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *machine) is(field *bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *field
}

// says has the machine print on its console.
func (m *machine) says(text string) {
	if _, err := io.WriteString(m.serial, text); err != nil {
		m.t.Error(err)
	}
}

// order is a command of either protocol.
type order struct {
	Execute   string          `json:"execute"`
	Arguments json.RawMessage `json:"arguments"`
	ID        int             `json:"id"`
}

// serve hands what comes over a connection to answer, one after the other.
func (m *machine) serve(conn net.Conn, answer func(order, func(string))) {
	say := func(text string) { _, _ = io.WriteString(conn, text+"\n") } // the guest may be closed
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var r order
		if err := json.Unmarshal(bytes.TrimPrefix(line, []byte{0xff}), &r); err != nil {
			m.t.Errorf("%q: %v", line, err)
		}
		m.set(func() { m.heard = append(m.heard, r.Execute) })
		answer(r, say)
	}
}

// agent is qemu-ga, as far as it is asked anything.
func (m *machine) agent(r order, say func(string)) {
	m.mu.Lock()
	hung, blocks, slow, code := m.hung, m.blocks, m.slow, 0
	if m.fails {
		code = 1
	}
	m.mu.Unlock()
	var returns string
	switch r.Execute {
	case "guest-sync-delimited":
		var in struct{ ID int }
		if err := json.Unmarshal(r.Arguments, &in); err != nil {
			m.t.Error(err)
		}
		returns = fmt.Sprint(in.ID)
	case "guest-exec":
		returns = `{"pid": 4711}`
	case "guest-exec-status":
		returns = fmt.Sprintf(`{"exited": %t, "exitcode": %d}`, !blocks, code)
	}
	if hung {
		return
	}
	time.Sleep(slow)
	say(fmt.Sprintf("{\"return\": %s, \"id\": %d}", returns, r.ID))
}

// blockstats are QEMU's counters of the disks.
func (m *machine) blockstats() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var disks []string
	for _, n := range m.writes {
		disks = append(disks, fmt.Sprintf(`{"device": "root", "stats": {"wr_operations": %d, "rd_operations": 7}}`, n))
	}
	return "[" + strings.Join(disks, ",") + "]"
}

// arp is the network card.
func (m *machine) arp() {
	frame := make([]byte, 2048)
	for {
		n, err := m.card.Read(frame)
		if err != nil {
			return
		}
		m.mu.Lock()
		hears := m.deaf == 0
		if m.deaf > 0 {
			m.deaf--
		}
		m.mu.Unlock()
		if hears {
			reply := bytes.Clone(frame[:n])
			reply[21] = 2 // RFC 826: an answer has the sender's fields first
			copy(reply[22:32], []byte{2, 0, 0, 0, 0, 2, 10, 0, 0, 2})
			if _, _, ok := arp.Reply(reply); !ok {
				m.t.Errorf("not an answer: %x", reply)
			}
			_, _ = m.card.Write(reply) // the guest may be closed
		}
	}
}

// shut closes a guest at the end of a test.
func shut(t *testing.T, g *Guest) {
	t.Helper()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

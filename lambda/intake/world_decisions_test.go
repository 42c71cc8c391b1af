package intake_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// decision is one decision line of the log.
type decision struct {
	InstanceID string `json:"instanceId"`
	Target     string `json:"target"`
	Outcome    string `json:"Outcome"`
	Rule       string `json:"Rule"`
	Why        string `json:"why"`
	Command    string `json:"command"`
	CaseID     string `json:"caseId"`
	Pass       int    `json:"pass"`
}

// decisions returns the decision lines since the last call.
func (w *world) decisions() []decision {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(w.logs.String()), "\n")
	var out []decision
	for _, line := range lines {
		var d struct {
			decision
			Msg string `json:"msg"`
		}
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			w.t.Fatalf("not one JSON object: %q: %v", line, err)
		}
		if d.Msg == "decision" {
			out = append(out, d.decision)
		}
	}
	fresh := out[w.seen:]
	w.seen = len(out)
	return fresh
}

// logs is what was logged, which may be read while more is.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

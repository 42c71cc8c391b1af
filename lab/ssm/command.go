package ssm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a command ("SendCommand", AWS Systems Manager API Reference). The default
// timeout is that of its sample response.
const (
	mostInstances       = 50
	leastTimeout        = 30
	mostTimeout         = 2592000
	defaultSendTimeout  = 3600
	defaultVersion      = "$DEFAULT"
	latestVersion       = "$LATEST"
	onlyVersion         = "1"
	visibleAfter        = time.Second // see the package comment
	maxStdout           = 24000       // characters ("GetCommandInvocation", ibid.)
	maxStderr           = 8000        // likewise
	maxPluginOutput     = 2500        // characters ("CommandPlugin", ibid.)
	mostListed          = 50          // "ListCommandInvocations", ibid.
	commandsConcurrency = "50"        // the default of MaxConcurrency
)

// command is a script on its way to some instances. Nothing of it changes but its
// invocations.
type command struct {
	id, document, version, comment string
	parameters                     map[string][]string
	instances                      []string
	timeout                        int // seconds
	sent, undelivered, expires     time.Time
	invocations                    []*invocation // as instances
}

type sendInput struct {
	DocumentName    string
	DocumentVersion string
	Comment         string
	InstanceIDs     []string `json:"InstanceIds"`
	Targets         []any
	Parameters      map[string][]string
	TimeoutSeconds  *int
}

// send checks a command and sends it on its way, to all instances or to none.
func (h *Handler) send(in sendInput) (any, error) {
	scripts, err := h.scripts(&in)
	if err != nil {
		return nil, err
	}
	platforms, err := h.platforms(in)
	if err != nil {
		return nil, err
	}
	timeout := defaultSendTimeout
	if in.TimeoutSeconds != nil {
		timeout = *in.TimeoutSeconds
	}
	if timeout < leastTimeout || timeout > mostTimeout {
		return nil, &apiError{"ValidationException", fmt.Sprintf(
			"Value '%d' at 'timeoutSeconds' failed to satisfy constraint: Member must have value between %d and %d", timeout, leastTimeout, mostTimeout)}
	}
	now := h.clock.Now()
	c := &command{
		id: newID(), document: in.DocumentName, version: in.DocumentVersion, comment: in.Comment, parameters: in.Parameters,
		instances: in.InstanceIDs, timeout: timeout, sent: now, undelivered: now.Add(time.Duration(timeout) * time.Second),
	}
	c.expires = c.undelivered
	for _, s := range scripts {
		c.expires = c.expires.Add(s.Timeout)
	}
	for i, id := range in.InstanceIDs {
		c.invocations = append(c.invocations, newInvocation(h.life, c, id, platforms[i], scripts))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errors.New("the lab is closing")
	}
	h.commands[c.id] = c
	for _, inv := range c.invocations {
		h.running.Go(func() { h.carryOut(inv) })
	}
	return map[string]any{"Command": h.summary(c)}, nil
}

// scripts fills in the document that a command names.
func (h *Handler) scripts(in *sendInput) ([]Script, error) {
	h.mu.Lock()
	d := h.documents[in.DocumentName]
	h.mu.Unlock()
	if d == nil {
		return nil, &apiError{"InvalidDocument", "Document " + in.DocumentName + " does not exist."}
	}
	if in.DocumentVersion == "" {
		in.DocumentVersion = defaultVersion
	}
	if !slices.Contains([]string{defaultVersion, latestVersion, onlyVersion}, in.DocumentVersion) {
		return nil, &apiError{"InvalidDocumentVersion", "Document " + in.DocumentName + " has no version " + in.DocumentVersion + "."}
	}
	scripts, err := d.Scripts(in.Parameters)
	if err != nil {
		return nil, &apiError{"InvalidParameters", err.Error()}
	}
	return scripts, nil
}

// platforms gives the platforms of the instances of a command, all of which must have
// an agent that has pinged since their launch. An agent that fell silent will do.
func (h *Handler) platforms(in sendInput) ([]string, error) {
	switch n := len(in.InstanceIDs); {
	case len(in.Targets) > 0:
		return nil, &apiError{"InvalidTarget", "the lab's SSM takes InstanceIds alone"}
	case n == 0:
		return nil, &apiError{"InvalidInstanceId", "no instance is named"}
	case n > mostInstances:
		return nil, &apiError{"ValidationException", fmt.Sprintf(
			"Value '%v' at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to %d", in.InstanceIDs, mostInstances)}
	}
	var out, invalid []string
	for i, id := range in.InstanceIDs {
		if slices.Contains(in.InstanceIDs[:i], id) {
			return nil, &apiError{"DuplicateInstanceId", id + " is named twice"}
		}
		v, err := h.fleet.Get(id)
		if err != nil || !v.Agent.Registered {
			invalid = append(invalid, id)
			continue
		}
		platform, _ := platformOf(v)
		out = append(out, platform)
	}
	if len(invalid) > 0 {
		return nil, &apiError{"InvalidInstanceId", "Instances [[" + strings.Join(invalid, ", ") + "]] not in a valid state for account " + h.account}
	}
	return out, nil
}

// summary is a command as SendCommand answers ("Command", AWS Systems Manager API
// Reference).
func (h *Handler) summary(c *command) map[string]any {
	return map[string]any{
		"CommandId": c.id, "DocumentName": c.document, "DocumentVersion": c.version, "Comment": c.comment, "Parameters": c.parameters,
		"InstanceIds": c.instances, "Targets": []any{}, "TimeoutSeconds": c.timeout,
		"RequestedDateTime": h.epoch(c.sent), "ExpiresAfter": h.epoch(c.expires),
		"Status": statusPending, "StatusDetails": statusPending, "MaxConcurrency": commandsConcurrency, "MaxErrors": "0",
		"TargetCount": len(c.instances), "CompletedCount": 0, "ErrorCount": 0, "DeliveryTimedOutCount": 0,
	}
}

// epoch is a lab time as AWS JSON writes it, in seconds.
func (h *Handler) epoch(t time.Time) float64 { return float64(h.clock.Report(t).UnixMilli()) / 1e3 }

// newID makes a command's id, a UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (package crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newInvocation makes a command's copy for one instance.
func newInvocation(life context.Context, c *command, id, platform string, scripts []Script) *invocation {
	inv := &invocation{command: c, instance: id}
	inv.wanted, inv.revoke = context.WithCancel(life)
	for _, s := range scripts {
		p := &plugin{script: s, status: statusPending, details: statusPending, code: codeNone}
		if !s.Step.appliesTo(platform) {
			p.skip = "Step execution skipped due to unsupported platform: " + platform
		} else if s.Step.Action == actionPowerShell && platform != "Windows" {
			p.refuse = "the lab's Linux guests have no PowerShell"
		} else if s.Step.Action == actionShell && platform == "Windows" {
			p.refuse = "Windows has no shell for aws:runShellScript"
		}
		inv.plugins = append(inv.plugins, p)
	}
	return inv
}

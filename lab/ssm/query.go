package ssm

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

type invocationInput struct {
	CommandID  string `json:"CommandId"`
	InstanceID string `json:"InstanceId"`
	PluginName string
}

// invocation answers GetCommandInvocation.
func (h *Handler) invocation(in invocationInput) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	inv := h.find(in.CommandID, in.InstanceID)
	if inv == nil {
		return nil, &apiError{"InvocationDoesNotExist", "the invocation does not exist, or not yet"}
	}
	i := slices.IndexFunc(inv.plugins, func(p *plugin) bool { return p.script.Step.Name == in.PluginName })
	if in.PluginName == "" && len(inv.plugins) == 1 {
		i = 0
	}
	if i < 0 {
		return nil, &apiError{"InvalidPluginName", fmt.Sprintf("the document has no step %q; with several, one must be named", in.PluginName)}
	}
	p, c := inv.plugins[i], inv.command
	out := map[string]any{
		"CommandId": c.id, "InstanceId": inv.instance, "Comment": c.comment, "DocumentName": c.document, "DocumentVersion": c.version,
		"PluginName": p.script.Step.Name, "Status": p.status, "StatusDetails": p.details, "ResponseCode": p.code,
		"StandardOutputContent": first(p.stdout, maxStdout), "StandardErrorContent": first(p.stderr, maxStderr),
		"StandardOutputUrl": "", "StandardErrorUrl": "", "CloudWatchOutputConfig": map[string]any{"CloudWatchOutputEnabled": false},
		"ExecutionStartDateTime": h.stamp(p.start), "ExecutionEndDateTime": "", "ExecutionElapsedTime": "",
	}
	if !p.start.IsZero() && !p.end.IsZero() {
		out["ExecutionEndDateTime"] = h.stamp(p.end)
		out["ExecutionElapsedTime"] = fmt.Sprintf("PT%.3fS", p.end.Sub(p.start).Seconds())
	}
	return out, nil
}

// find gives an invocation that is known by now, up to date, or nil. The caller holds
// Handler.mu.
func (h *Handler) find(commandID, instance string) *invocation {
	c, now := h.commands[commandID], h.clock.Now()
	if c == nil || now.Before(c.sent.Add(visibleAfter)) {
		return nil
	}
	i := slices.Index(c.instances, instance)
	if i < 0 {
		return nil
	}
	c.invocations[i].expire(now)
	return c.invocations[i]
}

type listInput struct {
	CommandID  string `json:"CommandId"`
	InstanceID string `json:"InstanceId"`
	Details    bool
	Filters    []any
	NextToken  string
}

// invocations answers ListCommandInvocations of one command, in one page.
func (h *Handler) invocations(in listInput) (any, error) {
	if in.CommandID == "" || len(in.Filters) > 0 || in.NextToken != "" {
		return nil, &apiError{"ValidationException", "the lab's SSM lists the invocations of one CommandId, without filters"}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []map[string]any{}
	if c := h.commands[in.CommandID]; c != nil {
		for _, id := range c.instances {
			if inv := h.find(c.id, id); inv != nil && (in.InstanceID == "" || in.InstanceID == id) {
				list = append(list, h.listed(inv, in.Details))
			}
		}
	}
	return map[string]any{"CommandInvocations": list}, nil
}

func (h *Handler) listed(inv *invocation, detailed bool) map[string]any {
	whole, c := inv.whole(), inv.command
	plugins := []map[string]any{}
	if detailed {
		for _, p := range inv.plugins {
			one := map[string]any{
				"Name": p.script.Step.Name, "Status": p.status, "StatusDetails": p.details, "ResponseCode": p.code,
				"Output": first(strings.TrimPrefix(p.stdout+"\n"+p.stderr, "\n"), maxPluginOutput),
			}
			if !p.start.IsZero() {
				one["ResponseStartDateTime"] = h.epoch(p.start)
			}
			if !p.end.IsZero() {
				one["ResponseFinishDateTime"] = h.epoch(p.end)
			}
			plugins = append(plugins, one)
		}
	}
	return map[string]any{
		"CommandId": c.id, "InstanceId": inv.instance, "Comment": c.comment, "DocumentName": c.document, "DocumentVersion": c.version,
		"RequestedDateTime": h.epoch(c.sent), "Status": whole.status, "StatusDetails": whole.details, "CommandPlugins": plugins,
	}
}

// whole is the plugin whose status is that of the whole invocation: the one at work,
// else the first that did not succeed.
func (inv *invocation) whole() *plugin {
	for _, of := range []func(*plugin) bool{
		func(p *plugin) bool { return p.status == statusInProgress || p.status == statusCancelling },
		func(p *plugin) bool { return p.status == statusPending },
		func(p *plugin) bool { return p.status != statusSuccess },
	} {
		if i := slices.IndexFunc(inv.plugins, of); i >= 0 {
			return inv.plugins[i]
		}
	}
	return inv.plugins[0]
}

type cancelInput struct {
	CommandID   string   `json:"CommandId"`
	InstanceIDs []string `json:"InstanceIds"`
}

// cancel answers CancelCommand. What has ended stays as it is.
func (h *Handler) cancel(in cancelInput) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.commands[in.CommandID]
	if c == nil {
		return nil, &apiError{"InvalidCommandId", "there is no command " + in.CommandID}
	}
	for _, id := range in.InstanceIDs {
		if !slices.Contains(c.instances, id) {
			return nil, &apiError{"InvalidInstanceId", "the command was not sent to " + id}
		}
	}
	for _, inv := range c.invocations {
		if len(in.InstanceIDs) == 0 || slices.Contains(in.InstanceIDs, inv.instance) {
			inv.expire(h.clock.Now())
			inv.cancel()
		}
	}
	return map[string]any{}, nil
}

// cancel gives up what was not taken, and has what was killed. The caller holds
// Handler.mu.
func (inv *invocation) cancel() {
	for _, p := range inv.plugins {
		switch p.status {
		case statusPending:
			p.status, p.details = statusCancelled, statusCancelled
		case statusInProgress:
			p.status, p.details = statusCancelling, statusCancelling
		}
	}
	inv.revoke()
}

// stamp is a lab time as GetCommandInvocation writes it, empty for none.
func (h *Handler) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return h.clock.Report(t).UTC().Format("2006-01-02T15:04:05.000Z")
}

// first gives the first n characters of a text.
func first(text string, n int) string {
	at := 0
	for i := range text {
		if at == n {
			return text[:i]
		}
		at++
	}
	return text
}

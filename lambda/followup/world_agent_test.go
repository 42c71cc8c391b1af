package followup_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// surveyTakes is how long a survey takes.
const surveyTakes = 10 * time.Second

// SendCommand has the host run its script. What the script does, it does at once; the
// answer is there when it is over.
func (w *world) SendCommand(_ context.Context, in *ssm.SendCommandInput, _ ...func(*ssm.Options)) (*ssm.SendCommandOutput, error) {
	return through(w, func() (*ssm.SendCommandOutput, error) {
		if *in.DocumentName != config.DocumentCollect || len(in.InstanceIds) != 1 || in.InstanceIds[0] != hostID {
			return nil, fmt.Errorf("%s to %s", *in.DocumentName, in.InstanceIds)
		}
		if err := cmp.Or(w.blind, w.disk.absent); err != nil {
			return nil, err
		}
		c := &command{id: "command-" + strconv.Itoa(len(w.cloud.commands)+1), step: in.Parameters[config.CollectStep][0], status: w.disk.status, dead: w.disk.silent}
		c.since, _ = strconv.ParseInt(in.Parameters[config.CollectSince][0], 10, 64)
		if c.step == dump.StepSurvey {
			c.output, c.over = w.survey(c.since), w.now.Add(surveyTakes)
		} else {
			c.output, c.over = w.sendParts(c, in.Parameters[config.CollectManifest][0]), w.now.Add(w.disk.takes)
		}
		if w.disk.says != "" {
			c.output = w.disk.says
		}
		w.cloud.commands = append(w.cloud.commands, c)
		return &ssm.SendCommandOutput{Command: &ssmtypes.Command{CommandId: &c.id}}, nil
	})
}

// GetCommandInvocation says how far a script is.
func (w *world) GetCommandInvocation(_ context.Context, in *ssm.GetCommandInvocationInput, _ ...func(*ssm.Options)) (*ssm.GetCommandInvocationOutput, error) {
	return through(w, func() (*ssm.GetCommandInvocationOutput, error) {
		w.polled++
		if want := map[bool]string{false: config.CollectLinux, true: config.CollectWindows}[w.host.windows]; *in.PluginName != want {
			return nil, code("InvalidPluginName")
		}
		for _, c := range w.cloud.commands {
			switch {
			case c.id != *in.CommandId:
			case c.dead || w.now.Before(c.over):
				return &ssm.GetCommandInvocationOutput{Status: ssmtypes.CommandInvocationStatusInProgress}, nil
			case c.status != "":
				return &ssm.GetCommandInvocationOutput{Status: ssmtypes.CommandInvocationStatusFailed, StatusDetails: &c.status, ResponseCode: -1}, nil
			default:
				return &ssm.GetCommandInvocationOutput{Status: ssmtypes.CommandInvocationStatusSuccess, StandardOutputContent: aws.String("noise\n" + c.output + "\n")}, nil
			}
		}
		return nil, code("InvocationDoesNotExist")
	})
}

// answer is a script's last line.
func answer(step string, members map[string]any) string {
	members["step"] = step
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return `{"crashcart":1,` + strings.TrimPrefix(string(text), "{")
}

func (w *world) survey(since int64) string {
	files, skipped := []dump.File{}, w.disk.skipped
	for _, f := range w.disk.files {
		if f.Modified >= since {
			files = append(files, f)
		}
	}
	return answer(dump.StepSurvey, map[string]any{"files": files, "skipped": append([]dump.Skipped{}, skipped...)})
}

// report is what a script has to say that has sent something, or nothing.
func report(stopped string, files ...dump.Sent) string {
	return answer(dump.StepSend, map[string]any{"files": append([]dump.Sent{}, files...), "stopped": stopped, "seconds": 1})
}

// sendParts sends what a manifest asks for, as the script does.
func (w *world) sendParts(c *command, manifest string) string {
	for _, other := range w.cloud.commands {
		if other.step == dump.StepSend && !other.dead && w.now.Before(other.over) {
			return report(dump.StoppedBusy)
		}
	}
	key := strings.TrimSuffix(strings.TrimPrefix(manifest, "https://s3.lab/"), "?signed")
	m, err := dump.ParseManifest(w.files[key])
	switch {
	case w.disk.stopped != "":
		return report(w.disk.stopped)
	case err != nil:
		return report(dump.StoppedNoManifest)
	}
	var all []dump.Sent
	left := w.disk.most
	for _, f := range m.Files {
		one := dump.Sent{Path: f.Path, State: dump.StateSent}
		if w.disk.changes && f.Kind == dump.KindDump {
			one.State = dump.StateChanged
		}
		for _, p := range f.Parts {
			if p.Sent || one.State != dump.StateSent || c.dead {
				continue
			}
			if left--; w.disk.most > 0 && left < 0 {
				one.State, one.HTTP = dump.StateRefused, 403
				continue
			}
			if w.disk.dies--; w.disk.dies == 0 {
				c.dead = true
				continue
			}
			w.take(p)
			one.Parts++
		}
		if one.State == dump.StateSent {
			one.SHA256 = strings.Repeat("5a", 32)
		}
		all = append(all, one)
	}
	return report("", all...)
}

// take is S3 that takes a part.
func (w *world) take(p dump.ManifestPart) {
	u, err := url.Parse(p.URL)
	if err != nil {
		panic(err)
	}
	w.cloud.puts[p.URL]++
	if open := w.cloud.uploads[u.Query().Get("uploadId")]; open != nil {
		open.parts[p.Number] = p.Size
	}
}

// commandsOf are the commands of a step that the host took.
func (w *world) commandsOf(step string) (n int) {
	for _, c := range w.cloud.commands {
		if c.step == step {
			n++
		}
	}
	return n
}

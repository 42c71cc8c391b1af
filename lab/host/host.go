// Package host does in simulated guests what the product's SSM documents do on hosts:
// it lists what a crash has left on the guest's disk, and sends it.
//
// The scripts in infra/hosts are the truth. What is here reads a manifest line by line as
// they do, decides as they do, and answers in the same words; a test runs the script for
// Linux and this package on the same files and compares their answers. A guest runs only
// the very script that is deployed: any other text is unknown to it.
//
// A guest is as unkind as a host. Its agent takes a script only when it is up, a restart
// ends the script without an answer, sending takes its time on the lab's clock, and one
// script sends at a time.
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"crashcart/infra/hosts"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// Hosts carries the scripts out in a fleet's simulated guests. It is safe for concurrent
// use.
type Hosts struct {
	fleet  *fleet.Fleet
	clock  clock.Clock
	client *http.Client
	bodies map[string]string // of the scripts, by their step

	mu      sync.Mutex
	asked   map[string]time.Time // the lab time that a survey's since means, by instance and text
	dated   map[fleet.File]int64 // a file's time by its host's clock, once it was said
	sending map[string]bool      // the guests in which a script sends
}

// New makes a carrier of the scripts of hosts.Collect, which the fleet is to Use.
func New(f *fleet.Fleet, c clock.Clock) (*Hosts, error) {
	text, err := hosts.Collect()
	if err != nil {
		return nil, err
	}
	var document struct {
		MainSteps []struct {
			Name   string
			Inputs struct{ RunCommand []string }
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading the document %s: %w", config.DocumentCollect, err)
	}
	h := &Hosts{
		fleet: f, clock: c, client: &http.Client{}, bodies: map[string]string{},
		asked: map[string]time.Time{}, dated: map[fleet.File]int64{}, sending: map[string]bool{},
	}
	for _, s := range document.MainSteps {
		h.bodies[s.Name] = strings.Join(s.Inputs.RunCommand, "\n") + "\n"
	}
	return h, nil
}

// Asked notes which lab time a survey of a guest means by its since. It may be carried out
// much later, when the wall clock and the lab's have gone apart.
func (h *Hosts) Asked(id, since string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked[id+" "+since] = at
}

// Shell implements fleet.Shell.
func (h *Hosts) Shell(ctx context.Context, id, script string) (fleet.ProcessResult, bool) {
	for step, body := range h.bodies {
		given, ok := strings.CutSuffix(script, body)
		if !ok {
			continue
		}
		v, err := h.fleet.Get(id)
		if err != nil {
			return failed(err.Error()), true
		}
		return h.carryOut(ctx, v, parameters(given), step == config.CollectWindows), true
	}
	return fleet.ProcessResult{}, false
}

// parameters reads the environment that the agent puts in front of a script.
func parameters(given string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(given) {
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "export "), "$env:")
		name, text, _ := strings.Cut(line, "=")
		out[strings.TrimPrefix(strings.TrimSpace(name), "SSM_")] = strings.Trim(strings.TrimSpace(text), "'")
	}
	return out
}

const (
	surveyTakes = 2 * time.Second
	startTakes  = time.Second // of a script that sends
	// chatter is how much a guest says that has too much to say, before its answer.
	chatter = 30_000
)

func (h *Hosts) carryOut(ctx context.Context, v fleet.View, given map[string]string, windows bool) fleet.ProcessResult {
	if v.Scripts == fleet.ScriptsStick {
		<-ctx.Done()
		return failed("killed")
	}
	var (
		out string
		err error
	)
	switch given[config.CollectStep] {
	case dump.StepSurvey:
		out, err = h.survey(ctx, v, given, windows)
	case dump.StepSend:
		out, err = h.send(ctx, v, given, windows)
	default:
		return failed("crashcart: there is no step of this name")
	}
	if err != nil {
		return failed(err.Error())
	}
	if v.Scripts == fleet.ScriptsChatter {
		out = strings.Repeat("Authorized uses only.\n", chatter/22) + out
	}
	return fleet.ProcessResult{Stdout: []byte(out)}
}

func failed(why string) fleet.ProcessResult {
	return fleet.ProcessResult{ExitCode: 2, Stderr: []byte(why + "\n")}
}

// survey carries out the step survey. Everything in it is lab time, but for the times of
// the files in its answer.
func (h *Hosts) survey(ctx context.Context, v fleet.View, given map[string]string, windows bool) (string, error) {
	if _, ok := number(given[config.CollectSince]); !ok {
		return "", errors.New("crashcart: since is no number")
	}
	if err := clock.Sleep(ctx, h.clock, surveyTakes); err != nil {
		return "", err
	}
	disk, err := h.disk(v.ID, func(f fleet.File) int64 { return f.Written.Unix() })
	if err != nil {
		return "", err
	}
	s := survey{
		disk: disk, places: places(given),
		since: h.since(v.ID, given[config.CollectSince]), now: h.clock.Now().Unix(),
	}
	if windows {
		s.ofWindows()
	} else {
		s.answer()
	}
	now, err := h.disk(v.ID, h.date)
	if err != nil {
		return "", err
	}
	for i := range s.files {
		f, _ := now.find(s.files[i].Path)
		s.files[i].Modified = f.Modified
	}
	if windows {
		return asJSON(s.files, s.skipped)
	}
	return surveyed(s.files, s.skipped), nil
}

// places are the folders in which the script looks. Guests have configured no others.
func places(given map[string]string) []string {
	return []string{given[config.CollectDirectory], "/var/spool/abrt"}
}

// since is the lab time that a survey's since means, in seconds.
func (h *Hosts) since(id, text string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, ok := h.asked[id+" "+text]; ok {
		return at.Unix()
	}
	seconds, _ := number(text)
	return h.clock.Lab(time.Unix(seconds, 0)).Unix()
}

// date is a file's time by its host's clock. The first time that it is said it has the
// right age, as all times that the lab reports. From there on it stays, as a file's time
// does: by it the product knows the file again.
func (h *Hosts) date(f fleet.File) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.dated[f]; !ok {
		h.dated[f] = h.clock.Report(f.Written).Unix()
	}
	return h.dated[f]
}

// disk is a guest's disk at this moment, on which everything is root's.
func (h *Hosts) disk(id string, date func(fleet.File) int64) (Disk, error) {
	files, err := h.fleet.Files(id)
	if err != nil {
		return Disk{}, err
	}
	d := Disk{Folders: map[string]Owner{}}
	for _, f := range files {
		d.Folders[folder(f.Path)] = Owner{Mode: 0o755}
		d.Files = append(d.Files, File{Path: f.Path, Size: f.Size, Modified: date(f), Owner: Owner{Mode: 0o600}, Links: 1, Content: f.Content})
	}
	return d, nil
}

// send carries out the step send.
func (h *Hosts) send(ctx context.Context, v fleet.View, given map[string]string, windows bool) (string, error) {
	seconds, ok1 := number(given[config.CollectSeconds])
	rate, ok2 := number(given[config.CollectRate])
	switch {
	case !ok1 || !ok2:
		return stopped(dump.StoppedBadRequest), nil
	case !h.lock(v.ID):
		return stopped(dump.StoppedBusy), nil
	}
	defer h.unlock(v.ID)
	if v.Uplink > 0 && (rate == 0 || rate > v.Uplink) {
		rate = v.Uplink
	}
	if err := clock.Sleep(ctx, h.clock, startTakes); err != nil {
		return "", err
	}
	s := &send{
		manifest: given[config.CollectManifest], seconds: seconds, rate: rate, client: h.client, now: h.clock.Now,
		places: places(given), windows: windows,
		disk:  func() Disk { return h.now(v.ID) },
		sleep: func(ctx context.Context, d time.Duration) error { return clock.Sleep(ctx, h.clock, d) },
	}
	return s.answer(ctx)
}

// now is a guest's disk as it sends. One that is gone has no files.
func (h *Hosts) now(id string) Disk {
	d, err := h.disk(id, h.date)
	if err != nil {
		return Disk{}
	}
	return d
}

func stopped(why string) string {
	return `{"crashcart":1,"step":"send","files":[],"stopped":` + strconv.Quote(why) + `,"seconds":0}` + "\n"
}

// lock says whether no other script sends in a guest.
func (h *Hosts) lock(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sending[id] {
		return false
	}
	h.sending[id] = true
	return true
}

func (h *Hosts) unlock(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sending, id)
}

package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxLine bounds a line of output; a longer one is cut into pieces of it.
const maxLine = 256 << 10

// errIdleDeath says that a process died before the event reached it: the event
// goes to another one.
var errIdleDeath = errors.New("the process died idle")

// process is one execution environment: a bootstrap and its Runtime API.
type process struct {
	f        *Function
	key      string // its AWS_ACCESS_KEY_ID, by which its calls are known
	cmd      *exec.Cmd
	server   *http.Server
	spawned  time.Time
	initTook time.Duration

	asked      chan struct{} // closed at the first ask for an event
	initFailed chan []byte   // the payload of init/error
	events     chan *event   // to the handler of next
	exited     chan struct{} // closed when the process is gone and reaped
	exitError  error

	mu      sync.Mutex
	current *event // being worked on
	linger  *time.Timer
}

// event is an invocation on its way through a process. Its answer has a channel
// of its own, so that nobody can take that of the event before.
type event struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan answer // from the handlers of response and error
}

type answer struct {
	payload       []byte
	functionError string
}

// start spawns a process. The caller holds f.mu and has counted it.
func (f *Function) start() (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the Runtime API: %w", err)
	}
	p := &process{
		f: f, key: f.newKey(), spawned: time.Now(),
		asked: make(chan struct{}), initFailed: make(chan []byte, 1),
		events: make(chan *event), exited: make(chan struct{}),
	}
	p.server = &http.Server{Handler: p.routes(), ReadHeaderTimeout: initTimeout}
	p.cmd = exec.CommandContext(f.ctx, f.cfg.Path, f.cfg.Args...)
	p.cmd.Env = f.environment(listener.Addr().String(), p.key)
	p.cmd.SysProcAttr = bound()
	p.cmd.WaitDelay = time.Second // a child of the bootstrap may hold the pipe open
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.cmd.Stderr = p.cmd.Stdout
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", f.cfg.Path, err), listener.Close())
	}
	f.processes[p.key] = p
	f.wg.Go(func() { _ = p.server.Serve(listener) })
	f.wg.Go(func() { p.reap(out) })
	return p, nil
}

// reap reads the output to its end, then waits for the process.
func (p *process) reap(out io.Reader) {
	lines := bufio.NewReaderSize(out, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			p.f.log(string(line))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	p.exitError = p.cmd.Wait()
	close(p.exited)
	_ = p.server.Close()
	p.mu.Lock()
	if p.linger != nil {
		p.linger.Stop()
	}
	p.mu.Unlock()
	p.f.gone(p)
}

// environment is what Lambda documents that it sets ("Defined runtime
// environment variables", AWS Lambda Developer Guide), the function's own, and
// of this process's environment only what a program needs to run at all: never
// its AWS settings, credentials or proxies. The credentials are the process's own,
// as Lambda gives every execution environment some of its role's; those in
// Config.Env take their place.
func (f *Function) environment(api, key string) []string {
	env := map[string]string{
		"PATH":                            os.Getenv("PATH"),
		"TMPDIR":                          os.TempDir(),
		"TZ":                              ":UTC",
		"_HANDLER":                        "bootstrap",
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        f.cfg.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.cfg.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.cfg.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "lab/[$LATEST]" + newRequestID(),
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_REGION":                      f.cfg.Region,
		"AWS_DEFAULT_REGION":              f.cfg.Region,
		"AWS_ACCESS_KEY_ID":               key,
		"AWS_SECRET_ACCESS_KEY":           "lab-secret",
		"AWS_SESSION_TOKEN":               "lab-session",
	}
	maps.Copy(env, f.cfg.Env)
	out := make([]string, 0, len(env))
	for name, v := range env {
		out = append(out, name+"="+v)
	}
	return out
}

// ready waits for the end of the init phase; it gives an error payload if that failed.
func (p *process) ready(ctx context.Context) []byte {
	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-p.asked:
		return nil
	case payload := <-p.initFailed:
		p.kill()
		return payload
	case <-p.exited:
		select { // it may have said why just before it exited
		case payload := <-p.initFailed:
			return payload
		default:
			return errorPayload("Runtime.ExitError", "Error: Runtime exited with "+exitText(p.exitError))
		}
	case <-timeout.C:
		p.kill()
		return errorPayload("Sandbox.Timedout", fmt.Sprintf("Error: Init timed out after %.2f seconds", initTimeout.Seconds()))
	case <-ctx.Done():
		p.kill()
		return errorPayload("Sandbox.Failure", ctx.Err().Error())
	}
}

// run hands one event over and waits for its answer.
func (p *process) run(ctx context.Context, id string, payload []byte) ([]byte, string, error) {
	timeout := time.NewTimer(p.f.cfg.Timeout)
	defer timeout.Stop()
	e := &event{id: id, payload: payload, deadline: time.Now().Add(p.f.cfg.Timeout), answer: make(chan answer, 1)}
	p.mu.Lock()
	p.current = e
	p.mu.Unlock()
	handover := p.events
	for {
		select {
		case handover <- e:
			handover = nil
		case a := <-e.answer:
			return a.payload, a.functionError, nil
		case <-p.exited:
			select {
			case a := <-e.answer:
				return a.payload, a.functionError, nil
			default:
			}
			if handover != nil {
				return nil, "", errIdleDeath
			}
			message := fmt.Sprintf("RequestId: %s Error: Runtime exited with %s", id, exitText(p.exitError))
			return errorPayload("Runtime.ExitError", message), unhandled, nil
		case <-timeout.C:
			p.kill()
			message := fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, p.f.cfg.Timeout.Seconds())
			return errorPayload("Sandbox.Timedout", message), unhandled, nil
		case <-ctx.Done():
			p.kill()
			return nil, "", fmt.Errorf("invoking %s: %w", p.f.cfg.Name, ctx.Err())
		}
	}
}

func exitText(err error) string {
	if err == nil {
		return "error: exit status 0"
	}
	return "error: " + strings.TrimSpace(err.Error())
}

// kill ends the process; reap does the rest.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

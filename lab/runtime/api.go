package runtime

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxPayload is Lambda's limit for an answer ("Lambda quotas").
const maxPayload = 6 << 20

// routes are the four of the Runtime API, version 2018-06-01.
func (p *process) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { p.answer(w, r, "") })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { p.answer(w, r, unhandled) })
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", p.initError)
	return mux
}

// next blocks until there is an event. Asking is what makes a process warm.
func (p *process) next(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.linger != nil {
		p.linger.Stop()
	}
	p.mu.Unlock()
	select {
	case <-p.asked:
		p.f.warm(p)
	default:
		// The first ask: the invocation that started this process is waiting for it.
		p.initTook = time.Since(p.spawned)
		close(p.asked)
	}
	select {
	case e := <-p.events:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", e.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(e.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.f.ARN())
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		_, _ = w.Write(e.payload)
	case <-p.exited:
	case <-r.Context().Done():
	}
}

// answer takes the response or error of the event being worked on.
func (p *process) answer(w http.ResponseWriter, r *http.Request, functionError string) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		payload = errorPayload("Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxPayload))
		functionError = unhandled
	}
	p.mu.Lock()
	e := p.current
	known := e != nil && e.id == r.PathValue("id")
	if known {
		p.current = nil
		p.linger = time.AfterFunc(lingerTimeout, p.kill)
	}
	p.mu.Unlock()
	if !known {
		status(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return
	}
	// The answer to the bootstrap goes first: an invocation that is over may end
	// the lab, and with it this connection.
	status(w, http.StatusAccepted, `{"status":"OK"}`)
	e.answer <- answer{payload: payload, functionError: functionError}
}

func (p *process) initError(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		payload = errorPayload("Runtime.InitError", err.Error())
	}
	status(w, http.StatusAccepted, `{"status":"OK"}`)
	select {
	case p.initFailed <- payload:
	default:
	}
}

func status(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

package trial

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"crashcart/lab/guest"
)

// gate is where the guest's way to S3 ends. The lab has all its services behind one
// address, and a host must not reach the others: it has no credentials of AWS's.
type gate struct {
	server    *http.Server
	transport *http.Transport
	done      chan struct{}
	store     guest.Store

	mu    sync.Mutex
	taken func(object string) // hears of every part that S3 has taken, before the guest does
}

// openGate opens one to the lab at an address. Close must be called.
func openGate(lab string) (*gate, error) {
	to, err := url.Parse(lab)
	if err != nil {
		return nil, fmt.Errorf("opening the way to S3: %w", err)
	}
	name, err := netip.ParseAddrPort(to.Host)
	if err != nil {
		return nil, fmt.Errorf("opening the way to S3: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the way to S3: %w", err)
	}
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	g := &gate{transport: &http.Transport{DisableCompression: true}, done: make(chan struct{}), store: guest.Store{Name: name, At: at}}
	g.server = &http.Server{Handler: onlyS3(g.proxy(to)), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(g.done)
		_ = g.server.Serve(listener) // ends with Close
	}()
	return g, nil
}

// Close ends all connections.
func (g *gate) Close() error {
	err := g.server.Close()
	<-g.done
	g.transport.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("closing the way to S3: %w", err)
	}
	return nil
}

// onTaken has fn called with the object's name, without its prefix, of every part that S3
// has taken.
func (g *gate) onTaken(fn func(object string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken = fn
}

func (g *gate) took(object string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.taken != nil {
		g.taken(object)
	}
}

// proxy hands requests on as they are: their host is a part of what was signed.
func (g *gate) proxy(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Transport: g.transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Host = p.In.Host
		},
		ModifyResponse: func(answer *http.Response) error {
			if answer.Request.Method == http.MethodPut && answer.StatusCode == http.StatusOK {
				g.took(path.Base(answer.Request.URL.Path))
			}
			return nil
		},
		// A guest that is reset in the midst of a part is none of our faults.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
}

// onlyS3 lets requests through that come by a URL which is signed for S3. The lab tells its
// services apart by what was signed, and by the header first.
func onlyS3(through http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || !strings.HasSuffix(r.URL.Query().Get("X-Amz-Credential"), "/s3/aws4_request") {
			http.Error(w, "a host reaches S3 by signed URLs, and nothing else", http.StatusForbidden)
			return
		}
		through.ServeHTTP(w, r)
	})
}

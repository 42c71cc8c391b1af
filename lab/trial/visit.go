package trial

import (
	"context"
	"time"

	"crashcart/lab/guest"
)

const (
	// visitEvery is how often somebody asks the guest's application for a page, as the
	// health check of a load balancer does or a user. It is what a host is there for.
	visitEvery = time.Minute
	// visitTakes is how long, on the wall, a visitor waits.
	visitTakes = 2 * time.Second
)

// visit asks the guest for a page, again and again, hung or not, for as long as ctx
// lasts. Visitors do not wait for each other.
func (r *run) visit(ctx context.Context) {
	for !r.hang.Unasked {
		select {
		case <-ctx.Done():
			return
		case <-r.lab.Clock.After(visitEvery):
		}
		r.beside.Go(func() {
			bounded, cancel := context.WithTimeout(ctx, visitTakes)
			defer cancel()
			_ = r.guest.Answers(bounded, guest.PageOnDisk) //nolint:errcheck // a visitor who gets no answer goes away
		})
	}
}

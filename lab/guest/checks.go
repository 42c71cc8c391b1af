package guest

import (
	"context"
	"fmt"
	"strings"

	"crashcart/lab/guest/link"
)

// appPort is where the guest's application listens (package image).
const appPort = 80

// The pages of the guest's application (package image).
const (
	// PageInMemory is answered without the disk, once it was read.
	PageInMemory = "/index.html"
	// PageOnDisk is answered after a write to the disk.
	PageOnDisk = "/cgi-bin/app"
)

// Connects asks the guest as a load balancer's TCP check does: it returns when the
// application's port has accepted a connection, or with an error when ctx ends before.
func (g *Guest) Connects(ctx context.Context) error {
	return g.ended(g.checks.Connect(ctx, appPort))
}

// Answers asks the guest as a load balancer's HTTP check does: it returns when a page
// was answered with 200, or with an error when it was answered otherwise, or ctx ended
// before.
func (g *Guest) Answers(ctx context.Context, page string) error {
	answer, err := g.checks.Ask(ctx, appPort, "GET "+page+" HTTP/1.0\r\nHost: "+guestIP.String()+"\r\n\r\n")
	if err != nil {
		return g.ended(err)
	}
	status, _, _ := strings.Cut(answer, "\r\n")
	if _, code, _ := strings.Cut(status, " "); !strings.HasPrefix(code, "200") {
		return fmt.Errorf("%s was answered with %q", page, status)
	}
	return nil
}

// Sent is what the guest's network card has sent since power on.
func (g *Guest) Sent() link.Sent { return g.link.Sent() }

// Counters implements fleet.Counter. QEMU counts a write when it is complete, as the
// hypervisor of EC2 does ("query-blockstats", QEMU QMP Reference Manual).
func (g *Guest) Counters(ctx context.Context) (writes, bytesSent uint64, err error) {
	var disks []struct {
		Stats struct {
			Writes uint64 `json:"wr_operations"`
		} `json:"stats"`
	}
	if err := g.monitor.Execute(ctx, "query-blockstats", nil, &disks); err != nil {
		return 0, 0, g.ended(fmt.Errorf("counting writes: %w", err))
	}
	for _, d := range disks {
		writes += d.Stats.Writes
	}
	return writes, g.Sent().Bytes, nil
}

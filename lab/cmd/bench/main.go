// Command bench measures the interrupt function and prints what it found. See
// package bench.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"crashcart/lab/bench"
)

func main() {
	o := bench.Options{Python: true, Out: os.Stdout, Note: func(text string) { fmt.Fprintln(os.Stderr, text) }}
	flag.IntVar(&o.Starts, "starts", 30, "cold starts of each candidate")
	flag.IntVar(&o.Warm, "warm", 500, "warm answers of each candidate")
	flag.IntVar(&o.Alarms, "alarms", 1000, "alarms through the queue")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o bench.Options) error {
	if flag.NArg() > 0 || o.Starts < 1 || o.Warm < 1 || o.Alarms < 1 {
		return fmt.Errorf("starts, warm and alarms are numbers above zero, and there is nothing else to give; see --help")
	}
	return bench.Run(ctx, o)
}

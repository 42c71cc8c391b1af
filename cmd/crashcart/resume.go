package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/casebook"
)

func newResume() *cobra.Command {
	var s stack
	c := &cobra.Command{
		Use:   "resume",
		Short: "Allow interrupts again after a pause",
		Long: `Release the lever that crashcart pause has pulled, and say since when it was
pulled, by whom and why. Triggers that were refused meanwhile do not come back.
If somebody else pulls the lever at the same moment, it stays pulled. The table
is found in the same way as by crashcart pause.

The exit code is 0 when the lever is released, even if it was released before.
It is 1 when the lever is still pulled, or that is not certain (check it with
crashcart status). It is 2 when the command was called wrongly.`,
		Example: "  crashcart resume",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			book, err := s.book(c.Context())
			if err != nil {
				return untouched(err)
			}
			return s.advise(resume(c, s.place(), book))
		},
	}
	s.tableFlags(c)
	return c
}

func resume(c *cobra.Command, place string, book *casebook.Book) error {
	was, err := book.Release(c.Context())
	p := screen.New(c.OutOrStdout(), time.Now())
	if errors.Is(err, casebook.ErrPulledAgain) {
		p.Text("Still paused in " + place + ",")
		p.Text(pulled(p, was))
	}
	if err != nil {
		uncertain(c)
		return err
	}
	if !was.Pulled {
		p.Text("The lever in " + place + " was not pulled: nothing to release.")
		return p.Err()
	}
	p.Text("Resumed in " + place + ".")
	p.Text("It was paused " + pulled(p, was))
	return p.Err()
}

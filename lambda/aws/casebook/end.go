package casebook

import (
	"context"
	"errors"
	"fmt"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
)

// ByFollowup is who has closed a case that the follow-up has ended.
const ByFollowup = "follow-up"

// maxClosedWhy bounds the reason of a closing, in bytes. The finding itself has more.
const maxClosedWhy = 1000

// End closes a case that has come to its finding, as CloseCase closes one by hand, and
// gives it as it is then. ended says that this call has closed it. A case that is closed
// already, or that needs no closing, is given as it is.
func (b *Book) End(ctx context.Context, r cases.Record) (now cases.Record, ended bool, err error) {
	for tries := 1; ; tries++ {
		if !r.Follows() {
			return r, ended, nil
		}
		if !r.Followup.Concluded() {
			return r, false, fmt.Errorf("ending case %s: it has no finding", r.ID)
		}
		err := b.writeClosing(ctx, r, Closing{CaseID: r.ID, By: ByFollowup, Reason: closedWhy(r.Followup)})
		if err != nil && (tries == closeTries || !changed(err)) {
			return r, false, fmt.Errorf("ending case %s: %w", r.ID, err)
		}
		if ended = err == nil; !ended {
			if stop := wait(ctx, tries); stop != nil {
				return r, false, fmt.Errorf("ending case %s: %w", r.ID, errors.Join(err, stop))
			}
		}
		fresh, err := b.CaseByID(ctx, r.ID)
		if err != nil {
			return r, ended, err
		}
		r = fresh
	}
}

// closedWhy is the reason of a closing by the follow-up. It has no text of the guest that
// was not made printable before.
func closedWhy(f cases.Followup) string {
	why := string(f.Finding)
	if f.Why != "" {
		why += ": " + f.Why
	}
	if f.Doubt != "" {
		why += " (" + f.Doubt + ")"
	}
	return printable.Line(why, maxClosedWhy)
}

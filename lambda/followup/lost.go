package followup

import (
	"context"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// losing are the steps of a case that has lost the result of its send. The sweep makes
// them as well, so that people know of it even when no execution can be started.
var losing = []step{
	{"settle the lost claim", lost, settleLost},
	{"notify of the lost claim", news(cases.NewsLost, wasLost), tell(cases.NewsLost)},
}

// lostAfter is how old a claim without a result must be to count as lost: the interrupt
// function has ended by then, and a minute more lets clocks differ.
const lostAfter = config.FunctionTimeout + time.Minute

func lost(t task) bool {
	return t.r.State == cases.StateClaimed && t.now.Sub(t.r.ClaimedAt) > lostAfter
}

// wasLost says that the follow-up has settled the case, and no result came since.
func wasLost(t task) bool { return t.r.State == cases.StateUnknown && !t.r.Followup.LostAt.IsZero() }

// settleLost settles a case whose function has ended without a result.
func settleLost(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	return h.Book.Lose(ctx, t.r)
}

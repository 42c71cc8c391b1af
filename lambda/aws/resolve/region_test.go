package resolve_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/instance"
)

func (a *account) unreachable(t *testing.T, id string) instance.Unreachable {
	t.Helper()
	return known(t, a.resolver().First(t.Context(), refs(id))[0].Unreachable)
}

func TestUnreachableSinceTheEarliestFailure(t *testing.T) {
	a := newAccount(3)
	since := noon.Add(-7 * time.Minute)
	a.impair(id(1), noon.Add(-time.Minute), since, noon.Add(-2*time.Minute))
	a.impair(id(2)) // AWS does not say since when
	if u := a.unreachable(t, id(0)); u.Failing || !u.Since.IsZero() || len(u.Region) != 2 || u.Cut {
		t.Errorf("the healthy one is %+v", u)
	}
	if u := a.unreachable(t, id(1)); !u.Failing || !u.Since.Equal(since) {
		t.Errorf("the failing one is %+v", u)
	}
	if u := a.unreachable(t, id(2)); !u.Failing || !u.Since.IsZero() {
		t.Errorf("the one failing since nobody knows is %+v", u)
	}
}

func TestListOfTheUnreachableStopsPastTheLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		lately, longDead int
		pages            int
		cut              bool
	}{
		"below the limit":              {lately: 8, pages: 2},
		"at the limit":                 {lately: 10, pages: 2},
		"at it, with long dead ones":   {lately: 10, longDead: 10, pages: 4},
		"past it, on the last page":    {lately: 12, pages: 2},
		"past it":                      {lately: 40, pages: 2, cut: true},
		"long dead ones do not count":  {longDead: 40, pages: 7},
		"but neither do they hide any": {lately: 12, longDead: 40, pages: 2, cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(tt.lately + tt.longDead)
			a.pageSize = 6
			for i := range tt.lately + tt.longDead {
				since := noon.Add(-instance.RegionWindow)
				if i >= tt.lately {
					since = since.Add(-time.Second)
				}
				a.impair(id(i), since)
			}
			u := a.unreachable(t, id(0))
			if n := a.countPages("DescribeInstanceStatus"); u.Cut != tt.cut || n != tt.pages {
				t.Errorf("cut %v after %d pages, want %v after %d", u.Cut, n, tt.cut, tt.pages)
			}
			if got := u.Lately(noon); !tt.cut && got != tt.lately {
				t.Errorf("%d became unreachable lately, want %d", got, tt.lately)
			}
			if past := u.Lately(noon) > regionLimit; past != (tt.lately > regionLimit) {
				t.Errorf("past the limit: %v, with %d", past, tt.lately)
			}
		})
	}
}

func TestUnreachableSinceNobodyKnowsCountsAsLately(t *testing.T) {
	u := instance.Unreachable{Region: map[string]time.Time{id(0): {}, id(1): noon.Add(-instance.RegionWindow - time.Second), id(2): noon}}
	if n := u.Lately(noon); n != 2 {
		t.Errorf("%d became unreachable lately, want 2", n)
	}
}

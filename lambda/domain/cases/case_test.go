package cases_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

const host = "i-0a1b2c3d4e5f60718"

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestACaseIDIsTheSameForEveryDelivery(t *testing.T) {
	// An execution's name and an S3 prefix: nothing in it needs escaping.
	fit := regexp.MustCompile(`^i-[0-9a-f]{17}-[0-9a-f]{16}$`)
	key := "alarm/arn:aws:cloudwatch:eu-central-1:111122223333:alarm:web: \u202e/../x//2026-03-02T08:15:30Z"
	id := cases.ID(host, key)
	if !fit.MatchString(id) || id != cases.ID(host, key) {
		t.Errorf("%q", id)
	}
	for _, other := range []string{cases.ID(host, key+"1"), cases.ID("i-0fedcba9876543210", key)} {
		if other == id {
			t.Errorf("two episodes have the id %q", id)
		}
	}
}

func TestADryRunNeverBlocksForLong(t *testing.T) {
	live, dry := cases.Case{ClaimedAt: noon}, cases.Case{ClaimedAt: noon, DryRun: true}
	if until := live.OpenUntil(); !until.Equal(noon.Add(config.OpenFor)) {
		t.Errorf("a case is open until %s", until)
	}
	if until := live.SlotUntil(); !until.Equal(noon.Add(cases.BudgetWindow)) {
		t.Errorf("its slot is taken until %s", until)
	}
	if open, slot := dry.OpenUntil(), dry.SlotUntil(); open.After(noon.Add(5*time.Minute)) || slot.After(noon.Add(5*time.Minute)) || !open.After(noon.Add(config.FunctionTimeout)) {
		t.Errorf("a dry run is open until %s, its slot is taken until %s", open, slot)
	}
}

func TestALostClaimNamesItsCase(t *testing.T) {
	lost, ok := errors.AsType[*cases.LostError](fmt.Errorf("claiming: %w", &cases.LostError{Cause: cases.CauseOpen, CaseID: host + "-1"}))
	if !ok || lost.Error() != "the claim was lost: open (case "+host+"-1)" {
		t.Errorf("%v", lost)
	}
	if got := (&cases.LostError{Cause: cases.CauseLever}).Error(); got != "the claim was lost: lever" {
		t.Errorf("%q", got)
	}
}

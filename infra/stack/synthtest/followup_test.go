package synthtest

import (
	"fmt"
	"testing"

	"crashcart/infra/stack/stacktest"
)

// A throttled step waits, and a case that is throttled for minutes is closed as unproven.
func TestABiggerBudgetNeverThrottlesTheFollowup(t *testing.T) {
	for budget, want := range map[int]string{3: "5", 50: "15", 1000: "205"} {
		context := fmt.Sprintf(`{"settings": {"CRASHCART_BUDGET": "%d"}}`, budget)
		fn := stacktest.Synth(t, context).One(t, "AWS::Lambda::Function", "FunctionName", "crashcart-followup")
		if got := fmt.Sprint(fn.Properties["ReservedConcurrentExecutions"]); got != want {
			t.Errorf("with a budget of %d it has %s of its own, want %s", budget, got, want)
		}
	}
}

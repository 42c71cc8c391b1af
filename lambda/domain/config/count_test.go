package config_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/config"
)

func TestTheCountNeedsTheTableAndNothingElse(t *testing.T) {
	got, err := config.CountFromEnv([]string{
		config.EnvTable + "=crashcart-casebook", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "PATH=/usr/bin", "nonsense",
	})
	want := config.Count{Table: "crashcart-casebook", Region: "eu-central-1", Endpoint: "http://127.0.0.1:1"}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// A budget that is set here would seem to do something.
func TestAllProblemsOfTheCountAreNamedAtOnce(t *testing.T) {
	for _, c := range []struct{ env, want []string }{
		{nil, []string{
			"CRASHCART_TABLE is missing: DynamoDB table of the casebook",
			"AWS_REGION is empty: Lambda sets it, elsewhere it must be given",
		}},
		{[]string{"CRASHCART_TABLE=", "CRASHCART_TABEL=a", "CRASHCART_BUDGET=3", "AWS_REGION=eu-central-1"}, []string{
			"CRASHCART_TABLE is empty: give it a value, or leave it away",
			"CRASHCART_BUDGET is not a setting of the count",
			"CRASHCART_TABEL is not a setting of the count",
		}},
		{[]string{"CRASHCART_TABLE=case book", "AWS_REGION="}, []string{
			`CRASHCART_TABLE="case book": must be a name without blanks`,
			"AWS_REGION is empty: Lambda sets it, elsewhere it must be given",
		}},
	} {
		_, err := config.CountFromEnv(c.env)
		if want := strings.Join(c.want, "\n"); err == nil || err.Error() != want {
			t.Errorf("%q:\n%v\nwant\n%s", c.env, err, want)
		}
	}
}

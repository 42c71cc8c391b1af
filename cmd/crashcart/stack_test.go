package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/cloudformation"
	"crashcart/lab/fault"
	"crashcart/lambda/domain/config"
)

// asked are the calls that reached the lab since the last time, without those of the
// function.
func (w *world) asked() []string {
	var all []string
	for _, c := range w.lab.Calls()[w.seen:] {
		if c.Caller == w.env["AWS_ACCESS_KEY_ID"] {
			all = append(all, c.Operation)
		}
	}
	w.seen = len(w.lab.Calls())
	return all
}

func TestTheStackIsAskedOnceAndOnlyForWhatIsNotGiven(t *testing.T) {
	w := newWorld(t, 3, lab.Options{}, lab.Function{})
	find := func(args ...string) int {
		t.Helper()
		r := w.run(args...)
		calls := w.asked()
		if r.code != 0 || len(calls) == 0 {
			t.Errorf("crashcart %q: exit %d, calls %q\n%s%s", args, r.code, calls, r.stdout, r.stderr)
		}
		n := len(slices.DeleteFunc(slices.Clone(calls), func(op string) bool { return op != "DescribeStacks" }))
		if n > 0 && calls[0] != "DescribeStacks" {
			t.Errorf("crashcart %q: calls %q", args, calls)
		}
		return n
	}
	dryRun := func(n int) []string { return []string{"interrupt", host(n), "--reason", "x", "--dry-run"} }
	for _, args := range [][]string{
		{"pause", "--reason", "x"},
		{"status"},
		{"resume"},
		{"cases"},
		{"resume", "--stack", config.StackName},
		{"pause", "--reason", "x", "--stack", w.lab.Stacks.ID(config.StackName)},
		{"resume"},
		dryRun(0),
	} {
		if n := find(args...); n != 1 {
			t.Errorf("crashcart %q has asked for the stack %d times, want once", args, n)
		}
	}
	given := [][]string{{"pause", "--reason", "x", "--table", table}, {"resume", "--table", table}, append(dryRun(1), "--function", function)}
	w.env[config.EnvTable] = table
	w.env[envStack] = "nowhere" // the table is nearer
	given = append(given, []string{"pause", "--reason", "x"}, []string{"resume"}, []string{"cases"})
	for _, args := range given {
		if n := find(args...); n != 0 {
			t.Errorf("crashcart %q has asked for the stack", args)
		}
	}
	w.env[envStack] = config.StackName // interrupt does not use the table's name
	if n := find(dryRun(2)...); n != 1 {
		t.Errorf("interrupt has asked for the stack %d times, want once", n)
	}
}

// Notifications have commands to copy that give --region alone (lambda/aws/notify).
func TestTheCommandsOfANotificationWorkAsTheyAre(t *testing.T) {
	w := newWorld(t, 2, lab.Options{}, lab.Function{})
	delete(w.env, "AWS_REGION")
	delete(w.env, "AWS_DEFAULT_REGION")
	r := w.want(0, "interrupted", "interrupt", host(0), "--region", "eu-central-1", "--reason", "say why", "--yes")
	_, id, _ := strings.Cut(r.stdout, "case      ")
	id, _, _ = strings.Cut(id, "\n")
	w.want(0, "1 case", "status", "--region", "eu-central-1")
	w.want(0, id, "cases", "--region", "eu-central-1")
	w.want(0, "state     interrupted", "case", id, "--region", "eu-central-1")
	w.want(0, "Closed case "+id, "case", "close", id, "--region", "eu-central-1", "--reason", "nothing was sent")
	w.want(0, "was not pulled", "resume", "--region", "eu-central-1")
	w.want(1, "cooldown", "interrupt", host(0), "--region", "eu-central-1", "--force", "cooldown", "--reason", "say why", "--yes")
	w.want(0, "dry-run", "interrupt", host(1), "--region", "eu-central-1", "--dry-run", "--reason", "dry-run")
}

// The lever of one stack must never be taken for that of another.
func TestTheLeverIsNeverPulledInATableThatWasNotMeant(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	w.lab.Stacks.Put(cloudformation.Stack{Name: "Staging", Outputs: map[string]string{
		config.OutputTable: "Staging-Casebook0A1B2C3D-KQ7ZV0XW2R4T", config.OutputRegion: "eu-central-1",
	}})
	staging := "there is no table Staging-Casebook0A1B2C3D-KQ7ZV0XW2R4T in eu-central-1"
	w.env[config.EnvTable] = table
	w.want(1, staging, "pause", "--reason", "x", "--stack", "Staging") // the command line is nearer than the environment
	delete(w.env, config.EnvTable)
	w.env[envStack] = "Staging"
	w.want(1, staging, "pause", "--reason", "x")
	w.want(1, "there is no table crashcart in", "pause", "--reason", "x", "--table", "crashcart")
	for _, args := range [][]string{{"status", "--stack", config.StackName}, {"status", "--table", table}} {
		if r := w.want(0, table, args...); !strings.Contains(r.stdout, "released") {
			t.Errorf("crashcart %q:\n%s", args, r.stdout)
		}
	}
}

func TestALookupThatFailsSaysWhatToDoAndTouchesNothing(t *testing.T) {
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	full := map[string]string{config.OutputTable: table, config.OutputFunction: function, config.OutputRegion: "eu-central-1"}
	for _, status := range []string{"REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"} {
		name := "S-" + strings.ReplaceAll(status, "_", "-")
		w.lab.Stacks.Put(cloudformation.Stack{Name: name, Status: status, Outputs: full})
		if status == "DELETE_COMPLETE" { // its name does not find it
			w.want(1, "there is no stack "+name+" in eu-central-1", "pause", "--reason", "x", "--stack", name)
			name = w.lab.Stacks.ID(name)
		}
		w.want(1, "the lever is as it was: the stack "+name+" in eu-central-1 is not deployed ("+status+"): name another with --stack, or the table with --table or CRASHCART_TABLE",
			"pause", "--reason", "x", "--stack", name)
	}
	w.lab.Stacks.Put(cloudformation.Stack{Name: "Other", Outputs: map[string]string{"Table": table, config.OutputTable: ""}})
	w.lab.Stacks.Put(cloudformation.Stack{Name: "Far", Outputs: map[string]string{config.OutputTable: table, config.OutputRegion: "us-east-1"}})
	for says, args := range map[string][]string{
		"crashcart: the lever is as it was: there is no stack nowhere in eu-central-1: name it with --stack, its Region with --region, or the table with --table or CRASHCART_TABLE": {"pause", "--reason", "x", "--stack", "nowhere"},
		"the lever is as it was: there is no stack Crashcart in us-east-1":                                                                                          {"resume", "--region", "us-east-1"},
		"crashcart: nothing was sent: there is no stack nowhere in eu-central-1: name it with --stack, its Region with --region, or the function with --function\n": {"interrupt", host(0), "--reason", "x", "--yes", "--stack", "nowhere"},
		"the stack Other in eu-central-1 (CREATE_COMPLETE) has no output TableName: is it Crashcart's? Name yours with --stack, or the table with --table":          {"pause", "--reason", "x", "--stack", "Other"},
		"has no output FunctionName: is it Crashcart's? Name yours with --stack, or the function with --function\n":                                                 {"interrupt", host(0), "--reason", "x", "--yes", "--stack", "Other"},
		"the stack Far was found in eu-central-1 and says that it works in us-east-1: give --region us-east-1":                                                      {"pause", "--reason", "x", "--stack", "Far"},
		"the stack a b in eu-central-1 cannot be looked up: name the table with --table or CRASHCART_TABLE, and it need not be: ":                                   {"status", "--stack", "a b"},
		"there is no stack nowhere in eu-central-1: name it with --stack, its Region with --region, or the table":                                                   {"explain", "testdata/session.txt", "--live", "--stack", "nowhere"},
	} {
		w.want(1, says, args...)
	}
	for _, op := range w.asked() {
		if op != "DescribeStacks" {
			t.Errorf("%s was called", op)
		}
	}
}

// While a stack is updated or deleted its function is at work, and must be stoppable.
func TestAStackThatIsChangingCanBePaused(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	for _, status := range []string{"UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_IN_PROGRESS", "DELETE_FAILED", "IMPORT_COMPLETE"} {
		w.lab.Stacks.Put(cloudformation.Stack{Name: config.StackName, Status: status, Outputs: map[string]string{config.OutputTable: table}})
		w.want(0, "Paused in eu-central-1 (account 111122223333, table", "pause", "--reason", "x")
		w.want(0, "Resumed in eu-central-1 (account 111122223333, table", "resume")
	}
}

// answering has CloudFormation answer with an error.
func (w *world) answering(status int, code, message string) {
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Service != "cloudformation" {
			return next(c)
		}
		return fault.Answer{Status: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: []byte("<ErrorResponse><Error><Type>Sender</Type><Code>" + code +
			"</Code><Message>" + message + "</Message></Error><RequestId>1</RequestId></ErrorResponse>")}
	}))
}

func TestADeniedLookupIsToldToNameTheTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	for _, c := range []struct {
		status        int
		code, message string
		says          string
	}{
		{
			403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: cloudformation:DescribeStacks on resource: x",
			"your credentials may not cloudformation:DescribeStacks in eu-central-1, to find the stack Crashcart: name the table with --table or CRASHCART_TABLE, and it is not needed",
		},
		{403, "AccessDenied", "no", "your credentials may not CloudFormation DescribeStacks in eu-central-1, to find"},
		{403, "ExpiredToken", "The security token included in the request is expired", "cannot be looked up: name the table with --table or CRASHCART_TABLE, and it need not be: AWS does not accept your credentials: renew them"},
		{403, "InvalidClientTokenId", "The security token included in the request is invalid", "AWS does not accept your credentials: renew them"},
		{403, "SignatureDoesNotMatch", "no", "AWS does not accept your credentials: renew them"},
		{400, "Throttling", "Rate exceeded", "the stack Crashcart in eu-central-1 cannot be looked up: name the table with --table"},
		{503, "ServiceUnavailable", "no", "the stack Crashcart in eu-central-1 cannot be looked up: name the table with --table"},
	} {
		w.answering(c.status, c.code, c.message)
		if r := w.want(1, c.says, "pause", "--reason", "x"); !strings.Contains(r.stderr, "the lever is as it was: ") {
			t.Errorf("%s: %s", c.code, r.stderr)
		}
	}
	w.want(1, "name the function with --function, and it need not be", "interrupt", host(0), "--reason", "x", "--yes")
	// As the error advises:
	w.want(0, "dry-run", "interrupt", host(0), "--reason", "x", "--dry-run", "--function", function)
	w.want(0, "Paused", "pause", "--reason", "x", "--table", table)
}

// A connection that hangs must not keep a person from the lever who could name the
// table.
func TestALookupThatHangsEndsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	over := make(chan struct{})
	defer close(over)
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Service == "cloudformation" {
			<-over
		}
		return next(c)
	}))
	began := time.Now()
	w.want(1, "cannot be looked up: name the table with --table or CRASHCART_TABLE", "pause", "--reason", "x")
	if took := time.Since(began); took < 3*time.Second || took > 8*time.Second {
		t.Errorf("it took %s to give up, five seconds are promised", took)
	}
}

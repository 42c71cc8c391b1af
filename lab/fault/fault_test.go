package fault_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fault"
)

// service counts what reached it.
type service struct {
	mu    sync.Mutex
	calls []fault.Call
	body  string
}

func (s *service) do(c fault.Call) fault.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	return fault.Answer{Status: http.StatusOK, Body: []byte(s.body)}
}

func (s *service) reached() int { return len(s.calls) }

func set(faults ...fault.Fault) *fault.Set {
	s := &fault.Set{}
	s.Use(faults...)
	return s
}

func transaction(n int) fault.Call {
	body := `{"TransactItems":[` + strings.TrimSuffix(strings.Repeat(`{"Put":{}},`, n), ",") + `]}`
	return fault.Call{Service: fault.DynamoDB, Operation: "TransactWriteItems", Caller: "a", Body: []byte(body)}
}

func TestWithoutFaultsEveryCallGoesThroughUnchanged(t *testing.T) {
	s, f := &service{body: "answer"}, set()
	a := f.Serve(transaction(2), s.do)
	if string(a.Body) != "answer" || a.Lost || s.reached() != 1 || string(s.calls[0].Body) != string(transaction(2).Body) {
		t.Errorf("answer %+v, reached %+v", a, s.calls)
	}
}

func TestTheFirstFaultIsNearestToTheCaller(t *testing.T) {
	var order []string
	note := func(name string) fault.Fault {
		return fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
			order = append(order, name)
			return next(c)
		})
	}
	set(note("first"), note("second")).Serve(transaction(1), (&service{}).do)
	if !slices.Equal(order, []string{"first", "second"}) {
		t.Errorf("order %v", order)
	}
}

func TestAConflictNeverAppliesAnything(t *testing.T) {
	s, f := &service{}, set(fault.NewConflicts(20, 1))
	struck := 0
	for range 1000 {
		a := f.Serve(transaction(5), s.do)
		if a.Status == http.StatusOK {
			continue
		}
		struck++
		var e struct {
			Type    string                  `json:"__type"`
			Reasons []struct{ Code string } `json:"CancellationReasons"`
		}
		if err := json.Unmarshal(a.Body, &e); err != nil {
			t.Fatal(err)
		}
		guilty := 0
		for _, r := range e.Reasons {
			if r.Code == "TransactionConflict" {
				guilty++
			} else if r.Code != "None" {
				t.Fatalf("reason %q", r.Code)
			}
		}
		if !strings.HasSuffix(e.Type, "#TransactionCanceledException") || len(e.Reasons) != 5 || guilty != 1 {
			t.Fatalf("answer %s", a.Body)
		}
	}
	if struck < 150 || struck > 250 || s.reached() != 1000-struck {
		t.Errorf("%d of 1000 conflicted, %d were applied", struck, s.reached())
	}
	if set(fault.NewConflicts(100, 1)).Serve(fault.Call{Service: fault.DynamoDB, Operation: "GetItem"}, s.do).Status != http.StatusOK {
		t.Error("a GetItem conflicted")
	}
}

func TestTheSameSeedGivesTheSameDraws(t *testing.T) {
	draws := func(seed uint64) string {
		var b strings.Builder
		f, s := set(fault.NewThrottle(fault.DynamoDB, 20, seed)), &service{}
		for range 200 {
			b.Write(f.Serve(transaction(3), s.do).Body)
		}
		return b.String()
	}
	first, again := draws(1), draws(1)
	if first != again || first == draws(2) {
		t.Error("the draws do not follow the seed")
	}
}

func TestDynamoDBThrottlesInEveryWayThatItHas(t *testing.T) {
	f, s, seen := set(fault.NewThrottle(fault.DynamoDB, 100, 1)), &service{}, map[string]bool{}
	for range 100 {
		var e struct {
			Type string `json:"__type"`
		}
		a := f.Serve(transaction(2), s.do)
		if err := json.Unmarshal(a.Body, &e); err != nil || a.Status != http.StatusBadRequest {
			t.Fatalf("%d %s: %v", a.Status, a.Body, err)
		}
		seen[e.Type] = true
		if strings.Contains(e.Type, "Canceled") && !strings.Contains(string(a.Body), `"ThrottlingError"`) {
			t.Fatalf("answer %s", a.Body)
		}
	}
	if len(seen) != 3 || s.reached() != 0 {
		t.Errorf("%v, and %d went through", seen, s.reached())
	}
	if set(fault.NewThrottle(fault.DynamoDB, 100, 1)).Serve(fault.Call{Service: fault.S3}, s.do).Status != http.StatusOK {
		t.Error("S3 was throttled")
	}
	if a := set(fault.NewThrottle(fault.EC2, 100, 1)).Serve(fault.Call{Service: fault.EC2}, s.do); a.Status != http.StatusServiceUnavailable {
		t.Errorf("EC2 answered %d", a.Status)
	}
	if a := set(fault.NewThrottle(fault.S3, 100, 1)).Serve(fault.Call{Service: fault.S3}, s.do); a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), "<Code>SlowDown</Code>") {
		t.Errorf("S3 answered %d %s", a.Status, a.Body)
	}
	if a := set(fault.NewThrottle(fault.SSM, 100, 1)).Serve(fault.Call{Service: fault.SSM}, s.do); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), `"ThrottlingException"`) {
		t.Errorf("Systems Manager answered %d %s", a.Status, a.Body)
	}
}

func TestBucketsHoldAndFillAsEC2Documents(t *testing.T) {
	for name, c := range map[string]struct {
		call         fault.Call
		size, second int
	}{
		"mutating":           {fault.Call{Operation: "SendDiagnosticInterrupt", Body: []byte("InstanceId=i-0")}, 50, 5},
		"non-mutating":       {fault.Call{Operation: "GetConsoleOutput", Body: []byte("InstanceId=i-0")}, 100, 20},
		"by filter":          {fault.Call{Operation: "DescribeInstances", Body: []byte("Filter.1.Name=instance-id")}, 100, 20},
		"by id":              {fault.Call{Operation: "DescribeInstanceStatus", Body: []byte("InstanceId.1=i-0")}, 100, 20},
		"in pages":           {fault.Call{Operation: "DescribeInstanceStatus", Body: []byte("MaxResults=5")}, 100, 20},
		"everything at once": {fault.Call{Operation: "DescribeInstances", Body: []byte("Action=DescribeInstances")}, 50, 10},
	} {
		t.Run(name, func(t *testing.T) {
			c.call.Service = fault.EC2
			lab := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
			f, s := set(fault.NewBuckets(lab, 100)), &service{}
			through := func() int {
				n := s.reached()
				for range 300 {
					if a := f.Serve(c.call, s.do); a.Status != http.StatusOK &&
						(a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), "<Code>RequestLimitExceeded</Code>")) {
						t.Fatalf("%d %s", a.Status, a.Body)
					}
				}
				return s.reached() - n
			}
			if got := through(); got != c.size {
				t.Errorf("a full bucket let %d through, want %d", got, c.size)
			}
			lab.Advance(time.Second)
			if got := through(); got != c.second {
				t.Errorf("a second later %d more, want %d", got, c.second)
			}
			lab.Advance(time.Hour)
			if got := through(); got != c.size {
				t.Errorf("an hour later %d more, want %d", got, c.size)
			}
		})
	}
}

func TestOthersLeaveAShareOfABucket(t *testing.T) {
	lab := clock.NewManual(time.Now())
	f, s := set(fault.NewBuckets(lab, 20)), &service{}
	for _, want := range []int{20, 4} {
		before := s.reached()
		for range 100 {
			f.Serve(fault.Call{Service: fault.EC2, Operation: "GetConsoleOutput"}, s.do)
		}
		if got := s.reached() - before; got != want {
			t.Errorf("%d went through, want %d", got, want)
		}
		lab.Advance(time.Second)
	}
}

func TestOneAPIsBucketIsNotAnothers(t *testing.T) {
	f, s := set(fault.NewBuckets(clock.NewManual(time.Now()), 100)), &service{}
	for _, op := range []string{"GetConsoleOutput", "GetConsoleScreenshot"} {
		for range 100 {
			if f.Serve(fault.Call{Service: fault.EC2, Operation: op}, s.do).Status != http.StatusOK {
				t.Fatalf("%s was throttled by the other's calls", op)
			}
		}
	}
	if f.Serve(fault.Call{Service: fault.SSM, Operation: "GetConsoleOutput"}, s.do).Status != http.StatusOK {
		t.Error("another service was throttled")
	}
}

func TestALostAnswerIsOfACallThatWasCarriedOut(t *testing.T) {
	s, f := &service{}, set(fault.NewLostAnswers(fault.DynamoDB, "TransactWriteItems", 70, 1))
	lost := 0
	for range 1000 {
		if f.Serve(transaction(1), s.do).Lost {
			lost++
		}
	}
	if s.reached() != 1000 || lost < 650 || lost > 750 {
		t.Errorf("%d carried out, %d lost", s.reached(), lost)
	}
	if f := set(fault.NewLostAnswers(fault.DynamoDB, "", 100, 1)); !f.Serve(fault.Call{Service: fault.DynamoDB, Operation: "Query"}, s.do).Lost ||
		f.Serve(fault.Call{Service: fault.S3}, s.do).Lost {
		t.Error("the wrong answers are lost")
	}
}

func TestAnOutageCarriesNothingOut(t *testing.T) {
	s, f := &service{}, set(fault.Outage{Service: fault.SNS})
	if a := f.Serve(fault.Call{Service: fault.SNS}, s.do); !a.Lost || s.reached() != 0 {
		t.Errorf("%+v, %d carried out", a, s.reached())
	}
	if f.Serve(fault.Call{Service: fault.S3}, s.do).Lost {
		t.Error("S3 is away, too")
	}
}

func TestAFaultCanBeLiftedWhileTheLabRuns(t *testing.T) {
	s, f := &service{}, set(fault.Outage{Service: fault.SNS})
	f.Use()
	if f.Serve(fault.Call{Service: fault.SNS}, s.do).Lost {
		t.Error("the outage goes on")
	}
}

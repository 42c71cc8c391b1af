package fault_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"crashcart/lab/fault"
)

// TestEachCallerDiesOfOneCall races callers that make several deadly calls each.
func TestEachCallerDiesOfOneCall(t *testing.T) {
	var (
		mu     sync.Mutex
		killed = map[string]int{}
		done   = map[string]int{}
	)
	k := &fault.Killer{
		Times:   20,
		Watched: func(c fault.Call) bool { return c.Operation == "deadly" },
		Deadly:  func(_ fault.Call, a fault.Answer) bool { return a.Status == http.StatusOK },
		Kill: func(caller string) bool {
			mu.Lock()
			defer mu.Unlock()
			killed[caller]++
			return true
		},
	}
	carryOut := func(c fault.Call) fault.Answer {
		mu.Lock()
		defer mu.Unlock()
		done[c.Caller]++
		return fault.Answer{Status: http.StatusOK}
	}
	f := set(k)
	var wg sync.WaitGroup
	for n := range 20 {
		for range 5 {
			wg.Go(func() {
				if a := f.Serve(fault.Call{Caller: fmt.Sprint(n), Operation: "deadly"}, carryOut); !a.Lost {
					t.Errorf("caller %d got an answer", n)
				}
			})
		}
	}
	wg.Wait()
	for n := range 20 {
		if id := fmt.Sprint(n); killed[id] != 1 || done[id] != 1 {
			t.Errorf("caller %d was killed %d times, and %d of its calls were carried out", n, killed[id], done[id])
		}
	}
	if a := f.Serve(fault.Call{Caller: "3", Operation: "harmless"}, carryOut); !a.Lost || done["3"] != 1 {
		t.Error("a dead caller's call was carried out")
	}
	if a := f.Serve(fault.Call{Caller: "new", Operation: "deadly"}, carryOut); a.Lost || k.Killed() != 20 {
		t.Errorf("%d were killed, and another one", k.Killed())
	}
}

func TestAFailedCallKillsNobody(t *testing.T) {
	k := &fault.Killer{
		Times: 1, Watched: func(fault.Call) bool { return true },
		Deadly: func(_ fault.Call, a fault.Answer) bool { return a.Status == http.StatusOK },
		Kill: func(string) bool {
			t.Error("killed")
			return true
		},
	}
	refused := func(fault.Call) fault.Answer { return fault.Answer{Status: http.StatusBadRequest} }
	if a := set(k).Serve(fault.Call{Caller: "a"}, refused); a.Lost || a.Status != http.StatusBadRequest {
		t.Errorf("answer %+v", a)
	}
}

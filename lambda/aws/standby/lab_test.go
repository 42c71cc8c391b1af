package standby_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	labscaling "crashcart/lab/autoscaling"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
	"crashcart/lambda/aws/standby"
)

// scene is a frozen member of a group, which dumps for five minutes once it is
// interrupted, and the SDK's client of Auto Scaling's lab.
type scene struct {
	fleet  *fleet.Fleet
	clock  *clock.Manual
	client *autoscaling.Client
	losing atomic.Bool // the next answer is lost on its way
}

func newScene(t *testing.T) *scene {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	s := &scene{fleet: fleet.New(c), clock: c}
	if err := errors.Join(
		s.fleet.AddGroup(fleet.Group{Name: "web"}),
		s.fleet.Add(fleet.Spec{ID: hung, Type: "m6i.large", Group: "web", DumpTakes: 5 * time.Minute}),
		s.fleet.Hang(hung, fleet.Frozen, 0),
	); err != nil {
		t.Fatal(err)
	}
	lab := labscaling.New(s.fleet, c, "eu-central-1", "111122223333")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.losing.Swap(false) {
			lab.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		pace.Handler(lab).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	s.client = autoscaling.New(autoscaling.Options{
		Region: "eu-central-1", BaseEndpoint: &srv.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	return s
}

// interrupt sends the hung host its interrupt, protects it if on, and lets the
// time pass in which it dumps. It gives the host as it is then.
func (s *scene) interrupt(t *testing.T, on bool) (fleet.View, standby.Result) {
	t.Helper()
	s.clock.Advance(20 * time.Minute) // nobody sees that it is frozen
	if err := s.fleet.Interrupt(hung); err != nil {
		t.Fatal(err)
	}
	r := standby.Keeper{API: s.client, On: on, Region: "eu-central-1"}.Keep(t.Context(), hung, member("InService"))
	s.clock.Advance(6 * time.Minute)
	v, err := s.fleet.Get(hung)
	if err != nil {
		t.Fatal(err)
	}
	return v, r
}

func TestAHostIsLostInItsDumpUnlessItIsProtected(t *testing.T) {
	s := newScene(t)
	v, r := s.interrupt(t, false)
	if v.State != "terminated" || len(v.Dumps) > 0 || r.Kept {
		t.Errorf("without: %s with dumps %q, %+v", v.State, v.Dumps, r)
	}
	if all := s.fleet.Replacements(); len(all) != 1 || !all[0].DumpLost {
		t.Errorf("without: %+v", all)
	}

	s = newScene(t)
	v, r = s.interrupt(t, true)
	if v.State != "running" || v.Phase != "up" || len(v.Dumps) != 1 || v.Lifecycle != "Standby" || !r.Kept {
		t.Errorf("with: %s, %s, %s with dumps %q, %+v", v.State, v.Phase, v.Lifecycle, v.Dumps, r)
	}
	all := s.fleet.Replacements()
	if len(all) != 1 || all[0].Terminated || all[0].By == "" {
		t.Errorf("with: %+v", all)
	}
}

func TestAnAnswerThatIsLostNeverHidesStandby(t *testing.T) {
	s := newScene(t)
	s.losing.Store(true)
	v, r := s.interrupt(t, true)
	if v.Lifecycle != "Standby" || len(v.Dumps) != 1 || r.Kept || !strings.Contains(r.Why, maybe) || len(r.Undo) != 2 {
		t.Errorf("%s with dumps %q, and it says %+v", v.Lifecycle, v.Dumps, r)
	}
	if n := len(s.fleet.Replacements()); n != 1 {
		t.Errorf("asked again, the group launched %d members", n)
	}
}

func TestTheServicesRefusalIsPassedOn(t *testing.T) {
	s := newScene(t)
	if err := s.fleet.SetLifecycle(hung, "Terminating:Wait"); err != nil { // since the facts were asked for
		t.Fatal(err)
	}
	_, r := s.interrupt(t, true)
	if want := `says "The instance ` + hung + ` is not in InService." (ValidationError)`; r.Kept || r.Undo != nil || !strings.Contains(r.Why, want) {
		t.Errorf("%+v", r)
	}
}

package standby_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

const hung, other = "i-0a1b2c3d4e5f60718", "i-0a1b2c3d4e5f60719"

// scaling is Auto Scaling with one group, web, whose members are all in service.
// troubles are what becomes of one request each, in order.
type scaling struct {
	troubles []trouble

	mu     sync.Mutex
	asked  int
	others []string // what it was asked for besides moving hung without decrementing
	moved  map[string]bool
}

// trouble is what goes wrong with a request: the error that it is answered with,
// after the request was taken or instead of that, or no answer until ctx ends or,
// deaf, not even then.
type trouble struct {
	err   error
	taken bool
	mute  bool
	deaf  chan struct{}
	panic bool
}

func problem(code, message string) error {
	return &smithy.OperationError{ServiceID: "Auto Scaling", OperationName: "EnterStandby", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

var (
	refusedDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	reset       = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
)

func (s *scaling) EnterStandby(ctx context.Context, in *autoscaling.EnterStandbyInput, opts ...func(*autoscaling.Options)) (*autoscaling.EnterStandbyOutput, error) {
	var o autoscaling.Options
	for _, set := range opts {
		set(&o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if _, once := o.Retryer.(aws.NopRetryer); !once {
		s.others = append(s.others, "the SDK's own retries")
	}
	if aws.ToString(in.AutoScalingGroupName) != "web" || len(in.InstanceIds) != 1 || in.InstanceIds[0] != hung ||
		in.ShouldDecrementDesiredCapacity == nil || *in.ShouldDecrementDesiredCapacity {
		s.others = append(s.others, strings.Join(in.InstanceIds, ","))
	}
	var t trouble
	if s.asked <= len(s.troubles) {
		t = s.troubles[s.asked-1]
	}
	if t.panic {
		panic("a nil map")
	}
	if t.err == nil || t.taken {
		if s.moved[in.InstanceIds[0]] {
			return nil, problem("ValidationError", "The instance "+in.InstanceIds[0]+" is not in InService.")
		}
		s.moved = map[string]bool{in.InstanceIds[0]: true}
	}
	if t.deaf != nil {
		<-t.deaf
	}
	if t.mute {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &autoscaling.EnterStandbyOutput{}, t.err
}

func member(state string) fact.Of[instance.Group] {
	return fact.Known(instance.Group{Kind: instance.GroupAutoScaling, Name: "web", Lifecycle: state, Members: []instance.Member{{ID: hung}, {ID: other}}})
}

func TestOnlyAnInServiceMemberIsMovedAndNothingElseTouched(t *testing.T) {
	for name, c := range map[string]struct {
		off   bool
		id    string
		group fact.Of[instance.Group]
		want  string // in the sentence; empty for an instance that is moved
	}{
		"in service":         {group: member("InService")},
		"switched off":       {off: true, group: member("InService"), want: "CRASHCART_PROTECT"},
		"in no group":        {group: fact.Known(instance.Group{}), want: "in no Auto Scaling group"},
		"in a tag group":     {group: fact.Known(instance.Group{Kind: instance.GroupTag, Name: "web", Lifecycle: "InService"}), want: "in no Auto Scaling group"},
		"in a target group":  {group: fact.Known(instance.Group{Kind: instance.GroupTargets, Name: "web", Lifecycle: "InService"}), want: "in no Auto Scaling group"},
		"group not asked":    {want: "not asked yet"},
		"group not known":    {group: fact.Failed[instance.Group](errors.New("throttled")), want: "throttled"},
		"group without name": {group: fact.Known(instance.Group{Kind: instance.GroupAutoScaling, Lifecycle: "InService"}), want: "in no Auto Scaling group"},
		"not listed":         {group: member(""), want: "does not list it"},
		"on standby":         {group: member("Standby"), want: "in Standby before"},
		"on its way there":   {group: member("EnteringStandby"), want: "EnteringStandby"},
		"launching":          {group: member("Pending:Wait"), want: "Pending:Wait"},
		"terminating":        {group: member("Terminating:Wait"), want: "may take it before it has dumped"},
		"detaching":          {group: member("Detaching"), want: "Detaching"},
		"in a warm pool":     {group: member("Warmed:Running"), want: "Warmed:Running"},
		"nearly in service":  {group: member("inservice"), want: "inservice"},
		"no instance":        {id: " ", group: member("InService"), want: "no instance id"},
		"everything":         {id: "*", group: member("InService"), want: "no instance id"},
	} {
		t.Run(name, func(t *testing.T) {
			api := &scaling{}
			id := c.id
			if id == "" {
				id = hung
			}
			r := standby.Keeper{API: api, On: !c.off}.Keep(t.Context(), id, c.group)
			moves := c.want == ""
			if r.Kept != moves || api.moved[hung] != moves || len(r.Undo) > 0 != moves || api.asked > 0 != moves {
				t.Errorf("kept %v, moved %v, asked %d times, undo %q", r.Kept, api.moved, api.asked, r.Undo)
			}
			if r.Why == "" || !strings.Contains(r.Why, c.want) {
				t.Errorf("it says %q, without %q", r.Why, c.want)
			}
			if len(api.others) > 0 {
				t.Errorf("asked for something else: %q", api.others)
			}
		})
	}
}

const (
	kept  = "kept"
	not   = "not kept"
	maybe = "may or may not be in Standby"
)

func TestWhatBecameOfTheCallIsNeverOverstated(t *testing.T) {
	busy := trouble{err: problem("ResourceContention", "pending update")}
	lost := trouble{err: reset, taken: true}
	refused := problem("ValidationError", "The instance "+hung+" is not in InService.")
	always := func(t trouble) []trouble { // for longer than there is time
		var all []trouble
		for range 100 {
			all = append(all, t)
		}
		return all
	}
	for name, c := range map[string]struct {
		troubles []trouble
		want     string
		says     string
		asked    int // 0 for as often as there is time
	}{
		"accepted":                     {nil, kept, "put into Standby in its group web", 1},
		"denied":                       {always(trouble{err: problem("AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/x is not authorized")}), not, "tag crashcart", 1},
		"refused":                      {always(trouble{err: refused}), not, `says "The instance ` + hung + ` is not in InService." (ValidationError)`, 1},
		"refused at length":            {always(trouble{err: problem("ValidationError", strings.Repeat("no ", 999))}), not, `no no..." (ValidationError)`, 1},
		"refused with escapes":         {always(trouble{err: problem("ValidationError", "a\x1b[31m\r\nb\u202ec")}), not, `says "a [31m bc" (ValidationError)`, 1},
		"credentials gone":             {always(trouble{err: problem("ExpiredToken", "")}), not, "credentials had expired", 1},
		"busy, then accepted":          {[]trouble{busy, busy}, kept, "put into Standby", 3},
		"busy for ever":                {always(busy), not, "(ResourceContention): the group has another update pending", 0},
		"throttled, then accepted":     {[]trouble{{err: problem("Throttling", "Rate exceeded")}}, kept, "put into Standby", 2},
		"unreachable, then accepted":   {[]trouble{{err: refusedDial}}, kept, "put into Standby", 2},
		"unreachable":                  {always(trouble{err: refusedDial}), not, "not reached in time", 0},
		"taken, the answer lost":       {[]trouble{lost}, maybe, "is not in InService", 2},
		"not taken, the answer lost":   {[]trouble{{err: reset}}, kept, "put into Standby", 2},
		"answers lost for ever":        {always(trouble{err: reset}), maybe, "no clear answer", 0},
		"no answer":                    {always(trouble{mute: true}), maybe, "deadline exceeded", 1},
		"an internal failure":          {always(trouble{err: problem("InternalFailure", "we"), taken: true}), maybe, "no clear answer", 2},
		"a code nobody knows, refused": {[]trouble{{err: problem("Novelty", "?")}, {err: problem("AccessDenied", "no")}}, maybe, "no clear answer", 2},
		"busy, then no answer":         {append([]trouble{busy}, always(trouble{mute: true})...), maybe, "no clear answer", 2},
		"the client panics":            {always(trouble{panic: true}), maybe, "panicked", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &scaling{troubles: c.troubles}
				start := time.Now()
				r := standby.Keeper{API: api, On: true}.Keep(t.Context(), hung, member("InService"))
				if took := time.Since(start); took > standby.Bound {
					t.Errorf("it took %s", took)
				}
				api.mu.Lock() // a request that was given up may still be on its way out
				defer api.mu.Unlock()
				got := map[bool]string{true: kept, false: not}[r.Kept]
				if strings.Contains(r.Why, maybe) {
					got = maybe
				}
				if got != c.want || !strings.Contains(r.Why, c.says) {
					t.Errorf("%s, and it says %q, without %q", got, r.Why, c.says)
				}
				if len(r.Undo) > 0 != (got != not) {
					t.Errorf("undo %q for an instance that is %s", r.Undo, got)
				}
				if got == not && api.moved[hung] {
					t.Error("it is in Standby and nobody learns of it")
				}
				if c.asked == 0 && api.asked < 3 || c.asked > 0 && api.asked != c.asked {
					t.Errorf("asked %d times, want %d", api.asked, c.asked)
				}
				if len(api.others) > 0 {
					t.Errorf("asked for something else: %q", api.others)
				}
			})
		})
	}
}

func TestAnAPIThatDoesNotListenNeverHoldsUpTheCase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := make(chan struct{})
		defer close(deaf)
		start := time.Now()
		r := standby.Keeper{API: &scaling{troubles: []trouble{{deaf: deaf}}}, On: true}.Keep(t.Context(), hung, member("InService"))
		if took := time.Since(start); took != standby.Bound || r.Kept || len(r.Undo) != 2 || !strings.Contains(r.Why, maybe) {
			t.Errorf("after %s: %+v", took, r)
		}
	})
}

func TestWhereNoTimeIsLeftNothingIsAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	api := &scaling{}
	if r := (standby.Keeper{API: api, On: true}).Keep(ctx, hung, member("InService")); api.asked > 0 || r.Kept || r.Undo != nil || !strings.Contains(r.Why, "not reached in time") {
		t.Errorf("asked %d times: %+v", api.asked, r)
	}
}

func TestAKeeperWithoutAPINeverPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if r := (standby.Keeper{On: true}).Keep(t.Context(), hung, member("InService")); r.Kept || r.Why == "" {
			t.Errorf("%+v", r)
		}
	})
}

package demo

import (
	"context"
	"fmt"
	"time"

	"crashcart/lab"
	"crashcart/lab/clock"
	"crashcart/lab/sns"
	"crashcart/lambda/domain/config"
)

// beat is something that happens at a moment of the story. With afterHero it also
// waits until the hero was interrupted.
type beat struct {
	at        time.Duration
	afterHero bool
	do        func(context.Context, *stage) error
}

const heartbeat = "crashcart-heartbeat-"

// What else asks in the story, as the decisions name it.
const (
	workers   = "crashcart-workers"
	busyCPU   = "crashcart-cpu-" + web1
	latency   = "crashcart-latency-" + web2
	status    = "crashcart-status-" + cache1
	onCall    = "the engineer on call"
	byText    = "text"
	byFiring  = "attribute"
	checkoutA = "crashcart-checkout"
)

// opening is how long the first act takes, in which nothing is protected.
const opening = 20 * time.Second

// script returns what happens when.
func script() []beat {
	beats := []beat{
		{0, false, raise("a heartbeat is missing; the stack's option protect is off", missing(mail1))},
		{opening, false, protect},
		{opening, false, raise("a heartbeat is missing; protect is on, as shipped in auto", missing(auth1))},
	}
	for _, b := range story() {
		b.at += opening
		beats = append(beats, b)
	}
	return beats
}

// missing is the alarm of a host whose heartbeat is not there any more.
func missing(name string) lab.Alarm {
	return lab.Alarm{Name: heartbeat + name, Missing: true, Instances: []string{name}}
}

// story is the main act. Its second half names instances in every other way there
// is.
func story() []beat {
	const s = time.Second
	return []beat{
		{0, false, raise("a heartbeat is missing", missing(web2))},
		{25 * s, false, raise("CPU above 95 %", lab.Alarm{Name: busyCPU, Metric: "CPUUtilization", Instances: []string{web1}})},
		{50 * s, false, raise("metric math over two hosts", lab.Alarm{Name: workers, Missing: true, Instances: []string{arm1, db1}})},
		{90 * s, false, raise("a heartbeat is missing", missing(pay1))},
		{110 * s, false, raise("a heartbeat is missing", missing(job1))}, // before the hero, while it boots on any machine
		{150 * s, true, again("SQS delivers the same event a second time", heartbeat+web2)},
		{170 * s, true, raise("another alarm for the same hang", lab.Alarm{Name: latency, Namespace: "Shop", Metric: "Latency", Instances: []string{web2}})},
		{230 * s, false, raise("AWS's reachability check fails", lab.Alarm{Name: status, Instances: []string{cache1}})},
		{250 * s, false, raise("an alarm about a whole Auto Scaling group", lab.Alarm{Name: checkoutA, Missing: true, Group: checkout})},
		{270 * s, false, raise("a heartbeat is missing", missing(gone1))},
		{290 * s, false, ask("tries what was held as a dry run", `"dryRun":true`, pay1)},
		{310 * s, true, ask("asks for what is under way", `"force":["unresponsive","cooldown"]`, web2)},

		{325 * s, true, raise("a composite alarm; its child is the heartbeat", lab.Alarm{Name: "crashcart-shop-down", Children: []string{heartbeat + web2}})},
		{340 * s, false, raise("a target of the load balancer is unhealthy", lab.Alarm{Name: "crashcart-unhealthy-api", TargetGroup: balanced.group.Name})},
		{352 * s, false, raise("one contributor of an alarm over the fleet", lab.Alarm{Name: "crashcart-any-silent", Contributor: map[string]string{"InstanceId": arm1}})},
		{364 * s, false, raise("an anomaly, through SNS", lab.Alarm{Name: "crashcart-odd-" + arm1, Metric: "CPUUtilization", Anomaly: true, Instances: []string{arm1}, Via: lab.ViaSNS})},
		{376 * s, false, raise("by the alarm's own Lambda action", lab.Alarm{Name: "crashcart-action-" + db1, Instances: []string{db1}, Via: lab.ViaLambda})},
		{388 * s, false, publish("a line of text from Slack, through SNS", func(ids map[string]string) (string, map[string]sns.Attribute) {
			return "interrupt " + ids[pay1] + " because the shop is down", nil
		})},
		{400 * s, false, publish("Alertmanager: firing", alertmanager("firing"))},
		{412 * s, false, publish("Alertmanager: resolved", alertmanager("resolved"))},
		{424 * s, false, raise("an alarm under a mute rule", lab.Alarm{Name: "crashcart-muted", Instances: []string{web1}, Muted: true})},
		{436 * s, false, deliver("an alarm over a log query", logAlarm)},
		{448 * s, false, deliver("Auto Scaling terminates an instance", lifecycle)},
	}
}

// expectation is what must come of one trigger for one instance. Passes that ended
// "later" do not count, nor do order and repeats.
type expectation struct {
	trigger string // the alarm's name, or who asked
	name    string
	ends    []string // "outcome rule"
}

// expectations are what must come of every trigger.
func expectations() []expectation {
	all := []expectation{
		{heartbeat + web2, web2, []string{"interrupted unresponsive", "duplicate episode"}},
		{heartbeat + mail1, mail1, []string{"interrupted unresponsive"}},
		{heartbeat + auth1, auth1, []string{"interrupted unresponsive"}},
		{latency, web2, []string{"duplicate episode"}},
		{"crashcart-shop-down", web2, []string{"duplicate episode"}},
		{busyCPU, web1, []string{"refused unresponsive"}},
		{workers, arm1, []string{"refused supported"}},
		{workers, db1, []string{"refused opted-in"}},
		{heartbeat + pay1, pay1, []string{"held asked"}},
		{heartbeat + job1, job1, []string{"refused unresponsive"}},
		{status, cache1, []string{"refused quiet"}},
		{heartbeat + gone1, gone1, []string{"refused known"}},
		{onCall, pay1, []string{"dry-run unresponsive"}},
		{onCall, web2, []string{"duplicate episode"}},
		{"crashcart-unhealthy-api", db1, []string{"refused opted-in"}},
		{"crashcart-any-silent", arm1, []string{"refused supported"}},
		{"crashcart-odd-" + arm1, arm1, []string{"refused supported"}},
		{"crashcart-action-" + db1, db1, []string{"refused opted-in"}},
		{byText, pay1, []string{"held asked"}},
		{byFiring, db1, []string{"refused opted-in"}},
	}
	for _, m := range members() {
		all = append(all, expectation{checkoutA, m.name, []string{"refused group"}})
	}
	return all
}

// ignored are the reasons for which messages of the story must be ignored.
func ignored() []string { return []string{"auto-scaling", "muted", "no-instance", "resolved"} }

// raise is a beat in which an alarm goes into ALARM. Its instances are given by name.
func raise(what string, a lab.Alarm) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		s.show(Event{Kind: KindAlarm, Alarm: a.Name, Names: a.Instances, Text: what})
		var ids []string
		for _, n := range a.Instances {
			ids = append(ids, s.ids[n])
		}
		a.Instances = ids
		if n, ok := a.Contributor["InstanceId"]; ok {
			a.Contributor = map[string]string{"InstanceId": s.ids[n]}
		}
		raised, err := s.lab.RaiseAlarm(a)
		s.raised[a.Name] = raised
		return err
	}
}

// protect is the beat in which the stack is deployed again, now with its option
// protect on as it is shipped. It first lets everything end that is under way.
func protect(ctx context.Context, s *stage) error {
	for s.waiting() > 0 {
		if err := clock.Sleep(ctx, s.lab.Clock, time.Second); err != nil {
			return err
		}
	}
	return s.deploy(config.ProtectAuto)
}

// again is a beat in which an alarm's event is delivered once more.
func again(what, alarm string) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		s.show(Event{Kind: KindAlarm, Alarm: alarm, Names: []string{hero}, Text: what})
		s.lab.Redeliver(s.raised[alarm])
		return nil
	}
}

// ask is a beat in which the engineer on call invokes the function directly.
func ask(what, extra, name string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		s.show(Event{Kind: KindMessage, Alarm: onCall, Names: []string{name}, Text: what + ": " + name})
		payload := fmt.Sprintf(`{"instanceIds":[%q],"reason":"it does not answer","requestedBy":%q,"at":%q,%s}`,
			s.ids[name], onCall, time.Now().UTC().Format(time.RFC3339), extra)
		result, err := s.lab.Invoke(ctx, []byte(payload))
		if err == nil && result.FunctionError != "" {
			err = fmt.Errorf("the function failed: %s", result.Payload)
		}
		return err
	}
}

// publish is a beat in which a message is published to the intake topic.
func publish(what string, message func(ids map[string]string) (string, map[string]sns.Attribute)) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		text, attributes := message(s.ids)
		s.show(Event{Kind: KindMessage, Alarm: "SNS", Text: what})
		_, err := s.lab.Topic.Publish(text, "", attributes)
		return err
	}
}

// alertmanager is a notification about db-1 as Alertmanager publishes it: the host
// is in the attributes, and the text is not for machines.
func alertmanager(status string) func(map[string]string) (string, map[string]sns.Attribute) {
	return func(ids map[string]string) (string, map[string]sns.Attribute) {
		return "Alerts: HostSilent " + ids[web1], map[string]sns.Attribute{
			"instance_id": {Type: "String", Value: ids[db1]}, "status": {Type: "String", Value: status},
		}
	}
}

// deliver is a beat in which an event comes through EventBridge.
func deliver(what string, event func(*stage) string) func(context.Context, *stage) error {
	return func(_ context.Context, s *stage) error {
		s.show(Event{Kind: KindMessage, Alarm: "EventBridge", Text: what})
		s.lab.Queue.Send(event(s), nil, 0)
		return nil
	}
}

// logAlarm is the event of an alarm over a log query, which has no metrics ("Alarm
// events and EventBridge", Amazon CloudWatch User Guide).
func logAlarm(s *stage) string {
	now := time.Now().UTC()
	return fmt.Sprintf(`{"version":"0","id":"2","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch",`+
		`"account":%[1]q,"time":%[2]q,"region":%[3]q,"resources":["arn:aws:cloudwatch:%[3]s:%[1]s:alarm:crashcart-errors"],`+
		`"detail":{"alarmName":"crashcart-errors","state":{"value":"ALARM","reason":"17 errors","timestamp":%[4]q},`+
		`"configuration":{"queryString":"fields @message","logGroupIdentifiers":["/shop/checkout"]}}}`,
		s.lab.Account, now.Format(time.RFC3339), s.lab.Region, now.Format("2006-01-02T15:04:05.000-0700"))
}

// lifecycle is the event of a lifecycle hook, which says nothing of why
// ("EC2 Instance-terminate Lifecycle Action", Amazon EC2 Auto Scaling User Guide).
func lifecycle(s *stage) string {
	return fmt.Sprintf(`{"version":"0","id":"1","detail-type":"EC2 Instance-terminate Lifecycle Action","source":"aws.autoscaling",`+
		`"account":%q,"time":%q,"region":%q,"resources":[],"detail":{"LifecycleHookName":"wait","AutoScalingGroupName":%q,`+
		`"EC2InstanceId":%q,"LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING"}}`,
		s.lab.Account, time.Now().UTC().Format(time.RFC3339), s.lab.Region, checkout, s.ids[web1])
}

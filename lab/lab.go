// Package lab is everything that stands in for AWS on one machine: EC2 with
// guests that hang, crash and dump (package fleet), Systems Manager, Auto
// Scaling, Elastic Load Balancing, CloudWatch, SNS, SQS, DynamoDB, S3,
// CloudFormation's word of the stack, Step Functions, and Lambda running the real
// bootstraps.
//
// All services are behind one address on loopback. The service name in the request's
// signature says which is meant, so that ordinary AWS clients need nothing but
// AWS_ENDPOINT_URL; S3 clients use path-style. Only S3 checks signatures, since a host has
// nothing but presigned URLs.
//
// Time runs Options.Speed times as fast as on the wall. What the lab reports
// is still right to a reader of the wall clock; package clock says how. Two things have
// to be rewritten for it: package sqs names one, and the type aging the other.
//
// Every call is recorded, refused ones too: Calls and Subscribe. What reached a
// guest is recorded by the fleet: Fleet.Interrupts and Fleet.Harms.
//
// What goes wrong on the way to a service is asked of Options.Faults and, while the
// lab runs, of Lab.Faults: see package fault.
//
// The lab is never imported by code that is deployed.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crashcart/lab/autoscaling"
	"crashcart/lab/clock"
	"crashcart/lab/cloudformation"
	"crashcart/lab/cloudwatch"
	"crashcart/lab/dynamodb"
	"crashcart/lab/ec2"
	"crashcart/lab/elb"
	"crashcart/lab/fault"
	"crashcart/lab/fleet"
	"crashcart/lab/host"
	"crashcart/lab/s3"
	"crashcart/lab/sns"
	"crashcart/lab/sqs"
	"crashcart/lab/ssm"
	"crashcart/lab/states"
)

// Options say how the lab is set up. The zero value is a lab in real time.
type Options struct {
	Speed   float64     // lab seconds per second; default 1
	Clock   clock.Clock // instead of a scaled clock, for tests
	Region  string      // default eu-central-1
	Account string      // default 111122223333
	Table   string      // default crashcart
	Bucket  string      // default crashcart-evidence
	Queue   string      // default crashcart-intake; its dead-letter queue has "-dead" after it
	Topic   string      // default crashcart-intake; the one whose subscription is raw has "-raw" after it

	Notifications string // the topic for notifications of decisions; default crashcart-notifications
	Followup      string // the follow-up's function, its queue and its state machine; default crashcart-followup

	Visibility time.Duration // of the queue, in lab time; default 3 min
	MaxReceive int           // deliveries before the dead-letter queue; default 5
	Duplicate  bool          // deliver every message twice
	Twice      bool          // have the state machine invoke its function twice at every step

	// Faults are what goes wrong from the beginning; see Lab.Faults.
	Faults []fault.Fault

	// Latency is waited, on the wall, before every answer. Without it calls that
	// are made side by side may seem sequential, which matters to Rounds.
	Latency time.Duration
}

// Lab is a running lab. It is safe for concurrent use.
type Lab struct {
	URL         string // of the endpoint
	Region      string
	Account     string
	TableName   string
	BucketName  string
	Clock       clock.Clock
	Fleet       *fleet.Fleet
	Balancer    *elb.Handler
	Groups      *autoscaling.Handler
	Alarms      *cloudwatch.Handler
	Stacks      *cloudformation.Handler // has config.StackName with its outputs
	Commands    *ssm.Handler            // Systems Manager; documents of one's own are added to it
	Topic       *sns.Topic              // publishes to Queue, in an envelope
	RawTopic    *sns.Topic              // likewise, without
	Queue       *sqs.Queue
	DeadLetters *sqs.Queue
	Table       *dynamodb.Handler
	Store       *s3.Store
	Faults      *fault.Set // what goes wrong, to be changed at any time

	Notifications *sns.Topic // notifications of decisions; nothing is subscribed

	FollowupQueue *sqs.Queue // cases that are to be followed
	FollowupDead  *sqs.Queue // its dead letters
	Machine       *states.Service

	followup string // the name of the follow-up's function
	latency  time.Duration
	server   *http.Server
	done     chan struct{}
	calls    recorder
	sweeping sweeper
	aging    *aging
	hosts    *host.Hosts

	mu        sync.Mutex
	series    int                       // how many functions were deployed
	functions map[*sqs.Queue]deployment // by the queue whose messages they get
	ended     map[string]time.Time      // the sessions of processes that were killed
}

// Start starts a lab on a free port of 127.0.0.1. Close must be called.
func Start(o Options) (*Lab, error) {
	o = o.filled()
	l := &Lab{
		Region: o.Region, Account: o.Account, TableName: o.Table, BucketName: o.Bucket, Clock: o.Clock,
		latency: o.Latency, done: make(chan struct{}), Faults: &fault.Set{}, followup: o.Followup, functions: map[*sqs.Queue]deployment{}, ended: map[string]time.Time{},
	}
	l.Faults.Use(o.Faults...)
	l.Fleet = fleet.New(o.Clock)
	l.Balancer = elb.New(l.Fleet, o.Clock, o.Region, o.Account)
	l.Groups = autoscaling.New(l.Fleet, o.Clock, o.Region, o.Account)
	l.Commands = ssm.New(l.Fleet, o.Clock, o.Account)
	l.Alarms = cloudwatch.New(l.Fleet, o.Clock, o.Region, o.Account)
	l.Stacks = cloudformation.New(o.Clock, o.Region, o.Account)
	l.Queue, l.DeadLetters = o.queue(o.Queue)
	l.FollowupQueue, l.FollowupDead = o.queue(o.Followup)
	l.Machine = states.New(states.Config{Name: o.Followup, Region: o.Region, Account: o.Account, Clock: o.Clock, Invoke: l.invokeTask, Twice: o.Twice})
	l.Topic, l.RawTopic = sns.New(o.Topic, o.Region, o.Account), sns.New(o.Topic+"-raw", o.Region, o.Account)
	l.Topic.Subscribe(l.Queue, false)
	l.RawTopic.Subscribe(l.Queue, true)
	l.Notifications = sns.New(o.Notifications, o.Region, o.Account)
	var err error
	if l.Table, err = dynamodb.New(o.Table); err != nil {
		return nil, err
	}
	l.aging = &aging{clock: o.Clock, written: map[string]map[string]moment{}, read: map[string]moment{}}
	l.Table.Subscribe(l.aging.changed)
	if l.Store, err = s3.New(o.Bucket); err != nil {
		return nil, err
	}
	if err := l.collecting(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	l.URL = "http://" + listener.Addr().String()
	l.Stacks.Put(l.stack(functionName))
	l.server = &http.Server{Handler: l.endpoint(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(l.done)
		_ = l.server.Serve(listener) // ends with Close
	}()
	return l, nil
}

// queue makes a queue and its dead-letter queue.
func (o Options) queue(name string) (queue, dead *sqs.Queue) {
	c := sqs.Config{Name: name + "-dead", Region: o.Region, Account: o.Account}
	dead = sqs.NewQueue(o.Clock, c)
	c.Name, c.Visibility, c.MaxReceive, c.Duplicate, c.DeadLetter = name, o.Visibility, o.MaxReceive, o.Duplicate, dead
	return sqs.NewQueue(o.Clock, c), dead
}

func (o Options) filled() Options {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&o.Region, "eu-central-1"},
		{&o.Account, "111122223333"},
		{&o.Table, "crashcart"},
		{&o.Bucket, "crashcart-evidence"},
		{&o.Queue, "crashcart-intake"},
		{&o.Topic, "crashcart-intake"},
		{&o.Notifications, "crashcart-notifications"},
		{&o.Followup, "crashcart-followup"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if o.Clock == nil {
		o.Clock = clock.NewScaled(o.Speed)
	}
	if o.Visibility == 0 {
		o.Visibility = 3 * time.Minute
	}
	if o.MaxReceive == 0 {
		o.MaxReceive = 5
	}
	return o
}

// endpoint routes every request to its service, recorded.
func (l *Lab) endpoint() http.Handler {
	services := map[string]http.Handler{
		"ec2":         ec2.New(l.Fleet, l.Clock, l.Account),
		"ssm":         asking{l.Commands, l.hosts, l.aging},
		"autoscaling": l.Groups,
		"sqs":         sqs.NewHandler(l.Queue, l.DeadLetters, l.FollowupQueue, l.FollowupDead),
		"sns":         sns.NewHandler(l.Topic, l.RawTopic, l.Notifications),
		"dynamodb":    l.Table,
		"s3":          l.signed(),
		"monitoring":  l.Alarms, // CloudWatch
		"lambda":      lambdaAPI{l},
		"states":      l.Machine, // Step Functions

		"cloudformation":       l.Stacks,
		"elasticloadbalancing": l.Balancer,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := service(r)
		h := services[name]
		if h == nil {
			http.Error(w, "the lab has no service "+name, http.StatusNotImplemented)
			return
		}
		l.record(name, h, w, r)
	})
}

// service is the SigV4 signing name in a request's header or query.
func service(r *http.Request) string { return scope(r)[3] }

// caller is the access key id that signed a request.
func caller(r *http.Request) string { return scope(r)[0] }

// scope reads the five parts of a signature's credential, which are empty if it has
// none: access key id, date, Region, service, aws4_request ("Create a signed AWS API
// request", AWS Identity and Access Management User Guide).
func scope(r *http.Request) []string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return make([]string, 5)
	}
	return parts
}

// QueueURL is the intake queue's address.
func (l *Lab) QueueURL() string { return l.Queue.URL(l.URL) }

// Env is the environment of a bootstrap or program that is to talk to the lab.
func (l *Lab) Env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL":      l.URL,
		"AWS_REGION":            l.Region,
		"AWS_DEFAULT_REGION":    l.Region,
		"AWS_ACCESS_KEY_ID":     labKey,
		"AWS_SECRET_ACCESS_KEY": labSecret,
		"AWS_SESSION_TOKEN":     labToken,
	}
}

// Config is an SDK configuration for the lab. S3 clients must set UsePathStyle.
func (l *Lab) Config() aws.Config {
	return aws.Config{
		Region:       l.Region,
		BaseEndpoint: aws.String(l.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: labKey, SecretAccessKey: labSecret, SessionToken: labToken}, nil
		}),
	}
}

// Close ends the sweep, the queues' polling, the executions, the functions' processes,
// the endpoint and commands on their way, and waits until nothing of them is left.
// Machines are not its own.
func (l *Lab) Close() error {
	l.sweeping.close()
	l.mu.Lock()
	functions := l.functions
	l.functions = map[*sqs.Queue]deployment{}
	l.mu.Unlock()
	for _, d := range functions {
		d.close()
	}
	err := l.server.Close()
	<-l.done
	l.Machine.Close()
	l.Commands.Close()
	l.Fleet.Close()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("closing the endpoint: %w", err)
	}
	return nil
}

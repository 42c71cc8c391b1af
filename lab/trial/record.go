package trial

import (
	"slices"
	"time"
)

// Record is what came of a trial: what was seen from outside, and what was true.
type Record struct {
	Trial       Trial
	Release     string // of the kernel
	CommandLine string // what its kernel was started with
	Steps       []Step
	LivesFrom   time.Duration // since power on: it is up, and keeps its own times as the lab does
	HungAt      time.Duration // since power on
	DecidedAt   time.Duration // since power on
	Speed       float64       // lab seconds in a second
	Samples     []Sample      // of the hypervisor's counters, if it was probed
	Before      *Answers      // to a probe, of the healthy guest
	Hung        *Answers      // soon after it hung
	Late        *Answers      // just before the interrupt
	Capture     *bool         // whether ARP answered while the capture kernel worked
	Decisions   []Decision
	Stages      []Stage
	Again       int   // interrupts after the first
	Back        bool  // it came back by itself
	Case        *Case // as the follow-up has closed it
	Cut         bool  // it was reset while it sent its dump
	Home        *Home // what the bucket has of it
	Files       []File
	Console     []byte        // up to the end of the crash, before a reset or the reading back
	SentAt      int           // how much of the console there was when the interrupt was sent, in bytes
	CPU         time.Duration // of QEMU
	Memory      int64         // of QEMU, at most, in bytes
}

// Step is a part of a trial, with the time that it took on the wall.
type Step struct {
	Name string
	Took time.Duration
}

// Stage is a stage of the crash as the console proves it.
type Stage struct {
	Name  string
	After time.Duration // the interrupt, on the wall
	Line  string        // that proves it, without colours; none of StageSent
}

// File is a file that the crash left below /var/crash.
type File struct {
	Name   string
	Size   int64 // bytes
	SHA256 string
}

// names are the stages' names in their order.
func (r *Record) names() []string {
	var names []string
	for _, s := range r.Stages {
		names = append(names, s.Name)
	}
	return names
}

// Minute is the minute of the lab, from the hang on, in which the final decision came.
func (r *Record) Minute() float64 {
	return (r.DecidedAt - r.HungAt).Minutes() * r.Speed
}

// Decided is the final decision, zero if there was none.
func (r *Record) Decided() Decision {
	i := slices.IndexFunc(r.Decisions, func(d Decision) bool { return d.Outcome != "later" })
	if i < 0 {
		return Decision{}
	}
	return r.Decisions[i]
}

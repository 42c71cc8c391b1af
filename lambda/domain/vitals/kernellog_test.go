package vitals_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/vitals"
)

const (
	booted = "[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 console=ttyS0\n" +
		"[   12.345678] systemd[1]: Reached target Multi-User System.\n\nexample login: "
	lockup = "\n[ 7200.100000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:123]\n"
	app    = "\n[ 7200.100000] INFO: task java:4711 blocked for more than 120 seconds.\n"
	login  = "\nexample login: "
)

func TestOnlyWhatIsNewOnTheConsoleSpeaksOfTheKernel(t *testing.T) {
	passed := ago(time.Minute)
	// logs is a host of whom the pass before saw one console, and this one sees another.
	logs := func(before, now string, change ...func(*vitals.Host)) vitals.Host {
		h := host(change...)
		h.Console = fact.Known([]byte(now))
		h.Before = &vitals.Before{At: passed, Mark: console.NewsSince([]byte(before), console.Mark{}).Mark}
		return h
	}
	first := func(now string, change ...func(*vitals.Host)) vitals.Host {
		h := host(change...)
		h.Console = fact.Known([]byte(now))
		return h
	}
	stuck := func(h *vitals.Host) { h.Stuck = true }
	failed := host()
	failed.Console = fact.Failed[[]byte](errAWS)
	asked := host(person)
	asked.Console = failed.Console
	none := time.Time{}
	check(t, vitals.KernelLog, []row{
		{"a lockup since the pass before, and it has been stuck for minutes", logs(booted, booted+lockup, stuck), vitals.Dead, passed, 0},
		{"a lockup since the pass before", logs(booted, booted+lockup), vitals.Waiting, none, time.Minute},
		{"nothing new, and it has been stuck for minutes", logs(booted, booted, stuck), vitals.Nothing, none, 0},
		{"the lockup of the pass before", logs(booted+lockup, booted+lockup), vitals.Nothing, none, 0},
		{"a task of an application", logs(booted, booted+app), vitals.Nothing, none, 0},
		{"nothing new", logs(booted, booted), vitals.Nothing, none, 0},
		{"a login since the pass before", logs(booted, booted+login), vitals.Alive, noon, 0},
		{"a lockup, and a login", logs(booted, booted+lockup+login, stuck), vitals.Alive, noon, 0},
		{"the first pass", first(booted + lockup), vitals.Waiting, none, time.Minute},
		{"the first pass, a person asks", first(booted+lockup, person), vitals.Nothing, none, 0},
		{"a kernel that does not write there", first("app: request 4711 served\n"), vitals.Nothing, none, 0},
		{"an empty console", first(""), vitals.Nothing, none, 0},
		{"a console that has become empty", logs(booted, ""), vitals.Nothing, none, 0},
		{"a Windows", logs(booted, booted+lockup, stuck, windows()), vitals.Nothing, none, 0},
		{"not read", host(), vitals.Nothing, none, 0},
		{"it could not be read", failed, vitals.Unknown, none, 0},
		{"it could not be read, and a person asks", asked, vitals.Nothing, none, 0},
	})
	for name, c := range map[string]struct {
		host vitals.Host
		want bool
	}{
		"a Windows":                         {first(booted, windows()), true},
		"an empty console":                  {first(""), true},
		"a console that has become empty":   {logs(booted, " \r\n"), true},
		"a console without a kernel's line": {first("app: request 4711 served\n"), false},
		"nothing new":                       {logs(booted, booted), false},
		"not read":                          {host(), false},
	} {
		if v := vitals.Read(c.host).Named(vitals.KernelLog); v.Never != c.want {
			t.Errorf("%s: never is %v (%s)", name, v.Never, v.Saw)
		}
	}
}

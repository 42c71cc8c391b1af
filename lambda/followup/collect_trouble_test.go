package followup_test

import (
	"strings"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// wantOnce checks that no part was sent to S3 twice.
func (w *world) wantOnce() {
	w.t.Helper()
	for url, n := range w.cloud.puts {
		if n > 1 {
			w.t.Errorf("%s was sent %d times", url, n)
		}
	}
}

// Whatever is in the way for a while costs time, and nothing that has arrived.
func TestTroubleThatPassesNeverCostsTheDump(t *testing.T) {
	for name, trouble := range map[string]func(w *world, on bool){
		"the agent is not back yet": func(w *world, on bool) { w.disk.absent = only(on, code("InvalidInstanceId")) },
		"Systems Manager throttles": func(w *world, on bool) { w.disk.absent = only(on, code("ThrottlingException")) },
		"S3 opens no upload":        func(w *world, on bool) { w.refuses.uploads = only(on, code("SlowDown")) },
		"S3 takes no manifest":      func(w *world, on bool) { w.refuses.puts = only(on, code("AccessDenied")) },
		"the key is disabled": func(w *world, on bool) {
			w.refuses = noStore{only(on, code("KMS.DisabledException")), only(on, code("KMS.DisabledException"))}
		},
		"the session ends half-way": func(w *world, on bool) { w.disk.most = map[bool]int{true: 2}[on] },
		"no part of it gets through": func(w *world, on bool) {
			w.disk.stopped = map[bool]string{true: dump.StoppedNoManifest}[on]
		},
		"another script is at work": func(w *world, on bool) { w.disk.stopped = map[bool]string{true: dump.StoppedBusy}[on] },
	} {
		t.Run(name, func(t *testing.T) {
			w, id := crashed(t)
			w.disk.files = dumpFiles(7*partSize + 1)
			c := w.bring(id, func(since time.Duration) { trouble(w, since < 12*time.Minute) })
			w.wantHome(c, w.disk.files...)
			w.wantOnce()
			w.wantEnded(id, cases.FindingDumped)
		})
	}
}

// only is an error while there is trouble.
func only(on bool, err error) error {
	if on {
		return err
	}
	return nil
}

// S3 may fail at any time, and not only from the beginning.
func TestAnS3ThatFailsWhenItIsAllThereLosesNothing(t *testing.T) {
	w, id := crashed(t)
	w.disk.takes = time.Minute
	c := w.bring(id, func(time.Duration) {
		sent := w.commandsOf(dump.StepSend) > 0 && w.clock().Sub(dawn) < 20*time.Minute
		w.refuses.uploads = only(sent, code("InternalError"))
	})
	w.wantHome(c, w.disk.files...)
	w.wantOnce()
	if w.commandsOf(dump.StepSend) != 1 {
		t.Errorf("the host was asked %d times", w.commandsOf(dump.StepSend))
	}
}

// Nobody says that a script has died with its host.
func TestAHostThatRebootsHalfWayIsAskedAgainAndSendsOnlyTheRest(t *testing.T) {
	w, id := crashed(t)
	w.disk.files, w.disk.dies = dumpFiles(7*partSize+1), 4
	c := w.bring(id, nil)
	w.wantHome(c, w.disk.files...)
	w.wantOnce()
	if c.Files.Signed != 2 || c.EndedAt.Sub(c.BeganAt) > 25*time.Minute {
		t.Errorf("%d manifests, home after %s", c.Files.Signed, c.EndedAt.Sub(c.BeganAt))
	}
}

func TestAHostThatIsTerminatedHalfWayLosesNothingThatHasArrived(t *testing.T) {
	w, id := crashed(t)
	w.disk.files, w.disk.dies = dumpFiles(7*partSize+1), 4
	var struck time.Time
	c := w.bring(id, func(since time.Duration) {
		if w.commandsOf(dump.StepSend) > 0 && since > 5*time.Minute {
			w.host.state, w.host.reason = ec2types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown"
			if struck.IsZero() {
				struck = w.clock()
			}
		}
	})
	u := c.Files.Uploads[1]
	if kept := w.cloud.uploads[u.ID]; u.Done || kept == nil || len(kept.parts) != 2 || !strings.Contains(u.Lost, u.ID) || !strings.Contains(u.Lost, "2 of 8 parts") {
		t.Errorf("%+v, in the bucket: %+v", u, kept)
	}
	if !strings.Contains(u.Lost, "does not run any more") || c.EndedAt.Sub(struck) > 3*time.Minute {
		t.Errorf("lost because %q, after %s", u.Lost, c.EndedAt.Sub(struck))
	}
	w.wantEnded(id, cases.FindingDumped)
}

// A command's report outlives its host.
func TestAHostThatIsTerminatedWhenItHasSentAllOfItLosesNothing(t *testing.T) {
	w, id := crashed(t)
	w.disk.takes = 10 * time.Second
	c := w.bring(id, func(time.Duration) {
		if w.commandsOf(dump.StepSend) > 0 {
			w.host.state, w.host.reason = ec2types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown"
		}
		if w.record(id).Followup.Account.Gone {
			return
		}
		// The host is seen to be gone before its report is.
		if r := w.record(id); r.Followup.Collect.Files.Signed > 0 {
			r.Followup.Account.Gone = true
			if _, err := w.book.Follow(t.Context(), r, r.Followup); err != nil {
				t.Fatal(err)
			}
		}
	})
	w.wantHome(c, w.disk.files...)
	if len(c.Missing) > 0 {
		t.Errorf("missing: %+v", c.Missing)
	}
}

// A case always ends, and says what was in the way.
func TestTroubleThatNeverPassesIsNamedAndItsCaseEnds(t *testing.T) {
	const dumpPath = "/var/crash/0/vmcore"
	for name, c := range map[string]struct {
		trouble func(*world)
		what    string
		why     string
		within  time.Duration
	}{
		"the agent never comes back":         {func(w *world) { w.disk.absent = code("InvalidInstanceId") }, cases.MissingDump, "InvalidInstanceId", 20 * time.Minute},
		"the role may not":                   {func(w *world) { w.disk.absent = code("AccessDeniedException") }, cases.MissingDump, "AccessDeniedException", 20 * time.Minute},
		"Systems Manager never answers":      {func(w *world) { w.disk.silent = true }, cases.MissingDump, "gave no answer in 15m", time.Hour},
		"nothing can be delivered":           {func(w *world) { w.disk.status = "Undeliverable" }, cases.MissingDump, "Undeliverable", 10 * time.Minute},
		"the script says nothing":            {func(w *world) { w.disk.says = "Killed" }, cases.MissingDump, "the script gave no answer", 10 * time.Minute},
		"the answer is hostile":              {func(w *world) { w.disk.says = `{"crashcart":1,"step":"survey","files":[{"path":"/etc/../shadow"}]}` }, cases.MissingDump, "reading a survey", 10 * time.Minute},
		"S3 refuses every upload":            {func(w *world) { w.refuses.uploads = code("AccessDenied") }, cases.MissingDump, "AccessDenied", 125 * time.Minute},
		"the key stays disabled":             {func(w *world) { w.refuses.puts = code("KMS.DisabledException") }, dumpPath, "KMS.DisabledException", 125 * time.Minute},
		"the host has no tool":               {func(w *world) { w.disk.stopped = dump.StoppedNoTool }, dumpPath, "no curl", 10 * time.Minute},
		"it does not understand its request": {func(w *world) { w.disk.stopped = dump.StoppedBadRequest }, dumpPath, "does not understand", 15 * time.Minute},
		"its URLs are always refused":        {func(w *world) { w.disk.most = 1 }, dumpPath, "refused", 125 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := crashed(t)
			w.disk.files = dumpFiles(400 * partSize)
			c.trouble(w)
			r := w.follow(id, nil)
			got := r.Followup.Collect
			if r.State != cases.StateClosed || !got.Ended() || !strings.Contains(missing(got, c.what), c.why) {
				t.Errorf("%s, missing because %q, want %q: %+v", r.State, missing(got, c.what), c.why, got)
			}
			if took := got.EndedAt.Sub(got.BeganAt); took > c.within {
				t.Errorf("it took %s", took)
			}
			if n := len(w.news()); n == 0 || w.told[n-1].Kind != "ended" || w.told[n-1].Finding != cases.FindingDumped {
				t.Errorf("people were notified of %q", w.news())
			}
		})
	}
}

// A host has work to do. One that brings nothing is not asked each minute.
func TestAHostThatBringsNothingIsAskedLessAndLessOften(t *testing.T) {
	w, id := crashed(t)
	w.disk.stopped = dump.StoppedNoManifest
	w.bring(id, nil)
	if n := w.commandsOf(dump.StepSend); n < 4 || n > 8 {
		t.Errorf("it was asked %d times", n)
	}
}

// Its last parts have long arrived while a host still reads the file for its sum.
func TestADumpThatIsReadSlowlyIsNeverLostWithAllItsParts(t *testing.T) {
	w, id := crashed(t)
	w.disk.files = dumpFiles(400 * partSize) // 6.4 GB, of which each second brings some
	w.disk.takes = 20 * time.Minute
	for _, u := range w.bring(id, nil).Files.Uploads {
		if !u.Done {
			t.Errorf("%s: %d of %d parts have arrived, and it is lost: %s", u.File.Path, u.Arrived, len(u.Parts()), u.Lost)
		}
	}
	if n := w.commandsOf(dump.StepSend); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

// Systems Manager refuses a host that is gone as it refuses one that is not back yet.
func TestAHostThatIsGoneIsNeverAskedForHours(t *testing.T) {
	w, id := crashed(t)
	w.at(w.clock().Sub(dawn) + 10*time.Minute) // by now a case has a step a minute
	var struck time.Time
	c := w.bring(id, func(time.Duration) {
		if w.record(id).Followup.Collect.Surveyed && struck.IsZero() {
			struck, w.disk.absent = w.clock(), code("InvalidInstanceId")
			w.host.state, w.host.reason = ec2types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown"
		}
	})
	if c.EndedAt.Sub(struck) > 5*time.Minute {
		t.Errorf("it ended %s after its host: %+v", c.EndedAt.Sub(struck), c)
	}
}

// A folder may be mounted late, and a Windows makes its file after the boot.
func TestADumpThatItsDiskShowsLateIsNeverMissed(t *testing.T) {
	w, id := crashed(t)
	late := w.disk.files
	w.disk.files = nil
	c := w.bring(id, func(time.Duration) {
		if w.commandsOf(dump.StepSurvey) >= 2 {
			w.disk.files = late
		}
	})
	if !c.HasDump() || w.commandsOf(dump.StepSurvey) < 2 {
		t.Errorf("after %d surveys: %+v", w.commandsOf(dump.StepSurvey), c)
	}
}

func TestACaseThatHasHadItsTimeNeverWaitsForItsDump(t *testing.T) {
	r := stuck(t)
	w, id := ready(t, r)
	w.host.console = r.console
	back := dumped(t)
	w.disk.silent = true
	got := w.follow(id, func(since time.Duration) {
		if since > 46*time.Hour+30*time.Minute {
			w.play(back, playedFor)
			w.host.ping = dawn.Add(since)
		} else {
			w.host.console = append(append([]byte(nil), r.console...), since.String()...)
			w.host.console = append(w.host.console, slowly(since)...)
		}
	})
	if got.State != cases.StateClosed || !got.Followup.Collect.Began() || got.ClosedAt.Sub(got.ClaimedAt) > 47*time.Hour+10*time.Minute {
		t.Errorf("%s after %s: %+v", got.State, got.ClosedAt.Sub(got.ClaimedAt), got.Followup.Collect)
	}
}

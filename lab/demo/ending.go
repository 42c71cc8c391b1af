package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/printable"
)

// ending is the end of a case, as the follow-up logs it.
type ending struct {
	Msg        string `json:"msg"`
	Level      string `json:"level"`
	CaseID     string `json:"caseId"`
	InstanceID string `json:"instanceId"`
	Finding    string `json:"Finding"`
	Why        string `json:"why"`
}

// findings are what the cases of the story must come to.
var findings = map[string]cases.Finding{
	mail1: cases.FindingRaced, // its group takes it while it dumps
	hero:  cases.FindingDumped,
	auth1: cases.FindingDumped,
}

// followed takes a line of the follow-up's output.
func (s *stage) followed(line string) {
	var e ending
	err := json.Unmarshal([]byte(line), &e)
	if err != nil || e.Level != "INFO" {
		s.mu.Lock()
		s.trouble = append(s.trouble, line)
		s.mu.Unlock()
		s.show(Event{Kind: KindNote, Text: line})
		return
	}
	if e.Msg != "end" {
		return
	}
	r := s.record(e.CaseID)
	s.show(Event{
		Kind: KindFinding, Names: []string{s.names[e.InstanceID]}, Instance: e.InstanceID, CaseID: e.CaseID,
		Finding: e.Finding, Text: home(r.Followup.Collect) + withinSentence(e.Why), Detail: proof(r),
	})
	s.mu.Lock()
	s.endings = append(s.endings, e)
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// withinSentence lets a sentence follow a colon.
func withinSentence(s string) string {
	first := s[:min(1, len(s))]
	return strings.ToLower(first) + s[len(first):]
}

// record is a case as the casebook has it, empty if that cannot be read.
func (s *stage) record(caseID string) cases.Record {
	book := casebook.New(dynamodb.NewFromConfig(s.lab.Config()), s.lab.TableName)
	r, err := book.CaseByID(context.Background(), caseID)
	if err != nil {
		return cases.Record{}
	}
	return r
}

// home says what has come home of a dump, and what has not, before a sentence.
func home(c cases.Collecting) string {
	var size int64
	for _, u := range c.Files.Uploads {
		if u.Done && u.File.Kind != dump.KindDmesg {
			size += u.File.Size
		}
	}
	switch {
	case size > 0:
		return fmt.Sprintf("its dump of %s is in the bucket; ", printable.Bytes(size))
	case c.Began():
		return "its dump is not in the bucket; "
	}
	return ""
}

// proof is what the casebook has as the strongest proof of a crash; empty if it has none.
func proof(r cases.Record) string {
	for _, stage := range []cases.Stage{cases.StageDumpComplete, cases.StageDmesgSaved, cases.StageCaptureKernel, cases.StagePanicked, cases.StageSeen} {
		if p, reached := r.Followup.Account.Reached(stage); reached {
			return strings.TrimSpace(string(stage) + ", by " + p.By + ": " + p.Line)
		}
	}
	return ""
}

// ended is how many cases have come to their end.
func (s *stage) ended() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.endings)
}

// followedToTheEnd checks that each case has come to its finding, and to one alone.
func followedToTheEnd(f facts) string {
	got := map[string][]string{}
	for _, e := range f.endings {
		got[e.InstanceID] = append(got[e.InstanceID], e.Finding)
	}
	for _, name := range victims {
		if want := []string{string(findings[name])}; !slices.Equal(got[f.ids[name]], want) {
			return fmt.Sprintf("%s came to %q, want %q", name, got[f.ids[name]], want)
		}
	}
	if len(got) != len(victims) {
		return fmt.Sprintf("%d cases have an end", len(got))
	}
	return ""
}

// cameHome checks that every file of the hero's crash and of the protected one's is in the
// bucket, byte for byte, and nothing of the one that was raced.
func cameHome(f facts) string {
	for _, name := range []string{hero, auth1} {
		list := f.homes[f.ids[name]]
		if len(list) != 2 { // the log, and the dump
			return fmt.Sprintf("%s has left %d files", name, len(list))
		}
		for _, h := range list {
			if !h.Same {
				return fmt.Sprintf("%s of %s is not in the bucket (%q)", h.File.Path, name, h.Key)
			}
		}
	}
	if list := f.homes[f.ids[mail1]]; len(list) > 0 {
		return fmt.Sprintf("%s of %s is in the bucket", list[0].Key, mail1)
	}
	return ""
}

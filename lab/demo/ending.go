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
	s.show(Event{
		Kind: KindFinding, Names: []string{s.names[e.InstanceID]}, Instance: e.InstanceID, CaseID: e.CaseID,
		Finding: e.Finding, Text: withinSentence(e.Why), Detail: s.proof(e.CaseID),
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

// proof is what the casebook has as the strongest proof of a crash; empty if it has none.
func (s *stage) proof(caseID string) string {
	book := casebook.New(dynamodb.NewFromConfig(s.lab.Config()), s.lab.TableName)
	r, err := book.CaseByID(context.Background(), caseID)
	if err != nil {
		return ""
	}
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

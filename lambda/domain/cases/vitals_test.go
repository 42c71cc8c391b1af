package cases_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/vitals"
)

func TestAVitalIsNeverKeptWithoutItsReason(t *testing.T) {
	since := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	read := []vitals.Vital{
		{Name: vitals.SSMPing, Question: vitals.Voice, Says: vitals.Dead, Saw: "SSM ping 11m40s ago", Since: since, Spoke: true},
		{Name: vitals.DiskWrites, Question: vitals.Machine, Says: vitals.Unknown, Err: fmt.Errorf("its disk: %w", fact.ErrNotAsked)},
		{Name: vitals.TargetHealth, Question: vitals.Answers, Says: vitals.Unknown, Err: errors.New("throttled")},
	}
	want := []vitals.Vital{
		{Name: vitals.SSMPing, Question: vitals.Voice, Says: vitals.Dead, Saw: "SSM ping 11m40s ago", Since: since},
		{Name: vitals.TargetHealth, Question: vitals.Answers, Says: vitals.Unknown, Saw: "no answer: throttled"},
	}
	if got := cases.KeepVitals(read); !reflect.DeepEqual(got, want) {
		t.Errorf("kept\n%+v, want\n%+v", got, want)
	}
	if read[1].Saw != "" || read[1].Err == nil {
		t.Error("what was read is changed")
	}
}

func TestNoVitalIsEverKeptWithoutABound(t *testing.T) {
	hostile := "\x1b[2J\r\n\u202e" + strings.Repeat("ü", 5000)
	read := make([]vitals.Vital, 100)
	for i := range read {
		read[i] = vitals.Vital{Saw: hostile}
		if i%2 == 0 {
			read[i] = vitals.Vital{Says: vitals.Unknown, Err: errors.New(hostile)}
		}
	}
	got := cases.KeepVitals(read)
	if len(got) != cases.MaxVitals {
		t.Errorf("%d vitals are kept, want %d", len(got), cases.MaxVitals)
	}
	for _, v := range got {
		if len(v.Saw) > cases.MaxSaw || strings.ContainsAny(v.Saw, "\x1b\r\n\u202e") {
			t.Errorf("%d bytes: %q", len(v.Saw), v.Saw)
		}
	}
}

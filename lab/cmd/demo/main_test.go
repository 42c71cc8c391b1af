package main

import "testing"

func TestAWrongCallIsNeverTakenForAnother(t *testing.T) {
	for _, args := range [][]string{
		{"x"},
		{"--wrong"},
		{"--vm", "--json"},
		{"--vm", "--hang", "sleepy"},
		{"--hang", "memory"},
		{"--keep", "x"},
		{"--console"},
	} {
		if code := run(args); code != 2 {
			t.Errorf("%v: exit code %d, want 2", args, code)
		}
	}
}

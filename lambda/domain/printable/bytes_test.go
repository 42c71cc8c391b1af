package printable_test

import (
	"math"
	"testing"

	"crashcart/lambda/domain/printable"
)

func TestASizeNeverSaysMoreThanItIs(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "0 B", 0: "0 B", 1: "1 B", 999: "999 B", 1000: "1 kB", 1099: "1 kB", 1100: "1.1 kB", 99_999: "99.9 kB", 999_999: "999 kB",
		1_000_000: "1 MB", 3_299_999_999: "3.2 GB", 64 << 30: "68.7 GB", 1_999_999_999_999: "1.9 TB", 5_000_000_000_000_000: "5 PB", math.MaxInt64: "9223 PB",
	} {
		if got := printable.Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

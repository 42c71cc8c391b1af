package printable

import "fmt"

// Bytes writes a number of bytes as a person says it: 17 B, 412 kB, 3.2 GB. The units are
// those of SI. It cuts and never rounds up, so that what is not complete never reads as if
// it were. A negative number is 0 B.
func Bytes(n int64) string {
	const thousand = 1000
	n = max(0, n)
	if n < thousand {
		return fmt.Sprintf("%d B", n)
	}
	units := [...]string{"kB", "MB", "GB", "TB", "PB"}
	unit, size := 0, int64(thousand)
	for unit < len(units)-1 && n/size >= thousand {
		unit, size = unit+1, size*thousand
	}
	whole, tenths := n/size, n%size/(size/10)
	if whole >= 100 || tenths == 0 {
		return fmt.Sprintf("%d %s", whole, units[unit])
	}
	return fmt.Sprintf("%d.%d %s", whole, tenths, units[unit])
}

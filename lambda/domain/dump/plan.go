package dump

import "fmt"

// Sizes of parts, in bytes.
const (
	// usualPart is a part's size where the file is small enough. The host needs room for
	// one part, and a connection that breaks costs one part. It is more than the least that
	// S3 takes, 5 MiB ("Amazon S3 multipart upload limits", Amazon S3 User Guide).
	usualPart = 16 << 20
	// grain is what a larger part's size is a multiple of.
	grain = 1 << 20
	// maxPart is the largest part (ibid.).
	maxPart = 5 << 30
)

// MaxParts is how many parts a file is cut into at most. S3 allows 10,000 (ibid.). A
// manifest has a URL of up to 2 KB for every part, and the script reads it with a shell.
const MaxParts = 1000

// Part is a piece of a file.
type Part struct {
	Number int // from 1, as S3 counts
	Offset int64
	Size   int64
}

// Cut gives the size of the parts of a file of this size.
func Cut(size int64) (int64, error) {
	part := int64(usualPart)
	if need := (size + MaxParts - 1) / MaxParts; need > part {
		part = (need + grain - 1) / grain * grain
	}
	if size <= 0 || part > maxPart {
		return 0, fmt.Errorf("a file of %d bytes cannot be cut into parts", size)
	}
	return part, nil
}

// Parts are the parts of a file: all of one size, but for the last.
func Parts(size, part int64) []Part {
	if size <= 0 || part <= 0 || size > part*MaxParts {
		return nil
	}
	var parts []Part
	for at := int64(0); at < size; at += part {
		parts = append(parts, Part{Number: len(parts) + 1, Offset: at, Size: min(part, size-at)})
	}
	return parts
}

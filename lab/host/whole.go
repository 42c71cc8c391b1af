package host

import (
	"bytes"
	"encoding/binary"
	"slices"

	"crashcart/lambda/domain/dump"
)

// Where things are in a dump, in bytes ("disk_dump_header" and "makedumpfile_header",
// makedumpfile's sources; "Elf64_Ehdr" and "Elf64_Phdr", elf(5)).
const (
	dumpHeader = 4096
	dumpStatus = 424
	dumpBlock  = 428       // the size of a block; then, in blocks, those of the second header and of the bitmaps
	flatHeader = 4096 + 16 // with that of the first record
	elfFlags   = 48
	elfSegment = 56 // bytes each
)

// compressed are the first bytes of files that some compressor has written: gzip, bzip2,
// xz, zstd, lz4, lzop.
var compressed = []string{"\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18", "\x89LZO"}

// whole reads the first and last bytes of a dump: empty, or why it is not one.
func whole(b []byte) string {
	begins := func(with string) bool { return bytes.HasPrefix(b, []byte(with)) }
	ok := false
	switch {
	case begins("makedumpfile\x00\x00\x00\x00"):
		ok = wholeFlat(b)
	case begins("KDUMP   ") || begins("DISKDUMP"):
		ok = wholeHeader(b) && !flagged(b, dumpStatus, 8) // DUMP_DH_COMPRESSED_INCOMPLETE
	case begins("\x7fELF\x02\x01"):
		ok = wholeELF(b) && !flagged(b, elfFlags, 1) // DUMP_ELF_INCOMPLETE
	case slices.ContainsFunc(compressed, begins):
		ok = true
	default:
		return dump.WhyNotADump
	}
	if !ok {
		return dump.WhyIncomplete
	}
	return ""
}

// flagged says whether a byte, if it is there, has a flag.
func flagged(b []byte, at int, flag byte) bool { return len(b) > at && b[at]&flag != 0 }

// wholeHeader says whether a dump goes beyond its headers and bitmaps, to its first page.
func wholeHeader(b []byte) bool {
	if len(b) <= dumpHeader {
		return false
	}
	at := func(offset int) uint64 { return uint64(binary.LittleEndian.Uint32(b[dumpBlock+offset:])) }
	return uint64(len(b)) > at(0)*(1+at(4)+at(8))
}

func wholeFlat(b []byte) bool {
	if !bytes.HasSuffix(b, bytes.Repeat([]byte{0xff}, 16)) {
		return false
	}
	switch inner := b[min(flatHeader, len(b)):]; {
	case bytes.HasPrefix(inner, []byte("KDUMP   ")):
		return !flagged(inner, dumpStatus, 8)
	case bytes.HasPrefix(inner, []byte("\x7fELF")):
		return !flagged(inner, elfFlags, 1)
	}
	return true
}

// wholeELF says whether all segments are within the file.
func wholeELF(b []byte) bool {
	if len(b) < 58 {
		return false
	}
	segments := int(binary.LittleEndian.Uint16(b[56:]))
	if segments == 0 || segments > 4096 { // then the number is elsewhere
		return segments > 0
	}
	table := binary.LittleEndian.Uint64(b[32:])
	if table > uint64(len(b)) || len(b)-int(table) < segments*elfSegment { //nolint:gosec // below len(b)
		return false
	}
	for rest := b[table:]; segments > 0; segments-- {
		if binary.LittleEndian.Uint64(rest[8:])+binary.LittleEndian.Uint64(rest[32:]) > uint64(len(b)) {
			return false
		}
		rest = rest[elfSegment:]
	}
	return true
}

package hosts

import (
	"bytes"
	"encoding/binary"
)

// Dumps as makedumpfile writes them, as far as the script reads them.
func flattened(size int) []byte {
	b := make([]byte, size)
	copy(b, "makedumpfile\x00\x00\x00\x00")
	copy(b[4096+16:], "KDUMP   ")
	b[4096+16+424] = 1 // compressed with zlib
	fill(b[4096+1024 : size-16])
	copy(b[size-16:], bytes.Repeat([]byte{0xff}, 16))
	return b
}

func kdump(size int) []byte {
	b := make([]byte, size)
	fill(b[1024:])
	copy(b, "KDUMP   ")
	b[424] = 2                                    // compressed with lzo
	binary.LittleEndian.PutUint32(b[428:], 4096)  // the size of a block
	binary.LittleEndian.PutUint32(b[428+4:], 1)   // the second header
	binary.LittleEndian.PutUint32(b[428+2*4:], 0) // the bitmaps
	return b
}

// elf is a dump that is not filtered, of two segments: the notes, and the memory.
func elf(size int) []byte {
	b := make([]byte, size)
	copy(b, "\x7fELF\x02\x01\x01")
	const headers, one = 64, 56
	binary.LittleEndian.PutUint64(b[32:], headers)
	binary.LittleEndian.PutUint16(b[56:], 2)
	for i, s := range []struct{ offset, size uint64 }{{4096, 100}, {8192, uint64(size) - 8192}} {
		binary.LittleEndian.PutUint32(b[headers+i*one:], 1) // its type; that of the notes is another
		binary.LittleEndian.PutUint64(b[headers+i*one+8:], s.offset)
		binary.LittleEndian.PutUint64(b[headers+i*one+16:], 0xffffffff81000000)
		binary.LittleEndian.PutUint64(b[headers+i*one+32:], s.size)
	}
	return b
}

// fill makes every part of a file differ from the others.
func fill(b []byte) {
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
}

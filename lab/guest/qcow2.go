package guest

import (
	"encoding/binary"
	"fmt"
)

// The measures of an overlay: QEMU's default cluster, of which a second-level table maps
// 512 MiB of the disk, and the format's version ("Qcow2 Image File Format", QEMU
// documentation).
const (
	clusterBits  = 16
	cluster      = 1 << clusterBits
	mapped       = cluster / 8 * cluster
	qcow2Version = 3
	headerLength = 104
	refcountBits = 4 // as a power of two

	mostName = 1023                  // of the base
	mostSize = cluster / 8 * mapped  // of the base, if one cluster is to hold the map
	raw      = "raw"                 // the base's format
	nameAt   = headerLength + 16 + 8 // after that in an extension, and the one that ends them

	backingFormat = 0xe2792aca // a header extension: how to read the base

	// Where the parts are, by cluster.
	refcountTable = 1
	refcountBlock = 2
	mapTable      = 3
	clusters      = 4
)

// emptyOverlay is a qcow2 image that maps nothing of a raw base of some bytes.
func emptyOverlay(base string, size int64) ([]byte, error) {
	if size < 0 || size > mostSize || len(base) > mostName {
		return nil, fmt.Errorf("a base of %d bytes, with a path of %d, is too large", size, len(base))
	}
	b := make([]byte, clusters*cluster)
	be := binary.BigEndian

	copy(b, "QFI\xfb")
	be.PutUint32(b[4:], qcow2Version)
	be.PutUint64(b[8:], nameAt)
	be.PutUint32(b[16:], uint32(len(base))) //nolint:gosec // bounded above
	be.PutUint32(b[20:], clusterBits)
	be.PutUint64(b[24:], uint64(size))
	be.PutUint32(b[36:], uint32((size+mapped-1)/mapped))
	be.PutUint64(b[40:], mapTable*cluster)
	be.PutUint64(b[48:], refcountTable*cluster)
	be.PutUint32(b[56:], 1) // clusters of the refcount table
	be.PutUint32(b[96:], refcountBits)
	be.PutUint32(b[100:], headerLength)
	be.PutUint32(b[headerLength:], backingFormat)
	be.PutUint32(b[headerLength+4:], uint32(len(raw)))
	copy(b[headerLength+8:], raw)
	copy(b[nameAt:], base)

	be.PutUint64(b[refcountTable*cluster:], refcountBlock*cluster)
	for i := range clusters {
		be.PutUint16(b[refcountBlock*cluster+2*i:], 1)
	}
	return b, nil
}

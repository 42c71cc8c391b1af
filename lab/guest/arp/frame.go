// Package arp asks a guest's network card whether its kernel answers: the Address
// Resolution Protocol (RFC 826) over Ethernet, in frames of its own making, for a link
// that carries one frame in a datagram.
//
// The forty bytes are encoded here because github.com/mdlayher/arp opens a raw packet
// socket of the host's, which needs privileges and a network that the lab has not, and
// brings golang.org/x/net along.
package arp

import (
	"encoding/binary"
	"net/netip"
)

// MAC is an Ethernet address.
type MAC [6]byte

// The layout of an ARP packet for IPv4 in an Ethernet frame: 14 bytes of header, then
// RFC 826's fields in its order.
const (
	etherType     = 12
	hardwareType  = 14
	operation     = 20
	senderMAC     = 22
	senderIP      = 28
	targetIP      = 38
	packetEnd     = 42
	least         = 60 // the shortest frame ("IEEE 802.3"), without its checksum
	etherTypeARP  = 0x0806
	operationAsk  = 1
	operationTell = 2
)

// fixed are the fields that say that this is about IPv4 over Ethernet: hardware type 1,
// protocol 0x0800, addresses of six and four bytes.
var fixed = [6]byte{0, 1, 8, 0, 6, 4}

// Request is a frame that asks everyone on the link who has the address target. Both
// addresses are IPv4.
func Request(from MAC, ip, target netip.Addr) []byte {
	b := make([]byte, least)
	for i := range from {
		b[i] = 0xff
	}
	copy(b[6:], from[:])
	binary.BigEndian.PutUint16(b[etherType:], etherTypeARP)
	copy(b[hardwareType:], fixed[:])
	binary.BigEndian.PutUint16(b[operation:], operationAsk)
	copy(b[senderMAC:], from[:])
	copy(b[senderIP:], ip.AsSlice())
	copy(b[targetIP:], target.AsSlice())
	return b
}

// Reply gives the address that a frame says someone has, and its owner; ok is false
// for every frame but an answer to an ARP request.
func Reply(frame []byte) (owner MAC, ip netip.Addr, ok bool) {
	if len(frame) < packetEnd || binary.BigEndian.Uint16(frame[etherType:]) != etherTypeARP ||
		[6]byte(frame[hardwareType:operation]) != fixed || binary.BigEndian.Uint16(frame[operation:]) != operationTell {
		return MAC{}, netip.Addr{}, false
	}
	return MAC(frame[senderMAC:senderIP]), netip.AddrFrom4([4]byte(frame[senderIP:])), true
}

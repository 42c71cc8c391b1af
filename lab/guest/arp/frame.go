// Package arp asks a guest's network card whether its kernel answers: the Address
// Resolution Protocol (RFC 826) over Ethernet, in frames of its own making.
//
// The forty bytes are encoded here because github.com/mdlayher/arp opens a raw packet
// socket of the host's, which needs privileges and a network that the lab has not, and
// brings golang.org/x/net along.
package arp

import (
	"encoding/binary"
	"net/netip"

	"crashcart/lab/guest/link"
)

// The layout of an ARP packet for IPv4 in an Ethernet frame: 14 bytes of header, then
// RFC 826's fields in its order.
const (
	etherType     = 12
	hardwareType  = 14
	operation     = 20
	senderMAC     = 22
	senderIP      = 28
	targetMAC     = 32
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

// everyone is the address that all on a link listen to.
var everyone = link.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Request is a frame that asks everyone on the link who has the address target. Both
// addresses are IPv4.
func Request(from link.MAC, ip, target netip.Addr) []byte {
	b := packet(everyone, from, operationAsk)
	copy(b[senderIP:], ip.AsSlice())
	copy(b[targetIP:], target.AsSlice())
	return b
}

// Answer is a frame that says to one who asked that from has the address ip. Both
// addresses are IPv4.
func Answer(from link.MAC, ip netip.Addr, to link.MAC, asks netip.Addr) []byte {
	b := packet(to, from, operationTell)
	copy(b[senderIP:], ip.AsSlice())
	copy(b[targetMAC:], to[:])
	copy(b[targetIP:], asks.AsSlice())
	return b
}

// packet is a frame of one to another, without the addresses of IPv4.
func packet(to, from link.MAC, does uint16) []byte {
	b := make([]byte, least)
	copy(b, to[:])
	copy(b[len(to):], from[:])
	binary.BigEndian.PutUint16(b[etherType:], etherTypeARP)
	copy(b[hardwareType:], fixed[:])
	binary.BigEndian.PutUint16(b[operation:], does)
	copy(b[senderMAC:], from[:])
	return b
}

// Reply gives the address that a frame says someone has, and its owner; ok is false
// for every frame but an answer to an ARP request.
func Reply(frame []byte) (owner link.MAC, ip netip.Addr, ok bool) {
	if !is(frame, operationTell) {
		return link.MAC{}, netip.Addr{}, false
	}
	return link.MAC(frame[senderMAC:senderIP]), netip.AddrFrom4([4]byte(frame[senderIP:])), true
}

// Asked gives who asks for the owner of which address; ok is false for every frame but
// an ARP request.
func Asked(frame []byte) (who link.MAC, asks, target netip.Addr, ok bool) {
	if !is(frame, operationAsk) {
		return link.MAC{}, netip.Addr{}, netip.Addr{}, false
	}
	return link.MAC(frame[senderMAC:senderIP]), netip.AddrFrom4([4]byte(frame[senderIP:])), netip.AddrFrom4([4]byte(frame[targetIP:])), true
}

// is says whether a frame is an ARP packet for IPv4 of that operation.
func is(frame []byte, does uint16) bool {
	return len(frame) >= packetEnd && binary.BigEndian.Uint16(frame[etherType:]) == etherTypeARP &&
		[6]byte(frame[hardwareType:operation]) == fixed && binary.BigEndian.Uint16(frame[operation:]) == does
}

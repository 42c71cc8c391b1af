// Package tcp asks a guest as a load balancer's check does: whether its port accepts a
// connection, and what it answers to a request. It speaks the Transmission Control
// Protocol (RFC 9293) over IPv4 (RFC 791) in frames of its own making, as package arp
// does and for the same reason: the host's own TCP would need privileges to reach the
// guest. QEMU's user network would not do: it accepts a connection itself, before it
// asks the guest, so that every port would look open.
package tcp

import (
	"encoding/binary"
	"net/netip"

	"crashcart/lab/guest/link"
)

// Endpoint is one end of a connection, without its port.
type Endpoint struct {
	MAC link.MAC
	IP  netip.Addr // IPv4
}

// The layout of a segment in an Ethernet frame: 14 bytes of header, then the fields of
// RFC 791 and RFC 9293, both without options but for the largest segment in a SYN.
const (
	etherType     = 12
	ipHeader      = 14
	ipLength      = ipHeader + 2
	ipFragment    = ipHeader + 6
	ipTTL         = ipHeader + 8
	ipProtocol    = ipHeader + 9
	ipSum         = ipHeader + 10
	ipSource      = ipHeader + 12
	ipTarget      = ipHeader + 16
	tcpHeader     = ipHeader + 20
	tcpSequence   = 4 // from the beginning of the TCP header on
	tcpAcked      = 8
	tcpOffset     = 12
	tcpFlags      = 13
	tcpWindow     = 14
	tcpSum        = 16
	tcpLeast      = 20
	leastFrame    = 60 // the shortest frame ("IEEE 802.3"), without its checksum
	etherTypeIPv4 = 0x0800
	version4      = 0x45 // and a header of five words
	dontFragment  = 0x4000
	protocolTCP   = 6
	hops          = 64
	window        = 0xffff
)

// The flags of a segment.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// largest is the option of a SYN that says how large a segment may be: 1460 bytes, as
// Ethernet has room for.
var largest = []byte{2, 4, 1460 >> 8, 1460 & 0xff}

// segment is what one end says to the other.
type segment struct {
	from, to        uint16 // ports
	sequence, acked uint32
	flags           byte
	text            []byte
}

// frame is the segment on its way from one end to the other.
func (s segment) frame(from, to Endpoint) []byte {
	var options []byte
	if s.flags&syn != 0 {
		options = largest
	}
	end := tcpHeader + tcpLeast + len(options) + len(s.text)
	b := make([]byte, max(end, leastFrame))
	copy(b, to.MAC[:])
	copy(b[len(to.MAC):], from.MAC[:])
	binary.BigEndian.PutUint16(b[etherType:], etherTypeIPv4)
	b[ipHeader], b[ipTTL], b[ipProtocol] = version4, hops, protocolTCP
	binary.BigEndian.PutUint16(b[ipLength:], uint16(end-ipHeader)) //nolint:gosec // a request is small
	binary.BigEndian.PutUint16(b[ipFragment:], dontFragment)
	copy(b[ipSource:], from.IP.AsSlice())
	copy(b[ipTarget:], to.IP.AsSlice())
	binary.BigEndian.PutUint16(b[ipSum:], checksum(0, b[ipHeader:tcpHeader]))
	t := b[tcpHeader:end]
	binary.BigEndian.PutUint16(t, s.from)
	binary.BigEndian.PutUint16(t[2:], s.to)
	binary.BigEndian.PutUint32(t[tcpSequence:], s.sequence)
	binary.BigEndian.PutUint32(t[tcpAcked:], s.acked)
	t[tcpOffset] = byte(tcpLeast+len(options)) / 4 << 4 //nolint:gosec // below 64
	t[tcpFlags] = s.flags
	binary.BigEndian.PutUint16(t[tcpWindow:], window)
	copy(t[tcpLeast:], options)
	copy(t[tcpLeast+len(options):], s.text)
	binary.BigEndian.PutUint16(t[tcpSum:], checksum(pseudo(b, len(t)), t))
	return b
}

// read gives the segment in a frame that one end sent to the other; ok is false for
// every other frame. Checksums are not read: nothing on the lab's link changes a byte.
func read(b []byte, from, to Endpoint) (s segment, ok bool) {
	if !isTCP(b) || [4]byte(b[ipSource:]) != from.IP.As4() || [4]byte(b[ipTarget:]) != to.IP.As4() {
		return segment{}, false
	}
	end := ipHeader + int(binary.BigEndian.Uint16(b[ipLength:]))
	if end < tcpHeader+tcpLeast || end > len(b) {
		return segment{}, false
	}
	t := b[tcpHeader:end]
	text := int(t[tcpOffset]>>4) * 4
	if text < tcpLeast || text > len(t) {
		return segment{}, false
	}
	return segment{
		from: binary.BigEndian.Uint16(t), to: binary.BigEndian.Uint16(t[2:]),
		sequence: binary.BigEndian.Uint32(t[tcpSequence:]), acked: binary.BigEndian.Uint32(t[tcpAcked:]),
		flags: t[tcpFlags], text: append([]byte(nil), t[text:]...),
	}, true
}

// isTCP says whether a frame holds a whole packet of TCP.
func isTCP(b []byte) bool {
	return len(b) >= tcpHeader+tcpLeast && binary.BigEndian.Uint16(b[etherType:]) == etherTypeIPv4 &&
		b[ipHeader] == version4 && b[ipProtocol] == protocolTCP && binary.BigEndian.Uint16(b[ipFragment:])&^dontFragment == 0
}

// pseudo is the sum of what TCP's checksum covers besides the segment: the addresses,
// the protocol and the segment's length.
func pseudo(frame []byte, length int) uint32 {
	return sum(protocolTCP+uint32(length), frame[ipSource:tcpHeader]) //nolint:gosec // a frame's length
}

// checksum is the Internet checksum (RFC 1071) of a sum so far and further bytes.
func checksum(so uint32, b []byte) uint16 {
	so = sum(so, b)
	for so > 0xffff {
		so = so>>16 + so&0xffff
	}
	return ^uint16(so)
}

// sum adds up words of 16 bits.
func sum(so uint32, b []byte) uint32 {
	for len(b) > 1 {
		so += uint32(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		so += uint32(b[0]) << 8
	}
	return so
}

package main

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// Frames of HTTP/2: https://www.rfc-editor.org/rfc/rfc9113#name-frame-definitions
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8

	flagAck        = 1
	flagEndStream  = 1
	flagEndHeaders = 4

	frameHead   = 9
	messageHead = 5
	stream      = 1
	window      = 16 << 20
)

// A proxy is one delta stream on one connection.
type proxy struct {
	socket int
	// What was read and is no whole frame yet, and of the message that is under way.
	rest, message []byte
	// Bytes that came since the server was last told that there is room for more.
	taken int
}

func (one *proxy) greet(id int, names []string) {
	out := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	out = appendFrame(out, frameSettings, 0, 0, binary.BigEndian.AppendUint32([]byte{0, 4}, window))
	out = appendFrame(out, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, window))
	out = appendFrame(out, frameHeaders, flagEndHeaders, stream, requestHeaders())
	node := appendField(nil, 1, fmt.Appendf(nil, "sidecar~10.0.%d.%d~web-%d.shop~shop.svc.cluster.local", id>>8, id&255, id))
	node = appendField(node, 6, []byte("envoy"))
	request := appendField(nil, 1, node)
	request = appendField(request, 2, []byte(endpointType))
	for _, name := range names {
		request = appendField(request, 3, []byte(name))
	}
	one.write(appendMessage(out, request))
}

// receive acknowledges each response that is complete, and tells of it before.
func (one *proxy) receive(block []byte, answering func()) {
	if len(one.rest) > 0 {
		block = append(one.rest, block...)
	}
	var out []byte
	for len(block) >= frameHead {
		end := frameHead + (int(block[0])<<16 | int(block[1])<<8 | int(block[2]))
		if len(block) < end {
			break
		}
		out = one.take(out, block[3], block[4], block[frameHead:end], answering)
		block = block[end:]
	}
	one.rest = append(one.rest[:0], block...)
	if len(out) > 0 {
		one.write(out)
	}
}

func (one *proxy) take(out []byte, kind, flags byte, content []byte, answering func()) []byte {
	switch {
	case kind == frameData:
		return one.takeData(out, flags, content, answering)
	case kind == frameSettings && flags&flagAck == 0:
		return appendFrame(out, frameSettings, flagAck, 0, nil)
	case kind == framePing && flags&flagAck == 0:
		return appendFrame(out, framePing, flagAck, 0, content)
	case kind == frameReset || kind == frameGoAway || kind == frameHeaders && flags&flagEndStream != 0:
		fail("the server ended a stream")
	}
	return out
}

func (one *proxy) takeData(out []byte, flags byte, content []byte, answering func()) []byte {
	if flags&flagEndStream != 0 {
		fail("the server ended a stream")
	}
	if one.taken += len(content); one.taken > window/2 {
		room := binary.BigEndian.AppendUint32(nil, uint32(one.taken))
		out = appendFrame(out, frameWindowUpdate, 0, 0, room)
		out = appendFrame(out, frameWindowUpdate, 0, stream, room)
		one.taken = 0
	}
	one.message = append(one.message, content...)
	for len(one.message) >= messageHead {
		end := messageHead + int(binary.BigEndian.Uint32(one.message[1:]))
		if len(one.message) < end {
			break
		}
		request := appendField(nil, 2, []byte(endpointType))
		request = appendField(request, 6, nonceOf(one.message[messageHead:end]))
		answering()
		out = appendMessage(out, request)
		one.message = append(one.message[:0], one.message[end:]...)
	}
	return out
}

func (one *proxy) write(bytes []byte) {
	for len(bytes) > 0 {
		written, err := syscall.Write(one.socket, bytes)
		check(err)
		bytes = bytes[written:]
	}
}

// nonceOf finds field 5 of a response, in which all fields are of lengths.
func nonceOf(message []byte) []byte {
	var nonce []byte
	for len(message) > 0 {
		tag, read := binary.Uvarint(message)
		length, more := binary.Uvarint(message[max(read, 0):])
		if read <= 0 || more <= 0 || tag&7 != 2 || uint64(len(message)-read-more) < length {
			fail("a response is malformed")
		}
		content := message[read+more : read+more+int(length)]
		if tag>>3 == 5 {
			nonce = content
		}
		message = message[read+more+int(length):]
	}
	return nonce
}

func appendFrame(out []byte, kind, flags byte, id uint32, content []byte) []byte {
	length := len(content)
	out = append(out, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return append(binary.BigEndian.AppendUint32(out, id), content...)
}

// appendMessage adds a frame that holds one message of gRPC.
func appendMessage(out, message []byte) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return appendFrame(out, frameData, 0, stream, append(head, message...))
}

func appendField(out []byte, number int, content []byte) []byte {
	out = binary.AppendUvarint(out, uint64(number)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(content))), content...)
}

// requestHeaders are literals that nobody is to remember: https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2
func requestHeaders() []byte {
	var out []byte
	for _, header := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", deltaMethod}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		out = append(out, 0)
		for _, text := range header {
			out = append(append(out, byte(len(text))), text...)
		}
	}
	return out
}

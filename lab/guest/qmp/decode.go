package qmp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	// delimiter is the byte that no JSON contains, before an answer to
	// guest-sync-delimited and before our own commands to an agent.
	delimiter = 0xff
	// maxLine bounds an answer: a guest agent gives at most 16 MiB of each output of a
	// program ("GUEST_EXEC_MAX_OUTPUT" in qga/commands.c of QEMU), in base64.
	maxLine = 48 << 20
)

// message is anything that a peer sends.
type message struct {
	Greeting json.RawMessage `json:"QMP"`
	Event    string          `json:"event"`
	Data     json.RawMessage `json:"data"`
	ID       json.RawMessage `json:"id"`
	Return   json.RawMessage `json:"return"`
	Error    *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
}

// id is the number that the message answers to.
func (m message) id() (uint64, bool) {
	n, err := strconv.ParseUint(string(m.ID), 10, 64)
	return n, err == nil
}

// decode reads the outcome of a command into result, if there is to be one.
func (m message) decode(command string, result any) error {
	switch {
	case m.Error != nil:
		return &Error{Command: command, Class: m.Error.Class, Description: m.Error.Desc}
	case m.Return == nil:
		return fmt.Errorf("%s: the answer has neither a return nor an error", command)
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(m.Return, result); err != nil {
		return fmt.Errorf("%s: decoding what it returned: %w", command, err)
	}
	return nil
}

// decoder reads messages and skips everything else.
type decoder struct{ in *bufio.Reader }

func newDecoder(r io.Reader) *decoder { return &decoder{bufio.NewReader(r)} }

// next gives the next message. It skips lines that are not messages or too long, and
// what comes before a delimiter in a line. The error is the reader's.
func (d *decoder) next() (message, error) {
	for {
		line, err := d.line()
		if err != nil {
			return message{}, err
		}
		var m message
		if json.Unmarshal(line, &m) == nil && m.said() {
			return m, nil
		}
	}
}

// said says whether it is a message and not other JSON.
func (m message) said() bool {
	return m.Greeting != nil || m.Event != "" || m.Return != nil || m.Error != nil
}

// line reads one line, empty if it is too long.
func (d *decoder) line() ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := d.in.ReadSlice('\n')
		if i := bytes.LastIndexByte(part, delimiter); i >= 0 {
			line, part, tooLong = line[:0], part[i+1:], false
		}
		if tooLong = tooLong || len(line)+len(part) > maxLine; tooLong {
			line, part = nil, nil
		}
		line = append(line, part...)
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// Package wire takes messages apart. Numbers in them are varints.
package wire

import "encoding/binary"

// Reader reads a message. After one that is too short, OK is false and everything read is
// zero.
type Reader struct {
	Rest []byte
	OK   bool
}

// Read returns a Reader of a message.
func Read(data []byte) Reader { return Reader{data, true} }

func (r *Reader) fail() { r.Rest, r.OK = nil, false }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// Number reads a varint.
func (r *Reader) Number() uint64 {
	v, n := binary.Uvarint(r.Rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Bytes reads n bytes, which remain part of the message.
func (r *Reader) Bytes(n uint64) []byte {
	if n > uint64(len(r.Rest)) {
		r.fail()
		return nil
	}
	b := r.Rest[:n:n]
	r.Rest = r.Rest[n:]
	return b
}

// Text reads bytes with their number before them.
func (r *Reader) Text() []byte { return r.Bytes(r.Number()) }

// More reports whether there is something left to read.
func (r *Reader) More() bool { return len(r.Rest) > 0 }

// AppendText appends bytes with their number before them.
func AppendText[T string | []byte](m []byte, text T) []byte {
	return append(binary.AppendUvarint(m, uint64(len(text))), text...)
}

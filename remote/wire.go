package remote

import (
	"encoding/binary"
	"slices"

	"github.com/weakref-go/weakref/remote/internal/wire"
)

// The first byte of a message to an owner, or to a holder, says what it is. All
// numbers are varints.
const (
	// To an owner, answered:
	opAsk    byte = 'a' // numbers…                   → state…, a byte each
	opNamed  byte = 'n' // number, name               → state
	opHold   byte = 'h' // holder, id, number         → state
	opWatch  byte = 'w' // holder, id, number         → state
	opDigest byte = 'd' // holder, count, hash        → 1 if the owner has the same
	// To an owner, not answered:
	opRelease byte = 'r' // holder, id
	opList    byte = 'l' // holder, list, part, parts, (id<<1|kind, number)…
	// To a holder, not answered:
	opDead    byte = 'x' // owner, reason, ids… in rising order, as differences
	opCompare byte = 'c' // owner: compare with me
)

// maxMessage is where a long message is cut. NATS allows 1 MB.
const maxMessage = 64 << 10

// reader takes a message apart.
type reader struct{ wire.Reader }

func read(data []byte) *reader { return &reader{wire.Read(data)} }

func (r *reader) session() (s SessionID) {
	copy(s[:], r.Bytes(uint64(len(s))))
	return s
}

// head begins a message of a session.
func head(op byte, from SessionID) []byte { return append([]byte{op}, from[:]...) }

// appendIDs appends as many ids, which rise, as fit into a message, and returns how
// many. A run of neighbours takes a byte each.
func appendIDs(message []byte, ids []uint64) ([]byte, int) {
	last := uint64(0)
	for i, id := range ids {
		if len(message) > maxMessage {
			return message, i
		}
		message = binary.AppendUvarint(message, id-last)
		last = id
	}
	return message, len(ids)
}

// deadMessages returns the messages that tell a holder of deaths.
func deadMessages(owner SessionID, reason Reason, ids []uint64) [][]byte {
	slices.Sort(ids)
	var messages [][]byte
	for len(ids) > 0 {
		m, n := appendIDs(append(head(opDead, owner), byte(reason)), ids)
		messages = append(messages, m)
		ids = ids[n:]
	}
	return messages
}

// fingerprint is a hash of one item of a link. Both sides add them up by exclusive
// or, so that order does not matter and an item leaves as it came. Its constants are
// those of splitmix64.
func fingerprint(id, number uint64, kind kind) uint64 {
	x := id<<1 | uint64(kind)
	x = (x ^ number*0x9e3779b97f4a7c15) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// kind tells the two sorts of items of a link apart.
type kind uint8

const (
	watching kind = iota
	holding
)

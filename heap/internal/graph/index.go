package graph

// The radix tree from page numbers to pages covers addresses of 48 bits:
//
//	bits 47…36   35…24   23…13     12…0
//	     top     middle  leaf      in the page
const (
	pageBits   = 13
	pageSize   = 1 << pageBits
	leafBits   = 11
	middleBits = 12
	topBits    = 12
	maxAddr    = 1 << (topBits + middleBits + leafBits + pageBits)
)

type (
	leaf   [1 << leafBits]uint32 // number of the page and 1; 0 where there is none
	middle [1 << middleBits]*leaf
)

// index finds the page of an address.
type index struct {
	top  [1 << topBits]*middle
	size int64 // bytes in nodes
}

// get returns the number of the page that covers page number p, or that an
// object reaches from into p. ok is false if there is none.
func (x *index) get(p uint64) (uint32, bool) {
	m := x.top[p>>(leafBits+middleBits)&(1<<topBits-1)]
	if m == nil {
		return 0, false
	}
	l := m[p>>leafBits&(1<<middleBits-1)]
	if l == nil {
		return 0, false
	}
	n := l[p&(1<<leafBits-1)]
	return n - 1, n != 0
}

func (x *index) set(p uint64, page uint32) {
	m := &x.top[p>>(leafBits+middleBits)&(1<<topBits-1)]
	if *m == nil {
		*m = new(middle)
		x.size += 8 << middleBits
	}
	l := &(*m)[p>>leafBits&(1<<middleBits-1)]
	if *l == nil {
		*l = new(leaf)
		x.size += 4 << leafBits
	}
	(*l)[p&(1<<leafBits-1)] = page + 1
}

package policy

import "math/bits"

// sketch counts how often keys were asked for, roughly: a count-min sketch (Cormode
// and Muthukrishnan, 2005) with counters of four bits, all of a key in one block of 64
// bytes. It halves them now and then, so that what is long past counts little.
type sketch struct {
	words []uint64 // of 16 counters; blocks of blockWords
	adds  int      // since the last halving, roughly
}

const (
	blockWords = 8
	perBlock   = 16 // entries for which a block is made; so 8 counters an entry
	rows       = 4  // counters of a key
	most       = 15 // what a counter goes to
	memory     = 10 // the counters are halved after so many counts an entry
)

// firstSize returns with how many blocks a sketch begins, so that by doubling it comes
// to what is enough for limit entries, and to no more than an eighth above that.
func firstSize(limit int64) int {
	enough, k := (limit+perBlock-1)/perBlock, 0
	for enough>>k > 16 {
		k++
	}
	return max(1, int((enough+1<<k-1)>>k))
}

// fit makes the sketch large enough for n entries, but not for more than limit, or for much
// more.
func (s *sketch) fit(n int, limit int64) {
	if s.words == nil {
		s.words = make([]uint64, firstSize(limit)*blockWords)
	}
	for s.tooLarge(limit) {
		s.shrink()
	}
	for {
		blocks := len(s.words) / blockWords
		if n <= blocks*perBlock || int64(2*blocks*perBlock) > limit+limit/8+perBlock {
			return
		}
		s.double()
	}
}

// tooLarge reports whether the sketch would do with a quarter, since the limit has become
// smaller. It forgets in proportion to its size, so it would remember for too long.
func (s *sketch) tooLarge(limit int64) bool {
	blocks := len(s.words) / blockWords
	return blocks%2 == 0 && int64(blocks*perBlock) > 4*limit
}

// shrink undoes double: what two blocks have counted is half as much in one.
func (s *sketch) shrink() {
	s.halve()
	words := make([]uint64, len(s.words)/2)
	for i := range words {
		from := s.words[2*i-i%blockWords:]
		words[i] = from[0] + from[blockWords] // at most 14
	}
	s.words, s.adds = words, s.adds/2
}

// double gives every key a block of its own half: see place, which has a key in block
// 2i or 2i+1 afterwards if it was in block i.
func (s *sketch) double() {
	words := make([]uint64, 2*len(s.words))
	for i := 0; i < len(s.words); i += blockWords {
		block := s.words[i:][:blockWords]
		copy(words[2*i:], block)
		copy(words[2*i+blockWords:], block)
	}
	s.words = words
}

// place returns the block of a key, and seven bits for each of its counters.
func (s *sketch) place(hash uint32) (block *[blockWords]uint64, at uint64) {
	x := uint64(hash) * 0x9e3779b97f4a7c15
	hi, _ := bits.Mul64(x, uint64(len(s.words)/blockWords))
	x = (x ^ x>>29) * 0xd6e8feb86659fd93
	return (*[blockWords]uint64)(s.words[hi*blockWords:]), x >> 32
}

// add counts a request.
func (s *sketch) add(hash uint32) {
	block, at := s.place(hash)
	added := 0
	for i := range uint64(rows) {
		word, shift := &block[2*i+at&1], at>>1&15*4
		at >>= 5
		if *word>>shift&15 < most {
			*word += 1 << shift
			added = 1
		}
	}
	if s.adds += added; added > 0 && s.adds >= memory*perBlock*len(s.words)/blockWords {
		s.halve()
	}
}

func (s *sketch) halve() {
	s.adds /= 2
	for i, w := range s.words {
		s.words[i] = w >> 1 & 0x7777_7777_7777_7777
	}
}

// count returns how often a key was asked for.
func (s *sketch) count(hash uint32) int {
	block, at := s.place(hash)
	least := uint64(most)
	for i := range uint64(rows) {
		least = min(least, block[2*i+at&1]>>(at>>1&15*4)&15)
		at >>= 5
	}
	return int(least)
}

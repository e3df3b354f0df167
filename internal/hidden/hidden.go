// Package hidden keeps addresses that hold nothing: no stack and no object has a word
// that a collector, or a reader of a heap dump, could take for a pointer.
package hidden

// Addr is the complement of an address. The zero Addr is no address.
type Addr uintptr

// Of hides an address; 0 is none.
func Of(addr uintptr) Addr {
	if addr == 0 {
		return 0
	}
	return Addr(^addr)
}

// Get is the address, 0 if there is none.
func (a Addr) Get() uint64 {
	if a == 0 {
		return 0
	}
	return uint64(^uintptr(a))
}

// Is says whether the address is addr. It is not if there is none.
func (a Addr) Is(addr uintptr) bool { return a != 0 && Addr(^addr) == a }

package input

import "unique"

func body(b []byte) unique.Handle[string] {
	return unique.Make(string(b)) // want `the whole of a \[\]byte parameter is made unique`
}

func part(b []byte, i int) unique.Handle[string] {
	return unique.Make(string(b[:i]))
}

func local(s string) unique.Handle[string] {
	b := []byte(s)
	return unique.Make(string(b))
}

func converted(s string) unique.Handle[string] {
	type name string
	return unique.Make(string(name(s)))
}

module github.com/weakref-go/weakref/proof

go 1.26.0

replace github.com/weakref-go/weakref => ../

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/weakref-go/weakref v0.0.0-00010101000000-000000000000
	pgregory.net/rapid v1.3.0
)

require github.com/maypok86/otter/v2 v2.4.0 // indirect

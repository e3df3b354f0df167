module github.com/weakref-go/weakref/proof

go 1.26.0

replace github.com/weakref-go/weakref => ../

require (
	github.com/anishathalye/porcupine v1.3.1 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

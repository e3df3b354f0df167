module github.com/weakref-go/weakref/cmd/weakref

go 1.26.0

replace (
	github.com/weakref-go/weakref => ../..
	github.com/weakref-go/weakref/vet => ../../vet
)

require (
	github.com/spf13/cobra v1.10.2
	github.com/weakref-go/weakref/vet v0.0.0
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

module github.com/weakref-go/weakref

go 1.26.0

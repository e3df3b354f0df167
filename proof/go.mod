module github.com/weakref-go/weakref/proof

go 1.26.0

replace github.com/weakref-go/weakref => ../

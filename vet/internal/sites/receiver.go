package sites

import (
	"go/ast"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// InReceiver reports whether c stands in the receiver of a method, where the
// type's arguments are its parameters.
func InReceiver(c inspector.Cursor) bool {
	for p := range c.Enclosing((*ast.FieldList)(nil)) {
		if p.ParentEdgeKind() == edge.FuncDecl_Recv {
			return true
		}
	}
	return false
}

// Package vet finds misuse of weak pointers, cleanups, finalizers and unique
// handles, and of the containers of the weakref module.
//
// The checks are analyzers of golang.org/x/tools/go/analysis, each in a package
// of its own whose documentation shows what it reports and what to write
// instead. They come in tiers:
//
//   - [Default]: what is reported is a bug;
//   - [Warning]: it is worth a look, and right at least four times in five;
//   - [OptIn]: it depends on what the code is meant for.
//
// Some analyzers have a flag that adds a part in another tier; [Select] sets
// these flags as well.
//
// A finding is suppressed by a comment on its line or alone on the line above,
// with the name of the analyzer and a reason:
//
//	//weakvet:ignore NAME reason
//
// A package that imports none of runtime, weak, unique and the weakref module,
// and no package that makes weak pointers of its callers' objects, is passed
// over.
//
// # Running it
//
// The command cmd/weakvet runs the checks by itself or under go vet, the command
// weakref of the weakref module has them as "weakref vet", and package golangci
// makes them a plugin of golangci-lint. docs/vet.md in the weakref module shows
// each.
package vet

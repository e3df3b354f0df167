// Package model runs random scripts of operations on every container against a plain
// model, under a good, a constant and a truncated hash. Among the operations are the
// deaths of objects, resizing, callbacks that use their container and callbacks and
// loaders that panic. After every step the invariants of the container are checked.
//
// The packages have such tests of their own, on the standard library alone. Those here
// add what these lack: bad hashes of all kinds at the containers' level, callbacks
// that change the container, and scripts that are reduced to the shortest that fails
// (package rapid).
package model

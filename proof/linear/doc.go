// Package linear checks that the containers are linearizable: that each operation
// seems to happen at one moment between its call and its return, the deaths of
// objects included.
//
// A history is what a few goroutines do to one container with a few keys, with the
// times of calls and returns. Beside them others make the table grow and shrink,
// sweep, and collect garbage. Porcupine (Athalye 2017) looks for an order of the
// operations that explains all results by a plain sequential model. Its effort grows
// exponentially, so histories are short and many.
//
// Deaths come in two kinds. A kill makes an object dead at a moment of the test's
// choice, and is an operation of its own. An object that is forgotten may be
// collected at any time from then on: the first result that shows it dead tells the
// model that it has died.
package linear

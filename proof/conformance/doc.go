// Package conformance holds package weakref to what others have written down: to the
// behaviours that CPython's tests check (docs/conformance.md has the tables), and to the
// defects of published weak maps for Go (docs/semantics.md). It also checks that the
// pages name tests that exist, and count them rightly.
package conformance

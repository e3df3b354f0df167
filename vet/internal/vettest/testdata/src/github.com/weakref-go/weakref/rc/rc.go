// Package rc is a fake with the signatures that the checks know.
package rc

type Strong[T any] struct{ _ *T }

type Weak[T any] struct{ _ *T }

func New[T any, D func(T) | func(T) error](v T, drop D) *Strong[T] { panic("fake") }
func (s *Strong[T]) Clone() *Strong[T]                             { panic("fake") }
func (s *Strong[T]) Close() error                                  { panic("fake") }
func (w Weak[T]) Upgrade() (*Strong[T], bool)                      { panic("fake") }

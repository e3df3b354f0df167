package user // want package:`hasFacts`

// It imports nothing but a package with facts.
import "facts"

func Pass(t *facts.T) { facts.Add(t) } // want Pass:`weakParams\[0\]`

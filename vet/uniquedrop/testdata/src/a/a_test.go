package a

import "unique"

func inTest(s string) string { return unique.Make(s).Value() }

package a

import "weak"

func inTest(t T) { weaks[""] = weak.Make(&t) }

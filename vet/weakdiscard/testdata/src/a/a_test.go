package a

import "weak"

func inTest() { m[""] = weak.Make(&T{}) }

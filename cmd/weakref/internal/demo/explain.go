package demo

import "fmt"

// What to say of each strategy, given its figures and its size.

func explainMap(f *figures, _ int) string {
	return fmt.Sprintf("Holds every tree that it has parsed, for good. No file is parsed twice, and none is let go: "+
		"when everybody has let go, %s remain, and the heap is %.2f times the empty one.",
		count(f.EntriesLeft, "tree", "trees"), f.afterToEmpty())
}

func explainLRU(f *figures, size int) string {
	return fmt.Sprintf("Holds the %s that were asked for last, in use or not. So it may evict what editors hold: "+
		"%s brought in a second tree of a file while somebody held the first. "+
		"When everybody has let go, %d remain.",
		count(size, "tree", "trees"), count(f.Duplicates, "request", "requests"), f.EntriesLeft)
}

func explainWeak(f *figures, _ int) string {
	return fmt.Sprintf("Keeps nothing alive, and knows every tree that somebody holds, however many: %s. "+
		"When everybody has let go, %d remain, and the heap is %.2f times the empty one. "+
		"The price is that a file which nobody has open is parsed anew, unless no collection has come by since.",
		count(f.Duplicates, "duplicate", "duplicates"), f.EntriesLeft, f.afterToEmpty())
}

func explainKeep(f *figures, size int) string {
	return fmt.Sprintf("A weak cache that keeps the %s asked for most, in use or not: %s, %s. "+
		"When everybody has let go, %d remain.",
		count(size, "tree", "trees"), count(f.Parses, "parse", "parses"), count(f.Duplicates, "duplicate", "duplicates"), f.EntriesLeft)
}

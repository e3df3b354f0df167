//go:build unix

package main

func Example() {
	main()
	// Output:
	// unmapping 44000 bytes
	// fox 1000
	// the 2000
	// cat 0
}

package main

func Example() {
	main()
	// Output:
	// 10 orders; databases opened: 2
	// open, nobody uses them: 2
	// open at the end: 0
}

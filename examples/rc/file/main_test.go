package main

func Example() {
	main()
	// Output:
	// synced, closing
	// nobody has the file open
	// 270 bytes were written
}

package main

func Example() {
	main()
	// Output:
	// 1000 messages, the last: message 999
	// 1000 messages, the last: message 999
	// 1000 messages, the last: message 999
	// at most a handful of buffers: true all back: true
}

module github.com/weakref-go/weakref/proof

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/weakref-go/weakref v0.1.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/weakref-go/weakref/vet v0.1.0
	golang.org/x/mod v0.42.0
)

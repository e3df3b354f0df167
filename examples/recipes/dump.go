package recipes

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/weakref-go/weakref/heap"
)

// page:

// Dump writes a heap dump into a folder.
func Dump(folder string) (path string, err error) {
	path = filepath.Join(folder, fmt.Sprintf("heap-%d.dump", time.Now().UnixNano()))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // it has all memory in it
	if err != nil {
		return "", err
	}
	defer f.Close()
	stats, err := heap.Snapshot(f, heap.Fork)
	if err != nil {
		os.Remove(path)
		return "", err
	}
	slog.Info("heap dump", "file", path, "stats", stats)
	return path, nil
}

// DumpOn writes a dump whenever the process gets a signal, such as SIGUSR1.
func DumpOn(sig os.Signal, folder string) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	go func() {
		for range c {
			if _, err := Dump(folder); err != nil {
				slog.Error("heap dump", "error", err)
			}
		}
	}()
}

// DumpHandler serves a dump, at an address that only you can reach.
func DumpHandler(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, err := Dump(folder)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer os.Remove(path)
		http.ServeFile(w, r, path)
	})
}

// end:

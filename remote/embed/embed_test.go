package embed_test

import (
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote/embed"
)

func ExampleStart() {
	broker, err := embed.Start(embed.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	nc, err := broker.Connect()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(nc.IsConnected(), broker.URL() == "")
	// Output: true true
}

func ExampleServer_URL() {
	broker, err := embed.Start(embed.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	nc, err := nats.Connect(broker.URL()) // from another process
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	fmt.Println(nc.IsConnected())
	// Output: true
}

// TestDir: what was written is there after a restart, with a folder, and files without
// one are removed.
func TestDir(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		s, err := embed.Start(embed.Options{Dir: dir, Sync: true})
		if err != nil {
			t.Fatal(err)
		}
		nc, err := s.Connect()
		if err != nil {
			t.Fatal(err)
		}
		js, _ := jetstream.New(nc)
		kv, err := js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if _, err := kv.Create(t.Context(), "k", []byte("v")); err != nil {
				t.Fatal(err)
			}
		} else if e, err := kv.Get(t.Context(), "k"); err != nil || string(e.Value()) != "v" {
			t.Error(e, err)
		}
		nc.Close()
		s.Close()
	}
}

func TestTemporaryFilesVanish(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := embed.Start(embed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Error(left, err)
	}
}

func TestBadAddress(t *testing.T) {
	for _, addr := range []string{"nonsense", "127.0.0.1:http"} {
		if _, err := embed.Start(embed.Options{Addr: addr}); err == nil {
			t.Errorf("started at %q", addr)
		}
	}
}

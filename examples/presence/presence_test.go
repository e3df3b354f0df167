package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/remote/remotetest"
)

func TestMain(m *testing.M) {
	remotetest.Main(m, map[string]remotetest.Role{"process": serveRole})
}

const patience = time.Minute

// tab is a page that is open: what it was told, and how to close it.
type tab struct {
	updates chan update
	close   context.CancelFunc
}

func open(t *testing.T, url, user string) *tab {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", url+"/events?user="+user, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response, err)
	}
	page := &tab{make(chan update, 100), cancel}
	go func() {
		defer response.Body.Close()
		for s := bufio.NewScanner(response.Body); s.Scan(); {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				var u update
				if json.Unmarshal([]byte(data), &u) == nil {
					page.updates <- u
				}
			}
		}
	}()
	return page
}

// expect waits for an update.
func (page *tab) expect(t *testing.T, kind, user string) update {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case u := <-page.updates:
			if u.Kind == kind && u.User == user {
				return u
			}
		case <-deadline:
			t.Fatalf("never: %s %s", user, kind)
		}
	}
}

func post(t *testing.T, url string, fields url.Values) string {
	t.Helper()
	r, err := http.PostForm(url, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

// TestPresence does what a visitor does.
func TestPresence(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan struct {
		i   int
		url string
	}, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, 0, func(i int, url string) {
			ready <- struct {
				i   int
				url string
			}{i, url}
		})
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	var urls [processes]string
	for range processes {
		select {
		case r := <-ready:
			urls[r.i] = r.url
		case err := <-ended:
			t.Fatal(err)
		}
	}

	ada := open(t, urls[0], "ada")
	bob := open(t, urls[1], "bob")
	eve := open(t, urls[2], "eve")
	for _, user := range []string{"ada", "bob", "eve"} {
		ada.expect(t, "online", user)
	}
	if got := post(t, urls[0]+"/send", url.Values{"to": {"bob"}, "text": {"hello"}}); got != "delivered in process 2" {
		t.Error(got)
	}
	if u := bob.expect(t, "message", "bob"); u.Text != "hello" {
		t.Error(u)
	}

	bob.close() // a tab is closed
	ada.expect(t, "offline", "bob")

	post(t, urls[1]+"/forget", url.Values{"user": {"bob"}}) // a session is forgotten
	again := open(t, urls[1], "bob")
	ada.expect(t, "online", "bob")
	post(t, urls[1]+"/forget", url.Values{"user": {"bob"}})
	again.close()
	collect := time.NewTicker(50 * time.Millisecond)
	defer collect.Stop()
	for gone := false; !gone; {
		select {
		case u := <-ada.updates:
			gone = u.Kind == "offline" && u.User == "bob"
		case <-collect.C:
			post(t, urls[1]+"/collect", nil)
		}
	}

	http.Post(urls[2]+"/kill", "", nil) // it is killed before it answers
	ada.expect(t, "offline", "eve")
	eve.close()
	if got := post(t, urls[0]+"/send", url.Values{"to": {"eve"}, "text": {"hello"}}); !strings.Contains(got, "not found") {
		t.Error(got)
	}
	page, err := http.Get(urls[0])
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
}

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

var visits atomic.Int64

// visit has one visitor come after the other, until ctx ends. What goes wrong is left to
// the next one.
func visit(ctx context.Context, shop string) {
	for ctx.Err() == nil {
		user := fmt.Sprintf("visitor-%d", visits.Add(1))
		stay, leave := context.WithTimeout(ctx, time.Duration(200+rand.IntN(800))*time.Millisecond)
		go ask(stay, "GET", shop+"/visit?user="+user, nil)
		for stay.Err() == nil {
			// A few articles are asked for often, and most hardly ever.
			number := int(articles * rand.Float64() * rand.Float64() * rand.Float64())
			ask(stay, "GET", fmt.Sprintf("%s/article/%d", shop, number), nil)
			if rand.IntN(10) == 0 {
				ask(stay, "POST", shop+"/order", url.Values{"user": {user}, "article": {fmt.Sprint(number)}})
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-stay.Done():
			}
		}
		leave()
	}
}

// ask asks, and reads the answer to its end.
func ask(ctx context.Context, method, to string, form url.Values) {
	r, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
}

package top

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// container is what is shown of a container, as package debug's JSON has it.
type container struct {
	ID    uint64 `json:"id"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Len   int    `json:"len"`
	Stats struct{ Collected, Panics, Dropped uint64 }
}

// source is a service.
type source struct{ url string }

func newSource(at string) (*source, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no URL such as http://localhost:6060/debug/weakref", at)
	}
	q := u.Query()
	q.Set("format", "json")
	u.RawQuery = q.Encode()
	return &source{u.String()}, nil
}

// tooMuch is how long an answer may be: some hundred thousand containers.
const tooMuch = 64 << 20

// look asks the service for its containers.
func (s *source) look(ctx context.Context) ([]container, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err // has no password in it
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the service answers %q", resp.Status)
	}
	var all struct {
		Containers *[]container `json:"containers"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, tooMuch)).Decode(&all); err != nil {
		return nil, fmt.Errorf("the answer is not that of package debug's Handler: %w", err)
	}
	if all.Containers == nil {
		return nil, fmt.Errorf("the answer is not that of package debug's Handler: it has no containers")
	}
	return *all.Containers, nil
}

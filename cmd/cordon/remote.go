package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/httpkit"
)

// remote is a running server, and somebody's token there.
type remote struct {
	base   string
	token  string
	client *http.Client
}

func (p *intelPlace) remote() (*remote, error) {
	text, err := os.ReadFile(p.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	return newRemote(p.Server, string(text))
}

func newRemote(server, token string) (*remote, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopbackHost(u.Hostname())) {
		return nil, fmt.Errorf("--server %q is not like https://isao.example (http only for this machine)", server)
	}
	// A redirect could carry what is sent elsewhere.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &remote{base: u.Scheme + "://" + u.Host, token: strings.TrimSpace(token), client: client}, nil
}

// ask sends one request; the answer's body must be closed.
func (r *remote) ask(ctx context.Context, method, path, key string, body io.Reader, size int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/octet-stream")
		req.ContentLength = size
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the server cannot be reached: %w", err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	var p httpkit.Problem
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Detail == "" {
		return nil, fmt.Errorf("the server answered %s", resp.Status)
	}
	return nil, errors.New(p.Detail)
}

// serverPlace is a running server, and somebody's token there.
type serverPlace struct {
	Server    string `aliases:"url" env:"CORDON_URL" help:"Address of the running server, such as https://isao.example." placeholder:"URL"`
	TokenFile string `name:"token-file" help:"A file that holds your token." placeholder:"FILE" type:"path"`
	Token     string `env:"CORDON_TOKEN" help:"The token itself; others on this machine may see what a command was given, so better set it as CORDON_TOKEN." placeholder:"TOKEN"`
}

func (p *serverPlace) remote() (*remote, error) {
	switch {
	case p.Server == "":
		return nil, errors.New("say which server: --server, or the variable CORDON_URL")
	case p.TokenFile != "":
		return (&intelPlace{Server: p.Server, TokenFile: p.TokenFile}).remote()
	case p.Token == "":
		return nil, errors.New("say who you are: --token-file, or the variable CORDON_TOKEN")
	}
	return newRemote(p.Server, p.Token)
}

// get asks for JSON. A name that this program does not know may stand in it: the
// server may be newer.
func get[T any](ctx context.Context, r *remote, path string) (out T, err error) {
	return decoded[T](r.ask(ctx, http.MethodGet, path, "", nil, 0))
}

func decoded[T any](resp *http.Response, err error) (out T, _ error) {
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(&out); err != nil {
		return out, fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	return out, nil
}

// pageOf is a page of a list.
type pageOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// all reads every page of a list; path has a query.
func all[T any](ctx context.Context, r *remote, path string) (out []T, err error) {
	for cursor := ""; ; {
		at := path + "&limit=200"
		if cursor != "" {
			at += "&cursor=" + url.QueryEscape(cursor)
		}
		p, err := get[pageOf[T]](ctx, r, at)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if cursor = p.Next; cursor == "" {
			return out, nil
		}
	}
}

// watch asks for something anew until it is settled, and shows how far it is: what is
// being done, and how much of it in percent. It does not take back what goes on at the
// server.
func watch[T any](ctx context.Context, r *remote, path string, b T, far func(T) (what string, percent int, settled bool)) (T, error) {
	bar := newBar("read")
	defer bar.end()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		what, percent, settled := far(b)
		if settled {
			return b, nil
		}
		bar.set(what, int64(percent), 100)
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-time.After(wait):
		}
		now, err := get[T](ctx, r, path)
		if err != nil {
			return b, err
		}
		b = now
	}
}

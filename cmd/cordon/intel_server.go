package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/api"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
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

// batch asks for a batch as the API shows it.
func (r *remote) batch(resp *http.Response, err error) (*intel.Batch, error) {
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var in api.IntelBatch
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(&in); err != nil {
		return nil, fmt.Errorf("the server's answer cannot be read: %w", err)
	}
	b := &intel.Batch{ID: in.ID, At: in.At, Name: in.Name, State: intel.BatchState(in.State), Size: in.Size, Consumed: in.Size * int64(in.Percent) / 100, Seen: in.Seen,
		Tally: intel.Tally{Added: in.Added, Same: in.Same, Held: in.Held, Refused: in.Refused}}
	for _, p := range in.Problems {
		b.Problems = append(b.Problems, intel.Problem(p))
	}
	return b, nil
}

// send brings a file to a running server, and waits until it was read. The same
// file on the same terms is taken once, however often it is sent within two days.
func (c *intelImportCmd) send(ctx context.Context, out io.Writer, f *intelFile, terms intel.Terms) (*intel.Batch, error) {
	r, err := c.remote()
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	for name, value := range map[string]string{"name": f.name, "format": string(f.format), "unmarked": string(terms.Unmarked), "floor": string(terms.Floor), "green": list(terms.Green), "amber": list(terms.Amber), "red": list(terms.Red),
		"attribution": string(terms.Attribution), "pap": terms.PAP, "ais": terms.AIS, "scrub": string(terms.Scrub), "why": terms.Why} {
		if value != "" {
			q.Set(name, value)
		}
	}
	bar := newBar("send")
	defer func() { bar.end() }()
	b, err := r.batch(r.ask(ctx, http.MethodPost, "/api/v1/intel/batches?"+q.Encode(), importKey(f, q), &watched{what: "send", r: f, bar: bar, size: f.size}, f.size))
	if err != nil {
		return nil, err
	}
	bar.end()
	bar = newBar("read")
	if b.State == intel.Stopped {
		fmt.Fprintf(out, "Going on with %s, which was begun on %s: %d objects were read.\n", b.Name, b.At.Format("2 January 2006 15:04 UTC"), b.Seen)
		if b, err = r.batch(r.ask(ctx, http.MethodPost, "/api/v1/intel/batches/"+b.ID+"/resume", "", nil, 0)); err != nil {
			return nil, err
		}
	}
	for wait := 50 * time.Millisecond; b.State == intel.Queued || b.State == intel.Running; wait = min(2*wait, time.Second) {
		bar.set("read", b.Consumed, b.Size)
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-time.After(wait):
		}
		now, err := r.batch(r.ask(ctx, http.MethodGet, "/api/v1/intel/batches/"+b.ID, "", nil, 0))
		if err != nil {
			return b, err
		}
		b = now
	}
	return b, nil
}

func list(ps []policy.Principal) string {
	ss := make([]string, len(ps))
	for i, p := range ps {
		ss[i] = string(p)
	}
	return strings.Join(ss, ",")
}

// importKey is the same for the same file on the same terms.
func importKey(f *intelFile, q url.Values) string {
	h := sha256.New()
	h.Write(f.sum[:])
	h.Write([]byte(q.Encode()))
	return "import-" + hex.EncodeToString(h.Sum(nil))
}

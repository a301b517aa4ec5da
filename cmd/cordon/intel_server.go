package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordon-isao/cordon/api"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/policy"
)

// shown is a batch that the API showed.
func shown(in api.IntelBatch) *intel.Batch {
	b := &intel.Batch{ID: in.ID, At: in.At, Name: in.Name, State: intel.BatchState(in.State), Size: in.Size, Consumed: in.Size * int64(in.Percent) / 100, Seen: in.Seen,
		Tally: intel.Tally{Added: in.Added, Same: in.Same, Held: in.Held, Refused: in.Refused}}
	for _, p := range in.Problems {
		b.Problems = append(b.Problems, intel.Problem(p))
	}
	return b
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
	b, err := decoded[api.IntelBatch](r.ask(ctx, http.MethodPost, "/api/v1/intel/batches?"+q.Encode(), importKey(f, q), &watched{what: "send", r: f, bar: bar, size: f.size}, f.size))
	bar.end()
	if err != nil {
		return nil, err
	}
	if b.State == string(intel.Stopped) {
		fmt.Fprintf(out, "Going on with %s, which was begun on %s: %d objects were read.\n", b.Name, b.At.Format("2 January 2006 15:04 UTC"), b.Seen)
		if b, err = decoded[api.IntelBatch](r.ask(ctx, http.MethodPost, "/api/v1/intel/batches/"+b.ID+"/resume", "", nil, 0)); err != nil {
			return nil, err
		}
	}
	b, err = watch(ctx, r, "/api/v1/intel/batches/"+b.ID, b, func(b api.IntelBatch) (string, int, bool) {
		return "read", b.Percent, b.State != string(intel.Queued) && b.State != string(intel.Running)
	})
	return shown(b), err
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

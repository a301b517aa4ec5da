package outbound

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

const (
	maxRatio   = 100     // of unpacked to packed bytes
	ratioStart = 1 << 20 // unpacked bytes from which the ratio counts
	rateStart  = 10 * time.Second
)

// wrap puts the limits around an answer's body.
func (c *Client) wrap(ctx context.Context, cancel context.CancelCauseFunc, resp *http.Response) error {
	b := &body{ctx: ctx, cancel: cancel, raw: resp.Body, clock: c.o.Clock, max: c.o.MaxBody, rate: c.o.MinRate, idle: c.o.Idle, left: c.o.BodyTime}
	b.from = counted{b}
	bodiless := resp.Request.Method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(resp.Header.Values("Content-Encoding"), ","))); {
	case bodiless || coding == "" || coding == "identity":
		if !bodiless && resp.ContentLength > c.o.MaxBody {
			return fail(TooLarge, fmt.Sprintf("it announces %d bytes", resp.ContentLength), nil)
		}
	case coding == "gzip" || coding == "x-gzip":
		b.packed = true
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
	default:
		return fail(Broken, "its content coding was not asked for", nil)
	}
	resp.Body = b
	return nil
}

// body is an answer's body under limits. One goroutine reads it.
type body struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	raw    io.ReadCloser
	from   io.Reader // raw, counted; unpacked once packed is seen to
	packed bool
	clock  clock.Clock

	max, rate  int64
	idle, left time.Duration // left of the time for reading
	spent      time.Duration // in reads
	in, out    int64         // bytes packed and unpacked
	err        error         // the end, once it was met
}

// counted reads the bytes as they come.
type counted struct{ b *body }

func (c counted) Read(p []byte) (int, error) {
	n, err := c.b.raw.Read(p)
	if c.b.in += int64(n); c.b.in > c.b.max {
		return 0, fail(TooLarge, fmt.Sprintf("more than %d bytes", c.b.max), nil)
	}
	return n, err
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	cause := errIdle
	if b.left < b.idle {
		cause = errBodyTime
	}
	timer := time.AfterFunc(min(b.idle, b.left), func() { b.cancel(cause) })
	start := b.clock.Now()
	n, err := b.read(p)
	took := b.clock.Now().Sub(start)
	timer.Stop()
	b.spent += took
	b.left -= took

	b.out += int64(n)
	switch {
	case b.out > b.max:
		n -= int(b.out - b.max)
		err = fail(TooLarge, fmt.Sprintf("more than %d bytes", b.max), nil)
	case b.packed && b.out > ratioStart && b.out > maxRatio*b.in:
		n, err = 0, fail(TooLarge, fmt.Sprintf("%d bytes unpack to %d", b.in, b.out), nil)
	case err != nil && err != io.EOF:
		err = classify(b.ctx, err)
	case err == nil && b.left <= 0:
		err = fail(TimedOut, errBodyTime.Error(), errBodyTime)
	case err == nil && b.spent > rateStart && float64(b.in) < b.spent.Seconds()*float64(b.rate):
		err = fail(TimedOut, fmt.Sprintf("%d bytes in %v", b.in, b.spent), nil)
	}
	if b.err = err; err != nil && err != io.EOF {
		b.cancel(err)
	}
	return n, err
}

// read unpacks if need be. The packed form's header is read with the first
// bytes, under the same clock.
func (b *body) read(p []byte) (int, error) {
	if b.packed {
		if _, open := b.from.(*gzip.Reader); !open {
			z, err := gzip.NewReader(b.from)
			if err != nil {
				return 0, broken(err)
			}
			b.from = z
		}
	}
	n, err := b.from.Read(p)
	if b.packed && err != nil && err != io.EOF {
		err = broken(err)
	}
	return n, err
}

// broken keeps an end in the middle from looking like the end.
func broken(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close ends the call. It may be called again.
func (b *body) Close() error {
	b.cancel(errClosed)
	if err := b.raw.Close(); err != nil && !errors.Is(err, errClosed) && b.err == nil {
		return fail(Broken, err.Error(), err)
	}
	return nil
}

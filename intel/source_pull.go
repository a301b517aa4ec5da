package intel

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/policy"
)

const (
	sourcePage   = 1000 // objects that are asked for at once
	sourcesAside = 4    // sources that are read at the same time
	maxAnswer    = 64 << 20
)

// RunSources reads every source when its time has come, until ctx ends.
func (x *Intel) RunSources(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, sourcesAside)
	for {
		changed := d.Changed()
		wait := 30 * time.Second
		due, next, err := x.dueSources(ctx, d, program)
		if err != nil && ctx.Err() == nil {
			log.Error("look for sources to read", "err", err)
		}
		if next > 0 {
			wait = min(wait, next)
		}
		for _, id := range due {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case free <- struct{}{}:
			}
			running.Go(func() {
				defer func() { <-free }()
				if err := x.PullSource(ctx, d, program, id); err != nil && ctx.Err() == nil {
					log.Error("read a source", "source", id, "err", err)
				}
			})
		}
		if len(due) > 0 {
			wait = time.Second // for what did not fit
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			select { // many changes are one
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
		case <-time.After(wait):
		}
	}
}

// dueSources lists the sources whose time has come and that nobody reads, and how
// long it is until the next.
func (x *Intel) dueSources(ctx context.Context, d *db.DB, program policy.Viewer) (ids []string, next time.Duration, err error) {
	err = d.Read(ctx, program, func(v *db.View) error {
		now := clock.Micros(v.Now())
		ids, err = db.All(v, db.Value[string], `SELECT s.id`+fromSources+`WHERE s.state = 'on' AND p.next_try <= $1 AND p.busy <= $1 ORDER BY p.next_try, s.id LIMIT $2`, now, sourcesAside*2)
		if err != nil {
			return err
		}
		at, err := db.One(v, db.Value[int64], `SELECT COALESCE(MIN(p.next_try), 0)`+fromSources+`WHERE s.state = 'on' AND p.next_try > $1`, now)
		if at > now {
			next = time.Duration(at-now) * time.Microsecond
		}
		return err
	})
	return ids, next, err
}

// puller is one reading of a source.
type puller struct {
	x       *Intel
	d       *db.DB
	program policy.Viewer
	who     policy.Viewer
	s       Source
	at      mark
	rev     int64
	creds   Credentials
	client  *outbound.Client
	b       *Batch
	objects int64 // of today
	bytes   int64
	full    bool // the quota is used up and there is more
	now     time.Time
}

// mark is how far a source was read.
type mark struct {
	after int64  // added_after, in UTC microseconds; 0 is from the beginning
	next  string // the server's cursor, within the answers to that
	last  int64  // when the last object that it gave was added there; 0 is not known
	more  bool
}

// errSourceOver ends a pull without a word: the source was paused, changed or
// removed, or another node reads it.
var errSourceOver = errors.New("the source is read elsewhere, or is not read any more")

// PullSource reads a source once, from where it was, until there is no more or its
// quota is used up. What fails is noted with the source and tried again later; the
// error is for what fails here.
func (x *Intel) PullSource(ctx context.Context, d *db.DB, program policy.Viewer, id string) error {
	p := &puller{x: x, d: d, program: program}
	err := p.begin(ctx, id)
	if errors.Is(err, errSourceOver) || fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if p.client != nil {
		defer p.client.CloseIdle()
	}
	if p.s.Kind == SourceMISP {
		err = p.feed(ctx)
	} else {
		err = p.pages(ctx)
	}
	if p.b != nil && ctx.Err() == nil && !errors.Is(err, errBatchStopped) {
		if err := x.end(ctx, d, program, p.b, Done, ""); err != nil {
			return err
		}
	}
	return p.end(ctx, err)
}

// begin takes the source for this node alone.
func (p *puller) begin(ctx context.Context, id string) error {
	var batch string
	err := p.d.Note(ctx, p.program, func(tx *db.Tx) (err error) {
		if p.s, err = p.x.Source(tx.View, id); err != nil {
			return err
		}
		var busy int64
		err = tx.Each(`SELECT rev, busy, after, next, last, batch FROM intel_pulls WHERE source = $1`, []any{id}, func(s db.Scanner) error {
			return s.Scan(&p.rev, &busy, &p.at.after, &p.at.next, &p.at.last, &batch)
		})
		now := clock.Micros(tx.Now())
		if err == nil && (p.s.State != SourceOn || busy > now) {
			err = errSourceOver
		}
		if err != nil {
			return err
		}
		p.now, p.objects, p.bytes = tx.Now(), p.s.Health.Objects, p.s.Health.Bytes
		p.rev++
		return tx.MustChange(`UPDATE intel_pulls SET rev = $1, busy = $2, last_try = $3 WHERE source = $4 AND rev = $5`, p.rev, clock.Micros(tx.Now().Add(lease)), now, id, p.rev-1)
	})
	if err != nil {
		return err
	}
	if p.creds, err = p.x.credentials(p.s); err != nil {
		return fmt.Errorf("open the credentials of source %s: %w", id, err)
	}
	err = p.d.Read(ctx, p.program, func(v *db.View) (err error) {
		if p.who, err = p.x.members.ViewerOf(v, p.s.Person, "", nil); err != nil {
			return err
		}
		if batch == "" {
			return nil
		}
		b, err := p.x.batchOf(v, batch)
		if err == nil && b.State == Running && b.Person == p.s.Person {
			p.b = b // a crash came in between
		}
		return err
	})
	if fault.Is(err, fault.Missing) {
		return p.stop(ctx, "The person in whose name it was read has left. Change it, so that it is read in yours.", "")
	}
	if err != nil {
		return err
	}
	return p.connect()
}

func (p *puller) connect() error {
	o := p.x.outside.Call
	o.MaxBody = min(maxAnswer, p.s.DayBytes)
	o.BodyTime = lease / 2 // with the time for the header, less than the lease
	o.TLS = o.TLS.Clone()
	if p.creds.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(p.creds.Certificate), []byte(p.creds.Key))
		if err != nil {
			return fmt.Errorf("open the client certificate of source %s: %w", p.s.ID, err)
		}
		if o.TLS == nil {
			o.TLS = &tls.Config{}
		}
		o.TLS.Certificates = []tls.Certificate{pair}
	}
	if p.s.Pin != "" {
		o.Pins = []string{p.s.Pin}
	}
	p.client = outbound.New(o)
	return nil
}

// stop has the source wait for a person.
func (p *puller) stop(ctx context.Context, why, offered string) error {
	err := p.d.Write(ctx, p.program, func(tx *db.Tx) error {
		if err := p.still(tx); err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE intel_sources SET state = 'stopped', why = $1, offered = $2 WHERE id = $3`, why, offered, p.s.ID); err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE intel_pulls SET rev = rev + 1, busy = 0 WHERE source = $1`, p.s.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "source.stopped", Object: p.s.ID, Label: p.s.label, Data: map[string]string{"why": why, "trusted": p.s.Pin, "offered": offered}})
		return nil
	})
	if err == nil {
		err = errSourceOver
	}
	return err
}

// still checks that this node goes on reading the source, as it was.
func (p *puller) still(tx *db.Tx) error {
	rev, err := db.One(tx.View.As(system), db.Value[int64], `SELECT p.rev`+fromSources+`WHERE s.id = $1 AND s.state = 'on'`, p.s.ID)
	if fault.Is(err, fault.Missing) || err == nil && rev != p.rev {
		return errSourceOver
	}
	return err
}

// get asks the source for something. The body is read whole, within its limits.
func (p *puller) get(ctx context.Context, u *url.URL, accept string) (body []byte, h http.Header, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", accept)
	switch {
	case p.creds.Token != "":
		req.Header.Set("Authorization", "Bearer "+p.creds.Token)
	case p.creds.User != "" || p.creds.Password != "":
		req.SetBasicAuth(p.creds.User, p.creds.Password)
	}
	resp, err := p.client.Do(req)
	var pin *outbound.PinError
	if errors.As(err, &pin) {
		return nil, nil, p.stop(ctx, "Its certificate has another key than before. Ask its operator whether it was changed, then trust it or remove the source.", pin.Got)
	}
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if p.s.Pin == "" && resp.TLS != nil {
		if !sameHost(resp.Request.URL.String(), p.s.URL) {
			return nil, nil, &answered{words: "It sends us to another server. Give that one's address, if you trust it."}
		}
		if err := p.pin(ctx, outbound.Fingerprint(*resp.TLS)); err != nil {
			return nil, nil, err
		}
	}
	if resp.StatusCode != http.StatusOK {
		wait, _ := outbound.RetryAfter(resp.Header, p.now)
		return nil, nil, &answered{status: resp.StatusCode, words: statusWords(resp.StatusCode), wait: wait}
	}
	body, err = io.ReadAll(resp.Body)
	return body, resp.Header, err
}

// pin remembers the key that a source showed first.
func (p *puller) pin(ctx context.Context, fingerprint string) error {
	err := p.d.Write(ctx, p.program, func(tx *db.Tx) error {
		if err := p.still(tx); err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE intel_sources SET pin = $1 WHERE id = $2`, fingerprint, p.s.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "source.pinned", Object: p.s.ID, Label: p.s.label, Data: map[string]string{"fingerprint": fingerprint}})
		return nil
	})
	if err == nil {
		p.s.Pin = fingerprint
		p.client.CloseIdle()
		err = p.connect()
	}
	return err
}

// left is how many objects may still come today.
func (p *puller) left() int64 {
	if p.bytes >= p.s.DayBytes {
		return 0
	}
	return max(0, p.s.DayObjects-p.objects)
}

// errBatchStopped says that a person stopped what the source was bringing.
var errBatchStopped = errors.New("the batch was stopped")

// take lets objects in and notes in the same commit how far the source was read;
// also is called in the last commit. A part that is taken in before a crash comes
// again and is known then.
func (p *puller) take(ctx context.Context, format Format, objs []arrival, size int64, to mark, also func(*db.Tx) error) error {
	parts := slices.Collect(slices.Chunk(objs, chunkObjects))
	if len(parts) == 0 {
		parts = [][]arrival{nil}
	}
	for i, part := range parts {
		last := i == len(parts)-1
		write := p.d.Write
		if len(part) == 0 {
			write = p.d.Note // how far a source was read is no fact
		}
		viewer := p.who
		if len(part) == 0 {
			viewer = p.program
		}
		var b *Batch
		var objects, bytes int64
		err := write(ctx, viewer, func(tx *db.Tx) error {
			if err := p.still(tx); err != nil {
				return err
			}
			var t Tally
			var back int
			b = p.b
			if len(part) > 0 {
				if err := p.receive(tx, format, part, &b, &t, &back, size*int64(len(part))/int64(len(objs))); err != nil {
					return err
				}
			}
			at := p.at
			objects, bytes = p.objects+int64(len(part)), p.bytes
			if last {
				at, bytes = to, p.bytes+size
				if also != nil {
					if err := also(tx); err != nil {
						return err
					}
				}
			}
			id := ""
			if b != nil {
				id = b.ID
			}
			p.now = tx.Now()
			return tx.MustChange(`UPDATE intel_pulls SET after = $1, next = $2, last = $3, more = $4, batch = CASE WHEN $5 = '' THEN batch ELSE $5 END, busy = $6, day = $7, day_objects = $8, day_bytes = $9,
				added = added + $10, same = same + $11, held = held + $12, refused = refused + $13, back = back + $14 WHERE source = $15`,
				at.after, at.next, at.last, bit(at.more), id, clock.Micros(tx.Now().Add(lease)), today(tx.View), objects, bytes, t.Added, t.Same, t.Held, t.Refused, back, p.s.ID)
		})
		if err != nil {
			return err
		}
		p.b, p.objects, p.bytes = b, objects, bytes
	}
	p.at = to
	return nil
}

// receive takes in part of a page, in the batch of this pull.
func (p *puller) receive(tx *db.Tx, format Format, objs []arrival, to **Batch, t *Tally, back *int, size int64) error {
	var next Batch
	if *to == nil {
		b, err := p.x.open(tx, NewBatch{Via: "source", Source: p.s.ID, Name: p.s.Name, Format: format, Terms: p.s.Terms})
		if err != nil {
			return err
		}
		next = *b
	} else {
		now, err := p.x.batchOf(tx.View.As(system), (*to).ID)
		if err != nil {
			return err
		}
		if now.State != Running {
			return errBatchStopped
		}
		next = *now
	}
	next.back = 0
	outs, err := p.x.receive(tx, &next, objs)
	if err != nil {
		return err
	}
	before := next.Tally
	next.note(outs)
	next.State, next.Consumed = Running, next.Consumed+size
	next.Size = next.Consumed
	*t = Tally{next.Added - before.Added, next.Same - before.Same, next.Tally.Held - before.Held, next.Refused - before.Refused}
	*back = next.back
	*to = &next
	return p.x.progress(tx, &next)
}

// end notes how the pull went and when the next one is.
func (p *puller) end(ctx context.Context, pulled error) error {
	if errors.Is(pulled, errSourceOver) {
		return nil
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // the program ends; the source is free for the next node
	}
	return p.d.Note(ctx, p.program, func(tx *db.Tx) error {
		now := tx.Now()
		var err error
		switch {
		case pulled == nil && p.full:
			midnight := clock.Day(now).AddDate(0, 0, 1)
			wait := time.Duration(outbound.Random() % uint64(10*time.Minute))
			_, err = tx.Exec(`UPDATE intel_pulls SET busy = 0, failures = 0, error = '', last_ok = $1, next_try = $2 WHERE source = $3 AND rev = $4`, clock.Micros(now), clock.Micros(midnight.Add(wait)), p.s.ID, p.rev)
		case pulled == nil:
			_, err = tx.Exec(`UPDATE intel_pulls SET busy = 0, failures = 0, error = '', last_ok = $1, next_try = $2 WHERE source = $3 AND rev = $4`, clock.Micros(now), clock.Micros(now.Add(p.s.Every)), p.s.ID, p.rev)
		case errors.Is(pulled, context.Canceled):
			_, err = tx.Exec(`UPDATE intel_pulls SET busy = 0 WHERE source = $1 AND rev = $2`, p.s.ID, p.rev)
		default:
			var a *answered
			var ask time.Duration
			if errors.As(pulled, &a) {
				ask = a.wait
			}
			wait := outbound.NextTry(p.s.Health.Failures+1, ask, outbound.Random())
			_, err = tx.Exec(`UPDATE intel_pulls SET busy = 0, failures = failures + 1, error = $1, next_try = $2 WHERE source = $3 AND rev = $4`, outsideWords(pulled), clock.Micros(now.Add(wait)), p.s.ID, p.rev)
		}
		return err
	})
}

// reader gives an answer's bytes.
func reader(body []byte) io.Reader { return bytes.NewReader(body) }

// parseURL reads an address that was checked when it came.
func parseURL(raw string) (*url.URL, error) { return url.Parse(raw) }

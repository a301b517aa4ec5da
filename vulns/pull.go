package vulns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/policy"
)

// feedsAside is how many feeds are fetched at the same time.
const feedsAside = 2

// RunFeeds fetches every feed when its time has come, until ctx ends. What is new is
// queued for [Vulns.Run].
func (x *Vulns) RunFeeds(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, feedsAside)
	for {
		changed := d.Changed()
		wait := 30 * time.Second
		due, next, err := x.due(ctx, d, program)
		if err != nil && ctx.Err() == nil {
			log.Error("look for feeds to read", "err", err)
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
				if err := x.PullFeed(ctx, d, program, id); err != nil && ctx.Err() == nil {
					log.Error("read a feed", "feed", id, "err", err)
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
			case <-time.After(time.Second):
			}
		case <-time.After(wait):
		}
	}
}

// due lists the feeds whose time has come and that nobody reads, and how long it is
// until the next.
func (x *Vulns) due(ctx context.Context, d *db.DB, program policy.Viewer) (ids []string, next time.Duration, err error) {
	err = d.Read(ctx, program, func(v *db.View) error {
		now := clock.Micros(v.Now())
		ids, err = db.All(v, db.Value[string], `SELECT f.id`+fromFeeds+`LEFT JOIN vulns_leases l ON l.name = f.id WHERE f.state = 'on' AND f.place <> 'file' AND p.next_try <= $1 AND (l.until IS NULL OR l.until <= $1)
			AND NOT EXISTS (SELECT 1 FROM visible.vulns_batches b WHERE b.feed = f.id AND b.state IN ('queued', 'running')) ORDER BY p.next_try, f.id LIMIT $2`, now, feedsAside*2)
		if err != nil {
			return err
		}
		at, err := db.One(v, db.Value[int64], `SELECT COALESCE(MIN(p.next_try), 0)`+fromFeeds+`WHERE f.state = 'on' AND f.place <> 'file' AND p.next_try > $1`, now)
		if at > now {
			next = time.Duration(at-now) * time.Microsecond
		}
		return err
	})
	return ids, next, err
}

// puller is one fetching of a feed.
type puller struct {
	x       *Vulns
	d       *db.DB
	program policy.Viewer
	holder  string
	f       Feed
	etag    string // of the newest content, and when it was changed; or of a folder's listing
	stamp   string
	now     time.Time
}

// answered is why an answer is not what was hoped for, in words for people. It
// repeats nothing of the answer.
type answered struct {
	words string
	wait  time.Duration // for which the other side asked
}

func (e *answered) Error() string { return e.words }

// errUnchanged says that a feed has nothing new.
var errUnchanged = errors.New("nothing has changed")

// PullFeed fetches a feed once. New content is on disk and queued when it returns;
// what fails is noted with the feed and tried again later. The error is for what
// fails here.
func (x *Vulns) PullFeed(ctx context.Context, d *db.DB, program policy.Viewer, id string) error {
	p := &puller{x: x, d: d, program: program, holder: newHolder()}
	err := d.Note(ctx, program, func(tx *db.Tx) (err error) {
		if p.f, err = x.Feed(tx.View, id); err != nil {
			return err
		}
		p.now = tx.Now()
		if p.f.State != FeedOn || p.f.Place == PlaceFile || p.f.Health.Running {
			return errElsewhere
		}
		if err := take(tx, id, p.holder, pullLease); err != nil {
			return err
		}
		err = tx.Each(`SELECT etag, stamp FROM vulns_pulls WHERE feed = $1`, []any{id}, func(s db.Scanner) error { return s.Scan(&p.etag, &p.stamp) })
		if err != nil {
			return err
		}
		return tx.MustChange(`UPDATE vulns_pulls SET last_try = $1 WHERE feed = $2`, clock.Micros(tx.Now()), id)
	})
	if errors.Is(err, errElsewhere) || fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	var f kept
	var mirror bool
	if p.f.Place == PlaceFolder {
		f, mirror, err = p.folder(ctx)
	} else {
		f, err = p.fetch(ctx)
	}
	if err == nil {
		if f.sum == p.f.Health.Fingerprint || f.size == 0 {
			_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(f.name)) // what stays, SweepFiles removes
			if err = errUnchanged; f.size == 0 {
				err = &answered{words: "The other side has an empty file."}
			}
		} else if err = p.queue(ctx, f, mirror); err == nil {
			return nil
		} else {
			_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(f.name))
		}
	}
	return p.end(ctx, err)
}

// folder packs a mirror folder.
func (p *puller) folder(ctx context.Context) (f kept, mirror bool, err error) {
	root, err := p.x.openFolder(p.f.Address)
	if err != nil {
		return f, false, &answered{words: sentence(err)}
	}
	defer root.Close()
	files, stamp, err := listFolder(root, p.f.Kind)
	if err != nil {
		return f, false, &answered{words: sentence(err)}
	}
	if stamp == p.etag {
		return f, false, errUnchanged
	}
	p.etag, p.stamp = stamp, ""
	mirror = len(files) > 1
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := pack(root, files, w)
		w.CloseWithError(err)
		done <- err
	}()
	f, err = p.x.keepFile(ctx, r)
	r.CloseWithError(errEnough)
	if packErr := <-done; packErr != nil && !errors.Is(packErr, errEnough) && err != nil {
		err = &answered{words: sentence(packErr)}
	}
	return f, mirror, err
}

// fetch gets a feed from its address, if it has changed.
func (p *puller) fetch(ctx context.Context) (f kept, err error) {
	o := p.x.outside.Call
	o.MaxBody = MaxFile
	o.BodyTime = pullLease * 2 / 3 // with the time for the header, less than the lease
	client := outbound.New(o)
	defer client.CloseIdle()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.f.Address, nil)
	if err != nil {
		return f, err
	}
	req.Header.Set("Accept", "*/*")
	if p.etag != "" {
		req.Header.Set("If-None-Match", p.etag)
	}
	if p.stamp != "" {
		req.Header.Set("If-Modified-Since", p.stamp)
	}
	resp, err := client.Do(req)
	if err != nil {
		return f, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		return f, errUnchanged
	case http.StatusOK:
	default:
		wait, _ := outbound.RetryAfter(resp.Header, p.now)
		return f, &answered{words: statusWords(resp.StatusCode), wait: wait}
	}
	p.etag, p.stamp = short(resp.Header.Get("ETag")), short(resp.Header.Get("Last-Modified"))
	return p.x.keepFile(ctx, resp.Body)
}

// short leaves out a header's value that nobody sends.
func short(s string) string {
	if len(s) > 500 || badID(s) {
		return ""
	}
	return s
}

// statusWords says what a status of HTTP means for somebody who waits for an answer.
func statusWords(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "The other side asks for credentials; a feed has none."
	case status == http.StatusNotFound || status == http.StatusGone:
		return "The other side has nothing at this address."
	case status == http.StatusTooManyRequests:
		return "The other side asks to be called less often."
	case status >= 500:
		return "The other side has a fault of its own."
	}
	return "The other side refuses the request."
}

// still checks that this node goes on with the feed, as it was.
func (p *puller) still(tx *db.Tx) error {
	if err := take(tx, p.f.ID, p.holder, pullLease); err != nil {
		return err
	}
	now, err := p.x.Feed(tx.View, p.f.ID)
	if fault.Is(err, fault.Missing) || err == nil && (now.State != FeedOn || now.Place != p.f.Place || now.Address != p.f.Address || now.Label.TLP != p.f.Label.TLP || !now.Label.Audience.Equal(p.f.Label.Audience)) {
		err = errElsewhere
	}
	return err
}

// queue has new content read.
func (p *puller) queue(ctx context.Context, file kept, mirror bool) error {
	return p.d.Write(ctx, p.program, func(tx *db.Tx) error {
		if err := p.still(tx); err != nil {
			return err
		}
		f := p.f
		b := &Batch{ID: ids.New("vbatch"), At: tx.Now(), Org: f.Org, OrgName: f.OrgName, Feed: f.ID, Name: f.Name, Kind: f.Kind, State: Queued, Size: file.size, Fingerprint: file.sum,
			Label: f.Label, own: f.own, owner: owner(f.Label, f.Org), file: file.name, key: file.key, mirror: mirror}
		if err := p.x.insert(tx, b); err != nil {
			return err
		}
		err := tx.MustChange(`UPDATE vulns_pulls SET etag = $1, stamp = $2, fingerprint = $3, batch = $4, next_try = $5 WHERE feed = $6`,
			p.etag, p.stamp, file.sum, b.ID, clock.Micros(tx.Now().Add(f.Every)), f.ID)
		if err != nil {
			return err
		}
		return give(tx, f.ID, p.holder)
	})
}

// end notes a fetching that brought nothing, and when the next one is.
func (p *puller) end(ctx context.Context, pulled error) error {
	if errors.Is(pulled, errElsewhere) {
		return nil
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // the program ends; the feed is free for the next node
		pulled = context.Canceled
	}
	words := ""
	var a *answered
	var o *outbound.Error
	switch {
	case errors.Is(pulled, errUnchanged), errors.Is(pulled, context.Canceled):
	case errors.As(pulled, &a):
		words = a.words
	case errors.As(pulled, &o):
		words = sentence(o)
	case fault.Is(pulled, fault.Internal):
		words = "It could not be kept here; the program's log says why."
	default:
		words = fault.Sentence(pulled)
	}
	err := p.d.Note(ctx, p.program, func(tx *db.Tx) error {
		if err := p.still(tx); err != nil {
			return err
		}
		now := tx.Now()
		var err error
		switch {
		case errors.Is(pulled, errUnchanged):
			_, err = tx.Exec(`UPDATE vulns_pulls SET failures = 0, error = '', last_ok = $1, next_try = $2, etag = $3, stamp = $4 WHERE feed = $5`,
				clock.Micros(now), clock.Micros(now.Add(p.f.Every)), p.etag, p.stamp, p.f.ID)
		case errors.Is(pulled, context.Canceled):
		default:
			var ask time.Duration
			if a != nil {
				ask = a.wait
			}
			wait := outbound.NextTry(p.f.Health.Failures+1, ask, outbound.Random())
			_, err = tx.Exec(`UPDATE vulns_pulls SET failures = failures + 1, error = $1, next_try = $2 WHERE feed = $3`, words, clock.Micros(now.Add(wait)), p.f.ID)
		}
		if err != nil {
			return err
		}
		return give(tx, p.f.ID, p.holder)
	})
	if errors.Is(err, errElsewhere) {
		return nil
	}
	if err == nil && fault.Is(pulled, fault.Internal) && a == nil && o == nil && !errors.Is(pulled, errUnchanged) && !errors.Is(pulled, context.Canceled) {
		err = fmt.Errorf("feed %s: %w", p.f.ID, pulled)
	}
	return err
}

package taxii

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// A client that follows next while others write, under labels of which it may read
// some, ends with each object that it may read exactly once, and the same in the
// order of arrival.
func TestFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		const writers, batches, each = 3, 8, 10
		markings := []string{green, amberStrict, clear, red}
		for _, p := range []string{town.Pia, town.Wim, town.Cleo} {
			x.Token(p)
		}
		var done atomic.Bool
		var wg sync.WaitGroup
		for w, person := range []string{town.Pia, town.Max, town.Sue} {
			who := x.As(person)
			wg.Go(func() {
				for b := range batches {
					var objs []string
					for i := range each {
						n := w*1000 + b*each + i + 1
						objs = append(objs, indicator(n, 0, markings[n%len(markings)]))
					}
					g, err := x.Intel.Gather(shared, strings.NewReader(envelope(objs...)))
					if err == nil {
						err = x.DB.Write(x.Ctx, who, func(tx *db.Tx) error {
							_, err := x.Intel.Post(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: shared}, g)
							return err
						})
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		go func() { wg.Wait(); done.Store(true) }()

		// Two readers page at different paces; when there is no next they ask again by
		// the date of the last object, as the standard says.
		type reader struct {
			person string
			limit  int
			seen   []string
		}
		readers := []*reader{{person: town.Wim, limit: 7}, {person: town.Pia, limit: 3}, {person: town.Cleo, limit: 100}}
		var rg sync.WaitGroup
		for _, r := range readers {
			rg.Go(func() {
				after, next := "2026-01-01T00:00:00Z", ""
				for {
					last := done.Load()
					g := x.ok(r.person, fmt.Sprintf("%s?limit=%d&added_after=%s%s", objectsOf, r.limit, after, next))
					e, err := taxii.ParseEnvelope([]byte(g.body))
					if err != nil {
						t.Error(err)
						return
					}
					r.seen = append(r.seen, x.idsOf(g)...)
					switch {
					case e.More:
						next = "&next=" + e.Next
					case len(e.Objects) > 0:
						after, next = g.head.Get(taxii.HeaderAddedLast), ""
					case last:
						return
					}
				}
			})
		}
		rg.Wait()
		for _, r := range readers {
			whole := x.idsOf(x.ok(r.person, objectsOf+"?limit=1000"))
			if !cmp.Equal(r.seen, whole) {
				t.Errorf("%s followed to %d objects, %d are there; %s", r.person, len(r.seen), len(whole), cmp.Diff(r.seen, whole))
			}
			sorted := slices.Clone(whole)
			slices.Sort(sorted)
			if len(slices.Compact(sorted)) != len(whole) || len(whole) < writers*batches*each/2 {
				t.Errorf("%s has %d objects", r.person, len(whole))
			}
		}
	})
}

// What is kept is what would be read: after every kind of change a door that keeps
// pages answers like one that has just begun.
func TestKeptPages(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		for n := range 12 {
			x.take(town.Pia, shared, indicator(n+1, 1), indicator(n+101, 1, amberStrict))
		}
		paths := []string{objectsOf + "?limit=5", objectsOf, objectsOf + "?match[version]=first&limit=4", objectsOf + "?match[version]=all", "/taxii2/community/collections/indicators/objects/?limit=5", "/taxii2/public/collections/everything/objects/", objectsOf + idOf(3) + "/"}
		compare := func(what string) {
			t.Helper()
			again := *x
			again.srv = &Server{DB: x.DB, Members: x.Members, Intel: intel.New(x.Members, x.Blobs, x.Box), Box: x.Box, Log: x.srv.Log, Origin: x.srv.Origin}
			fresh := newServer(t, again.srv)
			again.web = fresh
			for _, person := range []string{town.Pia, town.Wim, town.Pol} {
				for _, path := range paths {
					x.get(person, path)
					if a, b := x.get(person, path), again.get(person, path); !cmp.Equal(a.body, b.body) || a.status != b.status || a.head.Get("Etag") != b.head.Get("Etag") {
						t.Errorf("%s: %s for %s is kept as\n%s\nand is\n%s", what, path, person, a.body, b.body)
					}
				}
			}
		}
		compare("at first")
		x.take(town.Pia, shared, indicator(50, 1))
		compare("an arrival")
		x.take(town.Pia, shared, indicator(3, 2))
		compare("a later version")
		x.take(town.Pia, shared, indicator(4, 0))
		compare("an earlier version that comes late")
		x.take(town.Pia, shared, indicator(5, 3, amberStrict))
		compare("a later version for fewer")
		x.take(town.Pia, shared, indicator(5, 2))
		compare("a version between, for all")
		x.take(town.Pia, shared, indicator(60, 1, amberStrict))
		x.take(town.Max, shared, indicator(60, 1, green))
		compare("a copy by somebody who knew nothing of it")
		tight := shared
		tight.Unmarked = policy.AmberStrict
		x.take(town.Pia, tight, indicator(2, 1))
		compare("a tightened label")
		if g := x.do("DELETE", town.Pia, objectsOf+idOf(6)+"/", ""); g.status != 200 {
			t.Fatalf("%d %s", g.status, g.body)
		}
		compare("a deletion")
	})
}

// A reader's page follows his rights at once: out of a circle, out of the community,
// without the token.
func TestRightsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		room := x.circle("Infusion", false, town.Pia, town.Wim)
		x.take(town.Pia, terms(ofCircle(members.Circle{ID: room})), indicator(1, 0))
		at := "/taxii2/community/collections/" + room + "/objects/"
		if got := len(x.idsOf(x.ok(town.Wim, at))); got != 1 {
			t.Fatalf("%d objects", got)
		}
		x.OK(x.Write(town.Pia, func(tx *db.Tx) error { return x.Members.RemoveFromCircle(tx, room, town.Wim) }))
		nothing := x.get(town.Wim, "/taxii2/community/collections/nothing/objects/")
		if g := x.get(town.Wim, at); g.status != 404 || g.body != nothing.body {
			t.Errorf("out of the circle: %d", g.status)
		}
		if got := x.ok(town.Wim, objectsOf).body; got != "{}" {
			t.Errorf("out of the circle: %s", got)
		}
		x.Clock.Add(91 * 24 * time.Hour)
		if g := x.get(town.Wim, objectsOf); g.status != 401 {
			t.Errorf("a token that has expired: %d", g.status)
		}
	})
}

// Whatever coding is asked for, the bytes are the same.
func TestCodings(t *testing.T) {
	x := newHouse(t, town.New(t, ""))
	for n := range 40 {
		x.take(town.Pia, shared, indicator(n+1, 0))
	}
	plain := x.ok(town.Wim, objectsOf)
	for _, c := range []struct{ accept, coding string }{{"gzip", "gzip"}, {"zstd", "zstd"}, {"gzip, deflate, br, zstd", "zstd"}, {"gzip;q=1.0, zstd;q=0", "gzip"}, {"identity", ""}, {"br", ""}, {"gzip;q=0.0", ""}, {"*", ""}} {
		for range 2 {
			g := x.ok(town.Wim, objectsOf, "Accept-Encoding", c.accept)
			if g.head.Get("Content-Encoding") != c.coding {
				t.Errorf("%s is answered in %q", c.accept, g.head.Get("Content-Encoding"))
				continue
			}
			var r io.Reader = strings.NewReader(g.body)
			var err error
			switch c.coding {
			case "gzip":
				r, err = gzip.NewReader(r)
			case "zstd":
				r, err = zstd.NewReader(r)
			}
			x.OK(err)
			body, err := io.ReadAll(r)
			x.OK(err)
			if string(body) != plain.body || c.coding != "" && len(g.body) > len(plain.body)/3 {
				t.Errorf("%s: %d bytes hold %d, want %d", c.accept, len(g.body), len(body), len(plain.body))
			}
			if g := x.get(town.Wim, objectsOf, "Accept-Encoding", c.accept, "If-None-Match", g.head.Get("Etag")); g.status != http.StatusNotModified {
				t.Errorf("%s: %d", c.accept, g.status)
			}
		}
	}
}

// The pages that are kept stay within their bytes, whatever is asked.
func TestKeptBytes(t *testing.T) {
	var s pages
	mark := intel.Mark{Arrived: 1}
	for n := range 300 {
		p := &page{body: make([]byte, 1<<20), mark: mark}
		key := fmt.Sprint(n)
		s.put(key, p)
		s.compressed(p, gzipped)
		if s.get(key, mark) != p {
			t.Fatalf("page %d was not kept", n)
		}
	}
	sum := 0
	for e := s.order.Front(); e != nil; e = e.Next() {
		sum += e.Value.(*keptPage).size
	}
	if s.size > keepBytes || s.size != sum || len(s.byKey) != s.order.Len() || s.get("0", mark) != nil || s.get("299", mark) == nil {
		t.Errorf("%d bytes in %d pages, counted %d", s.size, s.order.Len(), sum)
	}
	if s.get("299", intel.Mark{Arrived: 2}) != nil || s.size >= sum {
		t.Error("a page that is not full outlives an arrival")
	}
	s.put(strings.Repeat("x", longestKey+1), &page{})
	if s.get(strings.Repeat("x", longestKey+1), intel.Mark{}) != nil {
		t.Error("an endless question is kept")
	}
}

package intel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// feed reads a static MISP feed: its manifest says which events there are and when
// each was changed last; those that are new or changed are read, oldest first. Its
// hashes.csv, which tells which values stand in which event, is not needed for
// that.
func (p *puller) feed(ctx context.Context) error {
	root, err := parseURL(p.s.URL)
	if err != nil {
		return err
	}
	body, _, err := p.get(ctx, root.JoinPath("manifest.json"), "application/json")
	if err != nil {
		return err
	}
	m, err := misp.ParseManifest(reader(body))
	if err != nil {
		return &answered{words: "Its manifest cannot be read: " + err.Error() + "."}
	}
	p.bytes += int64(len(body)) // noted with the next event
	known := map[string]string{}
	err = p.d.Read(ctx, p.program, func(v *db.View) error {
		return v.Each(`SELECT event, stamp FROM intel_feed_events WHERE source = $1`, []any{p.s.ID}, func(s db.Scanner) error {
			var event, stamp string
			err := s.Scan(&event, &stamp)
			known[event] = stamp
			return err
		})
	})
	if err != nil {
		return err
	}
	type due struct {
		event, stamp string
		at           int64
	}
	var work []due
	for event, e := range m {
		at, _ := strconv.ParseInt(e.Timestamp, 10, 64)
		if stamp, ok := known[event]; ok && stamp == e.Timestamp || !p.s.Since.IsZero() && at <= p.s.Since.Unix() {
			continue
		}
		if _, ok := stix.ID("report--" + event); ok {
			work = append(work, due{event, e.Timestamp, at})
		}
	}
	slices.SortFunc(work, func(a, b due) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.event, b.event)) })
	for i, w := range work {
		left := p.left()
		if left == 0 {
			p.full = true
			return nil
		}
		size := int64(0)
		body, _, err := p.get(ctx, root.JoinPath(w.event+".json"), "application/json")
		var a *answered
		var objs []arrival
		switch {
		case errors.As(err, &a) && (a.status == http.StatusNotFound || a.status == http.StatusGone):
			objs = []arrival{{where: "event " + w.event, broken: "The manifest lists it, and it is not there."}}
		case err != nil:
			return err
		default:
			size = int64(len(body))
			objs = p.event(w.event, body)
		}
		if int64(len(objs)) > left {
			if int64(len(objs)) <= p.s.DayObjects {
				p.full = true // tomorrow it fits
				return nil
			}
			objs = []arrival{{where: "event " + w.event, broken: fmt.Sprintf("It becomes %d objects, more than the quota of a whole day.", len(objs))}}
		}
		to := mark{after: p.at.after, more: i < len(work)-1}
		err = p.take(ctx, FormatMISP, objs, size, to, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO intel_feed_events (source, event, stamp) VALUES ($1, $2, $3) ON CONFLICT (source, event) DO UPDATE SET stamp = excluded.stamp`, p.s.ID, w.event, w.stamp)
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(work) == 0 {
		return p.take(ctx, FormatMISP, nil, 0, mark{after: p.at.after}, nil)
	}
	return nil
}

// event reads one event of a feed as objects. What cannot be read is refused as a
// whole, and not asked for again until it changes.
func (p *puller) event(id string, body []byte) []arrival {
	where := "event " + id
	src, err := readMISP(&Batch{Org: p.s.Org, Terms: p.s.Terms, At: clock.FromMicros(clock.Micros(p.now))}, reader(body))
	if err != nil {
		return []arrival{{where: where, broken: sentence(err)}}
	}
	objs, err := chunk(src, p.s.Terms, maxAnswer, maxAnswer)
	if err != io.EOF {
		return []arrival{{where: where, broken: sentence(err)}}
	}
	for i := range objs {
		objs[i].where = where + strings.TrimPrefix(objs[i].where, "event 1")
	}
	return objs
}

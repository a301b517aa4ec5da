package intel

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/clock"
)

// slack is how far an expired cursor goes back, for servers that write their dates
// coarser than they keep them. What comes twice is known the second time.
const slack = time.Millisecond

// pages reads a collection of a TAXII 2.1 server from where it was: what was added
// after the last object that it gave (§3.4 added_after), page by page (§3.5 next).
func (p *puller) pages(ctx context.Context) error {
	root, err := parseURL(p.s.URL)
	if err != nil {
		return err
	}
	at := taxii.Endpoint(root, "collections", p.s.Collection, "objects")
	empty, again := 0, false
	for {
		left := p.left()
		if left == 0 {
			p.full = true
			return nil
		}
		f := taxii.Filter{AddedAfter: clock.FromMicros(p.at.after), Limit: int(min(sourcePage, left)), Next: p.at.next}
		at.RawQuery = f.Values().Encode()
		body, h, err := p.get(ctx, at, taxii.MediaType)
		if a, ok := err.(*answered); ok && a.status >= 400 && a.status < 500 && a.status != 429 && a.status != 401 && a.status != 403 && p.at.next != "" && !again {
			// The cursor is not known there any more. The dates are.
			again = true
			if p.at.last > 0 {
				p.at.after = p.at.last - slack.Microseconds()
			}
			p.at.next = ""
			continue
		}
		if err != nil {
			return err
		}
		if !taxii.ContentOK(h.Get("Content-Type")) {
			return &answered{words: "What answers at this address does not speak TAXII 2.1."}
		}
		src := &bundleSource{r: stix.NewReader(reader(body), stix.Limits{Object: MaxObject})}
		objs, err := chunk(src, p.s.Terms, maxAnswer, maxAnswer)
		if err != io.EOF {
			return &answered{words: "Its answer cannot be read: " + sentence(err) + "."}
		}
		if int64(len(objs)) > max(left, sourcePage) {
			return &answered{words: fmt.Sprintf("It sends %d objects at once where %d were asked for, and its quota has room for %d. Nothing of them was taken in.", len(objs), f.Limit, left)}
		}
		next, more := src.r.EnvelopeNext()
		last, dated := time.Time{}, false
		if text := h.Get(taxii.HeaderAddedLast); text != "" {
			if t, err := taxii.ParseTime(text); err == nil {
				last, dated = t, true
			}
		}
		to := p.at
		if dated {
			to.last = clock.Micros(last)
		}
		to.more = more
		switch {
		case !more:
			to.next = ""
			if to.last > 0 {
				to.after = to.last
			}
			to.last = 0
		case next != "" && next == p.at.next:
			return &answered{words: "It leads us round in a circle: its next page is the one before."}
		case next != "":
			if err := taxii.CheckPage(more, next, len(objs)); err != nil {
				return &answered{words: "It promises more without saying how to get it."}
			}
			to.next = next
		case dated && to.last > p.at.after && len(objs) > 0:
			to.next, to.after = "", to.last // §3.5: without a cursor, by date
		default:
			return &answered{words: "It promises more without saying how to get it."}
		}
		if len(objs) == 0 && more {
			if empty++; empty > 10 {
				return &answered{words: "It sends one empty page after another."}
			}
		} else {
			empty = 0
		}
		if err := p.take(ctx, FormatSTIX, objs, int64(len(body)), to, nil); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

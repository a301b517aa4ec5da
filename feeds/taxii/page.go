package taxii

import (
	"container/list"
	"strconv"
	"sync"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
)

// page is a page of objects as it is sent: an envelope (§3.7) around the bytes of the
// objects as they came.
type page struct {
	body        []byte
	tag         string
	first, last string

	mark intel.Mark // of the store when it was read
	more bool       // it is full: what arrives later is on other pages

	mu    sync.Mutex
	other map[coding][]byte // the body compressed
	kept  *list.Element     // nil if it is not kept
}

const (
	head     = `{"objects":[`
	tailRoom = 600 // bytes of the longest end of an envelope
)

// page answers with a page that is kept, or reads it. What is kept is kept for one
// person with one set of principals and one question, and holds while the store does
// not change: for a full page that is while nothing but arrivals happened. So a kept
// page is what would be read now, byte for byte.
func (c *call) page(question func() (intel.Range, bool, error)) error {
	mark, err := c.Intel.Mark(c.view)
	if err != nil {
		return err
	}
	key := c.reader + "\n" + c.r.URL.Path + "?" + c.r.URL.RawQuery
	p := c.pages.get(key, mark)
	if p == nil {
		r, ok, err := question()
		if err != nil {
			return err
		}
		r.Mark = mark
		if p, err = c.pull(r, ok); err != nil {
			return err
		}
		p.mark = mark
		c.pages.put(key, p)
	}
	c.out = &answer{page: p, first: p.first, last: p.last}
	return nil
}

// pull reads a page. The objects are joined where they are stored and not touched.
func (c *call) pull(r intel.Range, ok bool) (*page, error) {
	p := &page{body: []byte("{}")}
	if ok {
		got, err := c.Intel.PullInto(c.view, r, head, tailRoom)
		if err != nil {
			return nil, err
		}
		if got.Count > 0 {
			b := append(got.Objects, ']')
			if got.More {
				b = append(b, `,"more":true,"next":`...)
				b = strconv.AppendQuote(b, got.Next) // of A–Z, a–z, 0–9, - and _
			}
			p.body, p.more = append(b, '}'), got.More
			p.first, p.last = taxii.FormatTime(got.First), taxii.FormatTime(got.Last)
		}
	}
	p.tag = c.tags.tag(c.reader, p.body)
	return p, nil
}

// Pages are kept up to so many bytes, in all their forms; those that nobody asked for
// the longest go first.
const (
	keepBytes   = 64 << 20
	longestKey  = 4 << 10
	pageBeyond  = 512 // bytes of a page beside its bodies
	largestPage = keepBytes / 8
)

// pages is the pages that are kept, in memory only.
type pages struct {
	mu    sync.Mutex
	size  int
	byKey map[string]*list.Element
	order list.List // of *keptPage, last asked for first
}

type keptPage struct {
	key  string
	size int
	page *page
}

func (s *pages) get(key string, mark intel.Mark) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byKey[key]
	if e == nil {
		return nil
	}
	k := e.Value.(*keptPage)
	if m := k.page.mark; m.Changed != mark.Changed || m.Arrived != mark.Arrived && !k.page.more {
		s.drop(e)
		return nil
	}
	s.order.MoveToFront(e)
	return k.page
}

func (s *pages) put(key string, p *page) {
	size := len(key) + cap(p.body) + pageBeyond
	if len(key) > longestKey || size > largestPage {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]*list.Element{}
	}
	if e := s.byKey[key]; e != nil {
		s.drop(e)
	}
	p.kept = s.order.PushFront(&keptPage{key, size, p})
	s.byKey[key] = p.kept
	s.grow(p.kept, size)
}

// grow counts bytes of a page and makes room for them.
func (s *pages) grow(e *list.Element, n int) {
	s.size += n
	for s.size > keepBytes && s.order.Back() != e {
		s.drop(s.order.Back())
	}
}

func (s *pages) drop(e *list.Element) {
	k := s.order.Remove(e).(*keptPage)
	delete(s.byKey, k.key)
	s.size -= k.size
	k.page.kept = nil
}

// compressed is a page's body in a coding. It is made once for a page that is kept.
func (s *pages) compressed(p *page, c coding) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.other[c]; b != nil {
		return b
	}
	b := compress(p.body, c)
	if p.other == nil {
		p.other = map[coding][]byte{}
	}
	p.other[c] = b
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.kept != nil {
		p.kept.Value.(*keptPage).size += cap(b)
		s.grow(p.kept, cap(b))
	}
	return b
}

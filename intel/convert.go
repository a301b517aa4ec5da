package intel

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// converted reads a file of another format as STIX objects. Reading it again gives
// the same objects in the same order, which is how an interrupted batch goes on.
func (x *Intel) converted(b *Batch, r io.Reader) (source, error) {
	switch b.Format {
	case FormatMISP:
		return readMISP(b, r)
	case FormatCSV:
		return x.readCSV(b, r)
	}
	return nil, fault.InvalidField("format", "Files of the format %q are not read.", string(b.Format))
}

// Sniff tells the format of a file by its beginning; "" if that tells nothing.
func Sniff(_ string, head []byte) Format {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 {
		return ""
	}
	if text[0] != '{' && (text[0] != '[' || bytes.HasPrefix(text, []byte("[."))) {
		return FormatCSV
	}
	stixAt, mispAt := bytes.Index(text, []byte(`"spec_version"`)), -1
	for _, mark := range []string{`"Event"`, `"Attribute"`, `"event_creator_email"`, `"threat_level_id"`} {
		if at := bytes.Index(text, []byte(mark)); at >= 0 && (mispAt < 0 || at < mispAt) {
			mispAt = at
		}
	}
	if mispAt >= 0 && (stixAt < 0 || mispAt < stixAt) {
		return FormatMISP
	}
	return FormatSTIX
}

// refusedPart refuses a part of a file; reading goes on.
func refusedPart(reason string) error { return &stix.Error{Index: -1, Reason: reason} }

// unreadable ends a file's reading.
func unreadable(err error) error { return &stix.Error{Index: -1, Reason: err.Error(), Fatal: true} }

// mispSource gives what the events of a file become, event by event.
type mispSource struct {
	events []misp.Event
	terms  Terms
	org    string
	size   int64
	count  int // events in all
	event  int // the one whose objects are given, from 1
	object int // of it, from 1
	objs   [][]byte
	errs   []misp.Skip
}

func readMISP(b *Batch, r io.Reader) (source, error) {
	in := &counted{r: r}
	events, err := misp.Parse(in, misp.Limits{})
	if err != nil {
		return nil, unreadable(err)
	}
	return &mispSource{events: events, terms: b.Terms, org: b.Org, size: in.n, count: len(events)}, nil
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (s *mispSource) offset() int64 { return s.size * int64(s.event) / int64(max(s.count, 1)) }

func (s *mispSource) next() (stix.Object, string, error) {
	for {
		at := fmt.Sprintf("event %d", s.event)
		if len(s.objs) > 0 {
			raw := s.objs[0]
			s.objs, s.object = s.objs[1:], s.object+1
			o, err := stix.Parse(raw)
			return o, fmt.Sprintf("%s, object %d", at, s.object), err
		}
		if len(s.errs) > 0 {
			bad := s.errs[0]
			s.errs = s.errs[1:]
			if bad.Path != "" {
				at += ", " + bad.Path
			}
			return stix.Object{}, at, refusedPart(bad.Reason)
		}
		if len(s.events) == 0 {
			return stix.Object{}, "", io.EOF
		}
		e := s.events[0]
		s.events[0] = misp.Event{} // its memory is not needed any more
		s.events, s.event, s.object = s.events[1:], s.event+1, 0
		s.convert(e)
	}
}

func (s *mispSource) convert(e misp.Event) {
	if !s.limit(&e) {
		return
	}
	objs, skipped, err := misp.ToSTIX(e)
	if err != nil {
		s.errs = append(s.errs, misp.Skip{Reason: err.Error()})
		return
	}
	s.objs = objs
	for _, k := range skipped {
		if k.Path != "/distribution" { // limit has seen to it
			s.errs = append(s.errs, k)
		}
	}
}

// limit turns MISP's distribution levels, for which STIX has no marking, into
// marks, so that nothing that is converted reaches farther than MISP let it: levels
// 1 and 2 at most as GREEN, 0 (its organization only) and 4 (a sharing group) as
// AMBER+STRICT. Where the terms send AMBER+STRICT beyond the organization, the last
// two are left out. It reports whether anything of the event remains.
//
// Authors and galaxy clusters are the same in every event and carry no mark; the
// terms say what becomes of the unmarked.
func (s *mispSource) limit(e *misp.Event) bool {
	closed := within(s.terms.Label(policy.AmberStrict).Audience, s.org, "")
	const outside = "its distribution keeps it to its organization or sharing group, and these terms would send it on; choose your organization alone for AMBER"
	tlp, _ := e.TLP()
	event := policy.TLP(tlp)
	switch {
	case tlp == "":
		event = s.terms.Unmarked
	case !event.Known():
		event = policy.AmberStrict // as the conversion takes it
	}
	least := distributed(e.Distribution)
	if least == policy.AmberStrict && !closed {
		s.errs = append(s.errs, misp.Skip{Path: "/distribution", Reason: outside})
		return false
	}
	if least.StricterThan(event) {
		e.Tags, event = append(e.Tags, distributionTag(least)), least
	}
	attributes := func(as []misp.Attribute, path string, parent policy.TLP) []misp.Attribute {
		out := as[:0]
		for i, a := range as {
			least := distributed(a.Distribution)
			if parent.StricterThan(least) {
				least = parent
			}
			if least == policy.AmberStrict && !closed {
				s.errs = append(s.errs, misp.Skip{Path: path + "/Attribute/" + strconv.Itoa(i), Reason: outside})
				continue
			}
			own := event
			if t, ok := a.TLP(); ok && policy.TLP(t).Known() && policy.TLP(t).StricterThan(own) {
				own = policy.TLP(t)
			}
			if least.StricterThan(own) {
				a.Tags = append(a.Tags, distributionTag(least))
			}
			out = append(out, a)
		}
		return out
	}
	e.Attributes = attributes(e.Attributes, "", policy.Clear)
	for i := range e.Objects {
		o := &e.Objects[i]
		o.Attributes = attributes(o.Attributes, "/Object/"+strconv.Itoa(i), distributed(o.Distribution))
	}
	return true
}

// distributed is the widest marking that a distribution level of MISP allows; 3 is
// everybody, 5 as what it belongs to.
func distributed(level string) policy.TLP {
	switch level {
	case "0", "4":
		return policy.AmberStrict
	case "1", "2":
		return policy.Green
	}
	return policy.Clear
}

func distributionTag(t policy.TLP) misp.Tag {
	return misp.Tag{Name: "tlp:" + strings.ToLower(string(t))}
}

// csvSource gives the indicators of a table.
type csvSource struct {
	r    *iocs.Reader
	at   time.Time
	opts iocs.STIXOptions
}

func (x *Intel) readCSV(b *Batch, r io.Reader) (source, error) {
	in, err := iocs.NewReader(r, iocs.Options{Mapping: b.Terms.Mapping})
	if err != nil {
		return nil, unreadable(err)
	}
	// The ids are the same whenever the same organization sends the same value,
	// and tell nobody who sent it: without the key, no one can try organizations.
	key := x.box.Secret("intel ids of tables")
	return &csvSource{r: in, at: b.At, opts: iocs.STIXOptions{Source: keyed(key, b.Org), Marking: stix.MarkingID}}, nil
}

func keyed(key [seal.KeySize]byte, s string) string {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

func (s *csvSource) offset() int64 { return s.r.Offset() }

func (s *csvSource) next() (stix.Object, string, error) {
	row, err := s.r.Next()
	var bad *iocs.RowError
	switch {
	case err == io.EOF:
		return stix.Object{}, "", io.EOF
	case errors.As(err, &bad):
		return stix.Object{}, s.where(bad), refusedPart(bad.Reason)
	case err != nil:
		return stix.Object{}, "", unreadable(err)
	}
	where := "row " + strconv.Itoa(row.Line)
	raw, err := row.STIX(s.at, s.opts)
	if err != nil {
		return stix.Object{}, where, refusedPart(strings.TrimPrefix(err.Error(), fmt.Sprintf("line %d: ", row.Line)))
	}
	o, err := stix.Parse(raw)
	return o, where, err
}

// where names a cell by its column's name, if it has a short one.
func (s *csvSource) where(e *iocs.RowError) string {
	at := "row " + strconv.Itoa(e.Line)
	if e.Column == 0 {
		return at
	}
	if h := s.r.Header(); e.Column <= len(h) && h[e.Column-1] != "" && len(h[e.Column-1]) <= 40 {
		return at + ", column " + h[e.Column-1]
	}
	return at + ", column " + strconv.Itoa(e.Column)
}

package evidence

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// maxEntries is how many entries one pack holds.
const maxEntries = 20_000

// Topic writes the evidence pack of a topic, as the viewer can read it at this
// moment, and records that he took it. A checkpoint that covers every entry is
// published first. Nothing is written to w before everything was read but the
// attached files, so that a fault can still be answered as one.
func (e *Evidence) Topic(ctx context.Context, d *db.DB, viewer policy.Viewer, topic string, w io.Writer) error {
	return e.take(ctx, d, viewer, w, func(tx *db.Tx) (Pack, error) { return e.begin(tx, topic) })
}

// take makes a pack: begin judges the wish and records the taking.
func (e *Evidence) take(ctx context.Context, d *db.DB, viewer policy.Viewer, w io.Writer, begin func(*db.Tx) (Pack, error)) error {
	var p Pack
	var seq int64
	var at time.Time
	err := d.Write(ctx, viewer, func(tx *db.Tx) (err error) {
		viewer = tx.Viewer() // with the rights of this moment
		p, err = begin(tx)
		seq, at = tx.NextSeq(), tx.Now()
		return err
	})
	if err != nil {
		return err
	}
	checkpoint, err := e.ledger.Covering(ctx, seq)
	if err != nil {
		return fmt.Errorf("cover an evidence pack: %w", err)
	}
	var r *record
	var attached []attachment
	err = d.Read(ctx, viewer, func(v *db.View) (err error) {
		r, attached, err = e.gather(v, &p, checkpoint, seq)
		return err
	})
	if err != nil {
		return err
	}
	all, err := r.members()
	if err != nil {
		return err
	}
	size := int64(0)
	for _, a := range attached {
		if size += a.Size; size > maxPack-(256<<20) {
			return fault.Conflictf("The files are too large for one pack of 2 GB.")
		}
	}
	digests := map[string]string{}
	for _, m := range all {
		if digests[m.name], err = m.digest(); err != nil {
			return err
		}
	}
	for _, a := range attached {
		m, err := e.attach(ctx, d, viewer, a)
		if err != nil {
			return err
		}
		all, digests[m.name] = append(all, m), a.SHA256
	}
	list, err := manifest(digests)
	if err != nil {
		return err
	}
	return writePack(w, append(all, list), at)
}

// own is a label for the viewer's eyes alone; a program's is that of the topic.
func own(who policy.Viewer, topic policy.Label) policy.Label {
	if !who.SignedIn() {
		return topic
	}
	return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(who.Person))}
}

// begin judges the wish and records the taking.
func (e *Evidence) begin(tx *db.Tx, topic string) (p Pack, err error) {
	t, err := e.forum.Topic(tx.View, topic)
	if err != nil {
		return p, err
	}
	if !tx.Viewer().May(policy.MayExport) {
		return p, fault.Forbiddenf("You may not take an evidence pack. Members in good standing may; a token needs the scope read.")
	}
	p = Pack{Version: topicVersion, Topic: topic}
	if err := e.describe(tx.View, &p, t.Title, t.Label); err != nil {
		return p, err
	}
	return p, e.taking(tx, p, t.Room, t.Label)
}

// taking records that the viewer takes a pack. Who secures evidence, and when, is
// nobody else's to know: not the other readers' streams, nor the packs they take
// later (T-01).
func (e *Evidence) taking(tx *db.Tx, p Pack, room string, l policy.Label) error {
	about, err := p.About.digest()
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: exportedVerb, Object: p.ID, Parent: p.subject(), Room: room, Label: own(tx.Viewer(), l), Data: exported{about}})
	return nil
}

// describe begins a pack with what the entries do not say in words.
func (e *Evidence) describe(v *db.View, p *Pack, title string, l policy.Label) error {
	settings, err := e.members.Settings(v)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	entries, _, err := e.entries(v, p)
	if err != nil {
		return err
	}
	all := l.Audience
	for _, x := range entries {
		all = all.With(x.Label.Audience.Members()...)
	}
	names, _, err := e.members.Describe(v, all)
	if err != nil {
		return err
	}
	p.ID, p.Key, p.Entries, p.Texts, p.Files = ids.New("pack"), e.ledger.Public(), []PackEntry{}, []PackText{}, []PackFile{}
	p.About = About{Community: settings.Name, Title: title, Names: []Named{}, Nonce: rand.Text()}
	for _, n := range names {
		p.About.Names = append(p.About.Names, Named{string(n.Principal), n.Name})
	}
	slices.SortFunc(p.About.Names, func(a, b Named) int { return strings.Compare(a.Principal, b.Principal) })
	return nil
}

// entries reads what the viewer can read of a pack's subject, in order, and the
// topics among it.
func (e *Evidence) entries(v *db.View, p *Pack) (entries []ledger.Entry, topics []string, err error) {
	about := func(object string) error {
		es, err := e.ledger.About(v, object, maxEntries+1)
		if entries = append(entries, es...); err == nil && len(entries) > maxEntries {
			err = fault.Conflictf("There are more than %d entries: too many for one pack.", maxEntries)
		}
		return err
	}
	if err := about(p.subject()); err != nil {
		return nil, nil, err
	}
	if p.Version == topicVersion {
		return entries, []string{p.Topic}, nil
	}
	telling, err := e.events(v, slices.DeleteFunc(slices.Clone(entries), func(x ledger.Entry) bool {
		return x.Verb != "case.thread-opened" && x.Verb != "obligation.changed"
	}))
	if err != nil {
		return nil, nil, err
	}
	for _, ev := range telling {
		if !p.opens(ev) {
			continue
		}
		_, err := e.forum.Topic(v, ev.Object)
		if fault.Is(err, fault.Missing) {
			continue // relabelled since
		}
		if err != nil {
			return nil, nil, err
		}
		topics = append(topics, ev.Object)
		if err := about(ev.Object); err != nil {
			return nil, nil, err
		}
	}
	// Whether a manufacturer was a member all along decides on its clocks.
	for org := range owners(telling) {
		es, err := e.ledger.About(v, org, maxRead)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, slices.DeleteFunc(es, func(x ledger.Entry) bool { return x.Object != org || standings[x.Verb] == "" })...)
	}
	slices.SortFunc(entries, func(a, b ledger.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	// What makes a topic a thread is about both.
	entries = slices.CompactFunc(entries, func(a, b ledger.Entry) bool { return a.Seq == b.Seq })
	return entries, topics, nil
}

// gather reads what the viewer can read of the topic, up to the entry that
// records the taking.
func (e *Evidence) gather(v *db.View, p *Pack, c ledger.Checkpoint, last int64) (*record, []attachment, error) {
	entries, topics, err := e.entries(v, p)
	if err != nil {
		return nil, nil, err
	}
	contents, err := e.ledger.OpenAll(v, entries)
	if err != nil {
		return nil, nil, err
	}
	posts := map[string]forum.Post{}
	for _, t := range topics {
		if err := e.posts(v, t, posts); err != nil {
			return nil, nil, err
		}
	}
	p.Checkpoint = c.Note
	r := &record{pack: p, texts: map[string]string{}}
	r.checkpoint.Size, r.checkpoint.Root = c.Size, c.Root
	for _, x := range entries {
		if x.Seq > last {
			break
		}
		content := contents[x.Seq]
		ev := event{index: x.Seq, gone: true}
		ev.Object = x.Object
		if content.Canonical != nil {
			if ev, err = openEvent(x.Seq, content.Event); err != nil {
				return nil, nil, fmt.Errorf("entry %d: %w", x.Seq, err)
			}
		}
		// An entry keeps the label it was made with; its post may have been
		// tightened since.
		whole := slices.Contains(topics, ev.Object) || p.Case != "" && (x.Object == p.Case || x.Parent == p.Case)
		if post := ev.post(); post != "" || ev.gone && !whole {
			if _, ok := posts[post]; !ok {
				continue
			}
		}
		out, err := e.prove(v, c, x, content)
		if err != nil {
			return nil, nil, err
		}
		p.Entries = append(p.Entries, out)
		r.events = append(r.events, ev)
	}
	if len(r.events) == 0 || r.taken().Object != p.ID {
		return nil, nil, errors.New("evidence: the entry that records the taking cannot be read")
	}
	if err := e.texts(v, r, topics, posts); err != nil {
		return nil, nil, err
	}
	return r, r.files(posts), nil
}

// posts reads every post of a topic that the viewer can read.
func (e *Evidence) posts(v *db.View, topic string, out map[string]forum.Post) error {
	var after forum.Cursor
	for {
		page, err := e.forum.Posts(v, topic, after, forum.MaxPage)
		if err != nil {
			return err
		}
		for _, p := range page {
			out[p.ID] = p
		}
		if len(page) < forum.MaxPage {
			return nil
		}
		after = page[len(page)-1].Cursor()
	}
}

// texts gathers the texts that the entries name by digest.
func (e *Evidence) texts(v *db.View, r *record, topics []string, posts map[string]forum.Post) error {
	have := map[string]string{}
	add := func(s string) { have[sum([]byte(s))] = s }
	for _, p := range posts {
		if p.Edits == 0 {
			add(p.Body)
			continue
		}
		versions, err := e.forum.History(v, p.ID)
		if err != nil {
			return err
		}
		for _, x := range versions {
			add(x.Body)
		}
	}
	for _, id := range topics {
		t, err := e.forum.Topic(v, id)
		if err != nil {
			return err
		}
		add(t.Summary)
	}
	for _, ev := range r.events {
		for _, d := range ev.digests() {
			s, ok := have[d]
			if _, done := r.texts[d]; ok && !done {
				r.texts[d] = s
				r.pack.Texts = append(r.pack.Texts, PackText{d, s})
			}
		}
	}
	return nil
}

// attachment is a file to put into a pack.
type attachment struct {
	id string
	PackFile
}

// files finds the attached files that the entries name.
func (r *record) files(posts map[string]forum.Post) (out []attachment) {
	byDigest := map[string]forum.File{}
	for _, p := range posts {
		for _, f := range p.Files {
			byDigest[f.SHA256] = f
		}
	}
	for _, ev := range r.events {
		for _, named := range ev.files() {
			if f, ok := byDigest[named.SHA256]; ok {
				delete(byDigest, named.SHA256) // once, however often it was shared
				named.Path = safeName(len(out)+1, named.Name)
				out = append(out, attachment{f.ID, named})
				r.pack.Files = append(r.pack.Files, named)
			}
		}
	}
	return out
}

// attach makes a member of a file. It is read once for its checksum and once
// more when the pack is written, each time asked for anew in the viewer's name and
// outside any snapshot: a slow reader holds nothing up.
func (e *Evidence) attach(ctx context.Context, d *db.DB, viewer policy.Viewer, a attachment) (member, error) {
	m := member{name: a.Path, size: a.Size}
	m.open = func() (r io.ReadCloser, err error) {
		err = d.Read(ctx, viewer, func(v *db.View) (err error) {
			_, r, err = e.forum.OpenFile(v, a.id)
			return err
		})
		return r, err
	}
	r, err := m.open()
	if err != nil {
		return m, err
	}
	defer r.Close()
	crc := crc32.NewIEEE()
	if n, err := io.Copy(crc, r); err != nil || n != a.Size {
		return m, errors.Join(fmt.Errorf("evidence: file %s has %d bytes, not %d", a.id, n, a.Size), err)
	}
	m.crc = crc.Sum32()
	return m, nil
}

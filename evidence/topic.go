package evidence

import (
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
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Evidence is the duty. It holds its collaborators only.
type Evidence struct {
	ledger  *ledger.Ledger
	forum   *forum.Forum
	members *members.Members
}

// New makes the duty.
func New(l *ledger.Ledger, f *forum.Forum, m *members.Members) *Evidence {
	return &Evidence{l, f, m}
}

// Schema is empty: evidence keeps nothing but its entries in the ledger.
var Schema = db.Schema{Duty: "evidence"}

// maxEntries is how many entries one pack holds.
const maxEntries = 20_000

// Topic writes the evidence pack of a topic, as the viewer can read it at this
// moment, and records that he took it. A checkpoint that covers every entry is
// published first. Nothing is written to w before everything was read but the
// attached files, so that a fault can still be answered as one.
func (e *Evidence) Topic(ctx context.Context, d *db.DB, viewer policy.Viewer, topic string, w io.Writer) error {
	var p Pack
	var seq int64
	var at time.Time
	err := d.Write(ctx, viewer, func(tx *db.Tx) (err error) {
		viewer = tx.Viewer() // with the rights of this moment
		p, err = e.begin(tx, topic)
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
			return fault.Conflictf("The files of this topic are too large for one pack of 2 GB.")
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
	settings, err := e.members.Settings(tx.View)
	if err != nil && !fault.Is(err, fault.Missing) {
		return p, err
	}
	entries, err := e.ledger.About(tx.View, topic, maxEntries+1)
	if err != nil {
		return p, err
	}
	if len(entries) > maxEntries {
		return p, fault.Conflictf("This topic has more than %d entries: too many for one pack.", maxEntries)
	}
	all := t.Label.Audience
	for _, x := range entries {
		all = all.With(x.Label.Audience.Members()...)
	}
	names, _, err := e.members.Describe(tx.View, all)
	if err != nil {
		return p, err
	}
	p = Pack{Version: PackVersion, ID: ids.New("pack"), Topic: topic, Key: e.ledger.Public(), Entries: []PackEntry{}, Texts: []PackText{}, Files: []PackFile{},
		About: About{Community: settings.Name, Title: t.Title, Names: []Named{}, Nonce: rand.Text()}}
	for _, n := range names {
		p.About.Names = append(p.About.Names, Named{string(n.Principal), n.Name})
	}
	slices.SortFunc(p.About.Names, func(a, b Named) int { return strings.Compare(a.Principal, b.Principal) })
	about, err := p.About.digest()
	if err != nil {
		return p, err
	}
	// Who secures evidence, and when, is nobody else's to know: not the other
	// readers' streams, nor the packs they take later (T-01).
	tx.Append(db.Entry{Verb: exportedVerb, Object: p.ID, Parent: topic, Room: t.Room, Label: own(tx.Viewer(), t.Label), Data: exported{about}})
	return p, nil
}

// gather reads what the viewer can read of the topic, up to the entry that
// records the taking.
func (e *Evidence) gather(v *db.View, p *Pack, c ledger.Checkpoint, last int64) (*record, []attachment, error) {
	posts, err := e.posts(v, p.Topic)
	if err != nil {
		return nil, nil, err
	}
	entries, err := e.ledger.About(v, p.Topic, maxEntries+1)
	if err != nil {
		return nil, nil, err
	}
	p.Checkpoint = c.Note
	r := &record{pack: p, texts: map[string]string{}}
	r.checkpoint.Size, r.checkpoint.Root = c.Size, c.Root
	for _, x := range entries {
		if x.Seq > last {
			break
		}
		content, err := e.ledger.Open(v, x)
		if err != nil {
			return nil, nil, err
		}
		ev := event{index: x.Seq, gone: true}
		ev.Object = x.Object
		if content.Canonical != nil {
			if ev, err = openEvent(x.Seq, content.Event); err != nil {
				return nil, nil, fmt.Errorf("entry %d: %w", x.Seq, err)
			}
		}
		// An entry keeps the label it was made with; its post may have been
		// tightened since.
		if post := ev.post(); post != "" || ev.gone && ev.Object != p.Topic {
			if _, ok := posts[post]; !ok {
				continue
			}
		}
		proof, err := e.ledger.Proof(v, c, x.Seq)
		if err != nil {
			return nil, nil, err
		}
		out := PackEntry{Index: x.Seq, Leaf: encode(x.Leaf), Salt: encode(content.Salt), Event: string(content.Canonical), Proof: []string{}}
		for _, h := range proof {
			out.Proof = append(out.Proof, encode(h[:]))
		}
		p.Entries = append(p.Entries, out)
		r.events = append(r.events, ev)
	}
	if len(r.events) == 0 || r.taken().Object != p.ID {
		return nil, nil, errors.New("evidence: the entry that records the taking cannot be read")
	}
	if err := e.texts(v, r, posts); err != nil {
		return nil, nil, err
	}
	return r, r.files(posts), nil
}

// posts reads every post of the topic that the viewer can read.
func (e *Evidence) posts(v *db.View, topic string) (map[string]forum.Post, error) {
	out := map[string]forum.Post{}
	var after forum.Cursor
	for {
		page, err := e.forum.Posts(v, topic, after, forum.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			out[p.ID] = p
		}
		if len(page) < forum.MaxPage {
			return out, nil
		}
		after = page[len(page)-1].Cursor()
	}
}

// texts gathers the texts that the entries name by digest.
func (e *Evidence) texts(v *db.View, r *record, posts map[string]forum.Post) error {
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
	t, err := e.forum.Topic(v, r.pack.Topic)
	if err != nil {
		return err
	}
	add(t.Summary)
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

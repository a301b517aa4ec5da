package forum

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/policy"
)

// NewTopic is what a topic is started with.
type NewTopic struct {
	Title string
	Body  string       // Markdown of the opening post
	Label policy.Label // without one: TLP:AMBER+STRICT to the author's own organization
	Files []string     // ids of the author's uploads
	Key   string       // idempotency key: the same key and input give the same topic
	Draft string       // key of the draft that this was; it is dropped

	// Object is the thing that the room belongs to, such as a case. Its duty says
	// it, and keeps the topic: by themselves people start none there.
	Object string
}

// NewPost is a reply.
type NewPost struct {
	Body  string       // Markdown
	Label policy.Label // without one: the topic's
	Quote string       // id of a post of the same topic, or ""
	Files []string
	Key   string
	Draft string
}

// StartTopic starts a topic in a room and returns its id; again says that this
// very input was saved before under its key and nothing was done now. All that is
// wrong is told at once.
func (f *Forum) StartTopic(tx *db.Tx, room string, in NewTopic) (id string, again bool, err error) {
	if err := mayPost(tx.View); err != nil {
		return "", false, err
	}
	if noLabel(in.Label) {
		in.Label = policy.Default(tx.Viewer().Org)
	}
	return tx.Once(in.Key, digest("topic", room, in.Title, in.Body, labelParts(in.Label), in.Files), func() (string, error) {
		r, err := readRoom(tx.View, room)
		if err != nil {
			return "", err
		}
		if !r.Archived.IsZero() {
			return "", fault.Conflictf("This room is archived: start the topic in another room.")
		}
		if r.Object != in.Object {
			return "", fault.Conflictf("This room belongs to a case: start the thread on the case's page.")
		}
		var p problems
		p.line("title", "The title", in.Title, MaxTitle)
		p.text("body", "The text", in.Body, MaxBody, true)
		if err := f.checkLabel(tx.View, &p, in.Label); err != nil {
			return "", err
		}
		post := writing{Body: in.Body, Label: in.Label, Title: strings.TrimSpace(in.Title), Room: room, Topic: ids.New("topic"), Uploads: in.Files, Draft: in.Draft}
		if err := f.prepare(tx, &p, &post, in.Label); err != nil {
			return "", err
		}
		if err := p.err(); err != nil {
			return "", err
		}
		return post.Topic, f.insertTopic(tx, &post)
	})
}

// Reply adds a post to a topic and returns its id; again is as in
// [Forum.StartTopic].
func (f *Forum) Reply(tx *db.Tx, topic string, in NewPost) (id string, again bool, err error) {
	if err := mayPost(tx.View); err != nil {
		return "", false, err
	}
	return tx.Once(in.Key, digest("reply", topic, in.Body, labelParts(in.Label), in.Quote, in.Files), func() (string, error) {
		t, err := readTopicRow(tx.View, topic)
		if err != nil {
			return "", err
		}
		label := in.Label
		if noLabel(label) {
			label = t.Label
		}
		var p problems
		p.text("body", "The text", in.Body, MaxBody, true)
		if err := f.checkUnder(tx.View, &p, t.Label, label, "the topic"); err != nil {
			return "", err
		}
		post := writing{Body: in.Body, Label: label, Room: t.Room, Topic: topic, Quote: in.Quote, Uploads: in.Files, Draft: in.Draft}
		if err := f.prepare(tx, &p, &post, t.Label); err != nil {
			return "", err
		}
		if err := p.err(); err != nil {
			return "", err
		}
		if err := f.insertPost(tx, &post); err != nil {
			return "", err
		}
		data, err := f.shared(tx.View, &post)
		if err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "post.added", Object: post.ID, Parent: topic, Room: t.Room, Label: label, Data: data})
		post.appendFiles(tx)
		return post.ID, nil
	})
}

// writing is a post on its way in.
type writing struct {
	ID, Topic, Room, Title, Body, Quote string
	Label                               policy.Label
	Uploads                             []string
	Draft                               string

	n        int64
	at       int64
	audience string
	files    []File
	mentions []string
}

// prepare checks what a post brings along: quotes, mentions and files.
func (f *Forum) prepare(tx *db.Tx, p *problems, w *writing, topic policy.Label) error {
	if w.Quote != "" {
		q, err := readPostRow(tx.View, w.Quote)
		switch {
		case fault.Is(err, fault.Missing) || err == nil && (q.Topic != w.Topic || q.Deleted != 0):
			p.add("quote", "The post you quote is not there any more.")
		case err != nil:
			return err
		default:
			if err := f.checkUnder(tx.View, p, q.Label, w.Label, "the post you quote"); err != nil {
				return err
			}
		}
	}
	if err := f.checkText(tx.View, p, w.Body, w.Label, topic, &w.mentions); err != nil {
		return err
	}
	return f.findUploads(tx.View, p, w)
}

// checkText checks what a body says about others: labelled quotations must not
// end up under a looser label than their source's, and only people who can read
// the post may be mentioned.
func (f *Forum) checkText(v *db.View, p *problems, body string, label, topic policy.Label, mentions *[]string) error {
	if len(body) > MaxBody {
		return nil // told already
	}
	for _, q := range markdown.Quotes(body) {
		if tlp, err := policy.ParseTLP(q.TLP); err == nil && tlp.StricterThan(label.TLP) {
			p.add("label", "The text quotes something marked %s. Choose that label or a stricter one, or take the quotation out.", tlp)
			continue
		}
		source, err := readPostRow(v, q.Post)
		if fault.Is(err, fault.Missing) {
			continue
		} else if err != nil {
			return err
		}
		if err := f.checkUnder(v, p, source.Label, label, "what the text quotes"); err != nil {
			return err
		}
	}
	people := markdown.Mentions(body)
	if len(people) > 50 {
		p.add("body", "At most 50 people can be mentioned. Address a circle instead.")
		return nil
	}
	facts := f.members.Facts(v)
	for _, id := range people {
		// One sentence for all reasons: it must not tell who exists, or who is in what.
		if !reaches(label.Audience, facts, id) || !reaches(topic.Audience, facts, id) {
			p.add("body", "You mention somebody who cannot read this. Mention only people in the audience.")
			return nil
		}
	}
	*mentions = people
	return nil
}

func reaches(a policy.Audience, facts policy.Facts, person string) bool {
	for _, p := range facts.PersonPrincipals(person) {
		if a.Has(p) {
			return true
		}
	}
	return false
}

func (f *Forum) insertTopic(tx *db.Tx, w *writing) error {
	audience, err := tx.Store(w.Label.Audience)
	if err != nil {
		return err
	}
	w.ID = ids.New("post")
	who := authorOf(tx.Viewer())
	_, err = tx.Exec(`INSERT INTO topics (id, n, room, title, author, author_name, author_org, author_org_name, at, opening, state, state_at, state_by, state_name, summary, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '', '', '', $12, $13)`,
		w.Topic, position(tx), w.Room, w.Title, who.Person, who.Name, who.Org, who.OrgName, clock.Micros(tx.Now()), w.ID, string(Open), string(w.Label.TLP), audience)
	if err != nil {
		return err
	}
	if err := f.insertPost(tx, w); err != nil {
		return err
	}
	data, err := f.shared(tx.View, w)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "topic.started", Object: w.Topic, Room: w.Room, Label: w.Label, Data: data})
	w.appendFiles(tx)
	return nil
}

// insertPost writes a post and all that hangs on it: the topic's activity, the
// search index, files, mentions, and that its author has read it.
func (f *Forum) insertPost(tx *db.Tx, w *writing) (err error) {
	if w.ID == "" {
		w.ID = ids.New("post")
	}
	w.n, w.at = position(tx), clock.Micros(tx.Now())
	if w.audience, err = tx.Store(w.Label.Audience); err != nil {
		return err
	}
	who := authorOf(tx.Viewer())
	_, err = tx.Exec(`INSERT INTO posts (id, n, topic, room, author, author_name, author_org, author_org_name, at, body, quote, attached,
			edits, edited, pinned, pinned_name, deleted, deleted_name, deleted_why, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, '', 0, '', '', $13, $14)`,
		w.ID, w.n, w.Topic, w.Room, who.Person, who.Name, who.Org, who.OrgName, w.at, w.Body, w.Quote, len(w.Uploads), string(w.Label.TLP), w.audience)
	if err != nil {
		return err
	}
	if err := noteActivity(tx, w); err != nil {
		return err
	}
	if err := claim(tx, w); err != nil {
		return err
	}
	for _, person := range w.mentions {
		if err := insertMention(tx, w, person); err != nil {
			return err
		}
	}
	if err := index(tx, w.n, w.words(), w.Label.Audience); err != nil {
		return err
	}
	if err := markRead(tx, w.Topic, w.n); err != nil {
		return err
	}
	if w.Draft != "" {
		return f.DropDraft(tx, w.Draft)
	}
	return nil
}

func insertMention(tx *db.Tx, w *writing, person string) error {
	_, err := tx.Exec(`INSERT INTO mentions (person, post, topic, n, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (post, person) DO NOTHING`,
		person, w.ID, w.Topic, w.n, string(w.Label.TLP), w.audience)
	return err
}

// words is what a post is found by: its text, its topic's title if it opens the
// topic, and the names of its files.
func (w *writing) words() string {
	var b strings.Builder
	b.WriteString(w.Title)
	b.WriteByte('\n')
	b.WriteString(markdown.Text(w.Body))
	for _, f := range w.files {
		b.WriteByte('\n')
		b.WriteString(f.Name)
	}
	return b.String()
}

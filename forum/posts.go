package forum

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// postSelect reads posts that stand in a topic which can be read too, with what
// they quote; $1 is the reader.
const postSelect = `SELECT p.id, p.n, p.topic, p.author, p.author_name, p.author_org, p.author_org_name, p.at, p.body, p.tlp, p.audience, p.attached, p.edits, p.edited,
		p.pinned, p.pinned_name, p.deleted, p.deleted_name, p.deleted_why,
		CASE WHEN p.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = p.topic), 0)
			AND p.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', p.room)), 0) THEN 1 ELSE 0 END,
		COALESCE(q.id, ''), COALESCE(q.author, ''), COALESCE(q.author_name, ''), COALESCE(q.author_org, ''), COALESCE(q.author_org_name, ''), COALESCE(q.at, 0),
		COALESCE(q.body, ''), COALESCE(q.tlp, ''), COALESCE(q.audience, ''), COALESCE(q.deleted, 0)
	FROM visible.posts p JOIN visible.topics t ON t.id = p.topic LEFT JOIN visible.posts q ON q.id = p.quote
	WHERE `

func scanPost(v *db.View) func(db.Scanner) (Post, error) {
	since := v.Now().Add(-Window)
	return func(s db.Scanner) (p Post, err error) {
		var n, at, attached, edited, pinned, deleted, unread, qAt, qDeleted int64
		var tlp, audience, pinnedBy, deletedBy, why, qTLP, qAudience string
		var q Quoted
		if err = s.Scan(&p.ID, &n, &p.Topic, &p.Author.Person, &p.Author.Name, &p.Author.Org, &p.Author.OrgName, &at, &p.Body, &tlp, &audience, &attached, &p.Edits, &edited,
			&pinned, &pinnedBy, &deleted, &deletedBy, &why, &unread,
			&q.ID, &q.Author.Person, &q.Author.Name, &q.Author.Org, &q.Author.OrgName, &qAt, &q.Body, &qTLP, &qAudience, &qDeleted); err != nil {
			return p, err
		}
		p.At, p.Edited = clock.FromMicros(at), clock.FromMicros(edited)
		p.Unread = unread == 1 && p.At.After(since)
		if pinned != 0 {
			p.Decision = &Decision{At: clock.FromMicros(pinned), By: pinnedBy}
		}
		if deleted != 0 {
			p.Deleted = &Tombstone{At: clock.FromMicros(deleted), By: deletedBy, Why: why}
		}
		if p.Label, err = v.Label(tlp, audience); err != nil {
			return p, err
		}
		if q.ID != "" {
			q.At, q.Deleted = clock.FromMicros(qAt), qDeleted != 0
			q.Label, err = v.Label(qTLP, qAudience)
			p.Quote = &q
		}
		if attached > 0 && p.Deleted == nil {
			p.Files = []File{} // filled by attach
		}
		return p, err
	}
}

// Posts lists a topic's posts after a cursor, oldest first. A page costs the same
// few statements however many posts it has.
func (f *Forum) Posts(v *db.View, topic string, after Cursor, limit int) ([]Post, error) {
	if ok, err := v.Exists(`SELECT 1 FROM visible.topics t WHERE t.id = $1`, topic); err != nil || !ok {
		return nil, missing(err)
	}
	where, from := `p.n > $3`, int64(-1)
	if !after.IsZero() {
		at, n, err := place(v, after)
		if err != nil {
			return nil, err
		}
		if from = n; n == 0 { // its post is gone
			where, from = `p.at > $3`, at
		}
	}
	ps, err := db.All(v, scanPost(v), postSelect+`p.topic = $2 AND `+where+` ORDER BY p.n LIMIT $4`, v.Viewer().Person, topic, from, page(limit))
	if err != nil {
		return nil, err
	}
	return f.attach(v, ps)
}

// PostsBefore lists the posts before a cursor, the last ones for the zero
// Cursor; they too come oldest first.
func (f *Forum) PostsBefore(v *db.View, topic string, before Cursor, limit int) ([]Post, error) {
	if ok, err := v.Exists(`SELECT 1 FROM visible.topics t WHERE t.id = $1`, topic); err != nil || !ok {
		return nil, missing(err)
	}
	at, n, err := place(v, before)
	if err != nil {
		return nil, err
	}
	where, from := `p.n < $3`, n
	if n == 0 { // its post is gone
		where, from = `p.at < $3`, at
	}
	ps, err := db.All(v, scanPost(v), postSelect+`p.topic = $2 AND `+where+` ORDER BY p.n DESC LIMIT $4`, v.Viewer().Person, topic, from, page(limit))
	if err != nil {
		return nil, err
	}
	slices.Reverse(ps)
	return f.attach(v, ps)
}

// FirstUnread is the first post of a topic that the reader has not read; a
// fault.ErrMissing says that there is none.
func (f *Forum) FirstUnread(v *db.View, topic string) (Post, error) {
	p, err := db.One(v, scanPost(v), postSelect+`p.topic = $2 AND p.author <> $1 AND p.at > $3
		AND p.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = p.topic), 0)
		AND p.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', p.room)), 0)
		ORDER BY p.n LIMIT 1`, v.Viewer().Person, topic, clock.Micros(v.Now().Add(-Window)))
	return p, err
}

// Post reads one post.
func (f *Forum) Post(v *db.View, id string) (Post, error) {
	p, err := db.One(v, scanPost(v), postSelect+`p.id = $2`, v.Viewer().Person, id)
	if err != nil {
		return p, err
	}
	ps, err := f.attach(v, []Post{p})
	if err != nil {
		return p, err
	}
	return ps[0], nil
}

// Decisions lists a topic's pinned posts, oldest first.
func (f *Forum) Decisions(v *db.View, topic string) ([]Post, error) {
	ps, err := db.All(v, scanPost(v), postSelect+`p.topic = $2 AND p.pinned > 0 ORDER BY p.n LIMIT 50`, v.Viewer().Person, topic)
	if err != nil {
		return nil, err
	}
	return f.attach(v, ps)
}

// attach adds what hangs on posts: files, reactions and mentions, each read once
// for the whole page.
func (f *Forum) attach(v *db.View, ps []Post) ([]Post, error) {
	if len(ps) == 0 {
		return ps, nil
	}
	at := make(map[string]int, len(ps))
	list := make([]string, len(ps))
	files := false
	for i, p := range ps {
		at[p.ID], list[i] = i, p.ID
		files = files || p.Files != nil
	}
	args := []any{db.List(list)}
	if files {
		err := v.Each(`SELECT f.post, `+fileColumns+` FROM visible.files f WHERE f.post IN (SELECT value FROM json_each($1)) ORDER BY f.post, f.place`, args, func(s db.Scanner) error {
			var post string
			file, err := scanFile(v, s, &post)
			if err == nil {
				ps[at[post]].Files = append(ps[at[post]].Files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	err := v.Each(`SELECT m.post, m.person FROM visible.mentions m WHERE m.post IN (SELECT value FROM json_each($1)) ORDER BY m.post, m.person`, args, func(s db.Scanner) error {
		var post, person string
		err := s.Scan(&post, &person)
		if err == nil {
			ps[at[post]].Mentions = append(ps[at[post]].Mentions, person)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return ps, readReactions(v, ps, at, args)
}

// Version is a post's text as it once was.
type Version struct {
	Number int // 1 is the first
	At     time.Time
	Body   string
}

// History lists a post's texts, oldest first, the present one last. A deleted
// post has none.
func (f *Forum) History(v *db.View, post string) ([]Version, error) {
	p, err := db.One(v, scanPost(v), postSelect+`p.id = $2`, v.Viewer().Person, post)
	if err != nil {
		return nil, err
	}
	if p.Deleted != nil {
		return nil, nil
	}
	vs, err := db.All(v, func(s db.Scanner) (x Version, err error) {
		var at int64
		err = s.Scan(&x.Number, &at, &x.Body)
		x.At = clock.FromMicros(at)
		return x, err
	}, `SELECT version, at, body FROM visible.post_versions WHERE post = $1 ORDER BY version`, post)
	if err != nil {
		return nil, err
	}
	last := Version{Number: len(vs) + 1, At: p.At, Body: p.Body}
	if !p.Edited.IsZero() {
		last.At = p.Edited
	}
	return append(vs, last), nil
}

// postRow is what a write needs of a post.
type postRow struct {
	ID, Topic, Room, Quote, Body      string
	N, Edits, Edited, Pinned, Deleted int64
	At                                int64
	Author                            Author
	Label                             policy.Label
}

// readPostRow reads a post that the viewer can read, its topic included.
func readPostRow(v *db.View, id string) (postRow, error) {
	if id == "" {
		return postRow{}, fault.ErrMissing
	}
	return db.One(v, scanPostRow(v), `SELECT `+postRowColumns+` FROM visible.posts p JOIN visible.topics t ON t.id = p.topic WHERE p.id = $1`, id)
}

const postRowColumns = `p.id, p.topic, p.room, p.quote, p.body, p.n, p.edits, p.edited, p.pinned, p.deleted, p.at, p.author, p.author_name, p.author_org, p.author_org_name, p.tlp, p.audience`

func scanPostRow(v *db.View) func(db.Scanner) (postRow, error) {
	return func(s db.Scanner) (p postRow, err error) {
		var tlp, audience string
		if err = s.Scan(&p.ID, &p.Topic, &p.Room, &p.Quote, &p.Body, &p.N, &p.Edits, &p.Edited, &p.Pinned, &p.Deleted, &p.At,
			&p.Author.Person, &p.Author.Name, &p.Author.Org, &p.Author.OrgName, &tlp, &audience); err != nil {
			return p, err
		}
		p.Label, err = v.Label(tlp, audience)
		return p, err
	}
}

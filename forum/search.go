package forum

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// The index is written in the transaction of the post, so a search is never
// behind and never ahead of what may be read. It holds whom a post reaches, too
// (internal/search); what decides is that post and topic are read as visible.

// Query is what to search for. Every part that is given must hold.
type Query struct {
	Text    string // words, "phrases", -without; "" lists by the other parts alone
	Room    string // room id
	Author  string // person or organization id
	After   time.Time
	Before  time.Time
	HasFile bool
}

// Hit is one post found.
type Hit struct {
	Post     Post // without files, reactions and mentions
	Title    string
	Room     string // "" if the viewer cannot read the room
	RoomName string
	Snippet  []search.Part
}

// Search finds posts, newest first, after a cursor (a hit's Post.Cursor). It
// never says how many there are.
func (f *Forum) Search(v *db.View, q Query, after Cursor, limit int) ([]Hit, error) {
	var words search.Query
	if strings.TrimSpace(q.Text) != "" {
		var err error
		if words, err = search.ParseQuery(q.Text); errors.Is(err, search.ErrEmpty) || errors.Is(err, search.ErrTooLong) {
			return nil, fault.InvalidField("q", "Your search cannot be run: %s.", err)
		} else if err != nil {
			return nil, err
		}
	} else if q == (Query{Text: q.Text}) {
		return nil, fault.InvalidField("q", "Write at least one word to search for.")
	}
	if q.Room != "" {
		if _, err := readRoom(v, q.Room); err != nil {
			return nil, err
		}
	}
	at, n, err := place(v, after)
	if err != nil {
		return nil, err
	}
	args := []any{v.Viewer().Person}
	arg := func(x any) string { args = append(args, x); return fmt.Sprintf("$%d", len(args)) }

	from, order := `FROM visible.posts p`, `p.n`
	where := []string{`p.deleted = 0`}
	if strings.TrimSpace(q.Text) != "" {
		switch v.Engine() {
		case db.SQLite:
			from = `FROM posts_fts CROSS JOIN visible.posts p`
			where = append(where, `p.n = posts_fts.rowid`, `posts_fts MATCH `+arg(words.FTS5For(v.Viewer())))
			order = `posts_fts.rowid`
		default:
			from = `FROM posts_fts JOIN visible.posts p ON p.n = posts_fts.rowid`
			where = append(where, `posts_fts.doc @@ (to_tsquery('simple', `+arg(words.TSQuery())+`) && CAST(`+arg(search.WhoTSQuery(v.Viewer()))+` AS tsquery))`)
			if v.Viewer().IsSystem() {
				where[len(where)-1] = `posts_fts.doc @@ to_tsquery('simple', ` + fmt.Sprintf("$%d", len(args)-1) + `) AND CAST(` + fmt.Sprintf("$%d", len(args)) + ` AS TEXT) = ''`
			}
		}
	}
	if !after.IsZero() {
		if n > 0 {
			where = append(where, order+` < `+arg(n))
		} else {
			where = append(where, `p.at < `+arg(at))
		}
	}
	if q.Room != "" {
		where = append(where, `p.room = `+arg(q.Room))
	}
	if q.Author != "" {
		column := `p.author`
		if strings.HasPrefix(q.Author, "org_") {
			column = `p.author_org`
		}
		where = append(where, column+` = `+arg(q.Author))
	}
	if !q.After.IsZero() {
		where = append(where, `p.at >= `+arg(clock.Micros(q.After)))
	}
	if !q.Before.IsZero() {
		where = append(where, `p.at < `+arg(clock.Micros(q.Before)))
	}
	if q.HasFile {
		where = append(where, `p.attached > 0`)
	}
	stmt := hitSelect + from + ` JOIN visible.topics t ON t.id = p.topic LEFT JOIN visible.rooms r ON r.id = p.room
		WHERE ` + strings.Join(where, ` AND `) + ` ORDER BY ` + order + ` DESC LIMIT ` + arg(page(limit))
	return db.All(v, scanHit(v, words), stmt, args...)
}

const hitSelect = `SELECT p.id, p.topic, t.title, t.opening, COALESCE(r.id, ''), COALESCE(r.name, ''), p.author, p.author_name, p.author_org, p.author_org_name, p.at, p.body, p.edits, p.edited, p.tlp, p.audience,
	CASE WHEN p.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = p.topic), 0) THEN 1 ELSE 0 END `

func scanHit(v *db.View, words search.Query) func(db.Scanner) (Hit, error) {
	return func(s db.Scanner) (h Hit, err error) {
		var at, edited, unread int64
		var tlp, audience, opening string
		p := &h.Post
		if err = s.Scan(&p.ID, &p.Topic, &h.Title, &opening, &h.Room, &h.RoomName, &p.Author.Person, &p.Author.Name, &p.Author.Org, &p.Author.OrgName, &at, &p.Body, &p.Edits, &edited, &tlp, &audience, &unread); err != nil {
			return h, err
		}
		p.At, p.Edited, p.Unread = clock.FromMicros(at), clock.FromMicros(edited), unread == 1
		h.Snippet = search.Snippet(markdown.Text(p.Body), words, 220)
		p.Label, err = v.Label(tlp, audience)
		return h, err
	}
}

// index adds a post's words.
func index(tx *db.Tx, n int64, words string, audience policy.Audience) error {
	var err error
	if tx.Engine() == db.SQLite {
		_, err = tx.Exec(`INSERT INTO posts_fts (rowid, words, who) VALUES ($1, $2, $3)`, n, search.Tokens(words), search.WhoTokens(audience))
	} else {
		_, err = tx.Exec(`INSERT INTO posts_fts (rowid, doc) VALUES ($1, to_tsvector('simple', $2) || array_to_tsvector(ARRAY(SELECT value FROM json_each($3))))`,
			n, search.Tokens(words), db.List(search.WhoLexemes(audience)))
	}
	return err
}

func unindex(tx *db.Tx, n int64) error {
	_, err := tx.Exec(`DELETE FROM posts_fts WHERE rowid = $1`, n)
	return err
}

// reindex makes a post's words anew after its text or label changed.
func reindex(tx *db.Tx, post string) error {
	type row struct{ title, opening string }
	p, err := db.One(tx.View, scanPostRow(tx.View), `SELECT `+postRowColumns+` FROM visible.posts p WHERE p.id = $1`, post)
	if err != nil {
		return err
	}
	if err := unindex(tx, p.N); err != nil || p.Deleted != 0 {
		return err
	}
	t, err := db.One(tx.View, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.title, &r.opening); return r, err },
		`SELECT t.title, t.opening FROM visible.topics t WHERE t.id = $1`, p.Topic)
	if err != nil {
		return err
	}
	w := writing{Body: p.Body}
	if t.opening == post {
		w.Title = t.title
	}
	names, err := db.All(tx.View, db.Value[string], `SELECT f.name FROM visible.files f WHERE f.post = $1 ORDER BY f.place`, post)
	if err != nil {
		return err
	}
	for _, name := range names {
		w.files = append(w.files, File{Name: name})
	}
	return index(tx, p.N, w.words(), p.Label.Audience)
}

package forum

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/policy"
)

// Relabelling. Its originator tightens a label at once, alone. Loosening takes
// the originator's request and the approval of a second person who reads the
// thing: of the same organization, or of the desk.
//
// Tightening a topic tightens its posts: those that carry the topic's label
// follow it, the others are joined with it (see joined), so that no post ever
// gains a reader by it. Loosening a topic loosens its originator's own posts that
// carried its label; other people's posts keep theirs until they ask themselves:
// they are the originators of what they wrote.
//
// A post that quotes another is never looser than what it quotes; tightening the
// source tightens the quotation. A labelled quotation inside a text from another
// topic is checked when it is written or loosened.

// RelabelTopic changes a topic's label. Tightening is done at once and request
// is empty; loosening waits for a second person under the returned request.
func (f *Forum) RelabelTopic(tx *db.Tx, topic string, next policy.Label, why string) (request string, err error) {
	if err := mayPost(tx.View); err != nil {
		return "", err
	}
	t, err := readTopicRow(tx.View, topic)
	if err != nil {
		return "", err
	}
	return f.relabel(tx, t, nil, next, why)
}

// RelabelPost changes a reply's label, within its topic's. An opening post has
// its topic's label.
func (f *Forum) RelabelPost(tx *db.Tx, post string, next policy.Label, why string) (request string, err error) {
	if err := mayPost(tx.View); err != nil {
		return "", err
	}
	p, err := readPostRow(tx.View, post)
	if err != nil {
		return "", err
	}
	t, err := readTopicRow(tx.View, p.Topic)
	if err != nil {
		return "", err
	}
	if post == t.Opening {
		return "", fault.Conflictf("The opening post has its topic's label: change the topic's.")
	}
	return f.relabel(tx, t, &p, next, why)
}

func (f *Forum) relabel(tx *db.Tx, t topicRow, post *postRow, next policy.Label, why string) (string, error) {
	now, author, object := t.Label, t.Author, t.ID
	if post != nil {
		now, author, object = post.Label, post.Author, post.ID
	}
	if author.Person != tx.Viewer().Person {
		return "", fault.Forbiddenf("Only its originator may change a label, or ask for a looser one.")
	}
	if post != nil && post.Deleted != 0 {
		return "", fault.Conflictf("This post was deleted.")
	}
	if same(now, next) {
		return "", fault.Conflictf("This is its label already.")
	}
	var p problems
	if why != "" {
		p.line("why", "The reason", why, MaxTitle)
	}
	facts := f.members.Facts(tx.View)
	tightens := policy.Tightens(now, next, facts)
	var err error
	switch {
	case post != nil:
		err = f.checkUnder(tx.View, &p, t.Label, next, "the topic")
	case tightens:
		err = f.checkUnder(tx.View, &p, now, next, "the topic as it was")
	default:
		err = f.checkLabel(tx.View, &p, next)
	}
	if err != nil {
		return "", err
	}
	if !tightens {
		if err := f.checkSources(tx, &p, t, post, next); err != nil {
			return "", err
		}
	}
	if err := p.err(); err != nil {
		return "", err
	}
	if tightens {
		return "", f.apply(tx, t, post, next, map[string]any{"why": why})
	}

	waiting, err := tx.Exists(`SELECT 1 FROM visible.relabels r WHERE r.topic = $1 AND r.post = $2 AND r.state = 'pending'`, t.ID, postID(post))
	if err != nil {
		return "", err
	}
	if waiting {
		return "", fault.Conflictf("A request to loosen this label waits for a second person already. Withdraw it first.")
	}
	id := ids.New("relabel")
	from, err := tx.Store(now.Audience)
	if err != nil {
		return "", err
	}
	to, err := tx.Store(next.Audience)
	if err != nil {
		return "", err
	}
	who := authorOf(tx.Viewer())
	if _, err := tx.Exec(`INSERT INTO relabels (id, topic, post, author, author_name, author_org, at, why, to_tlp, to_audience, state, decided, decided_by, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', 0, '', $11, $12)`,
		id, t.ID, postID(post), who.Person, who.Name, who.Org, clock.Micros(tx.Now()), why, string(next.TLP), to, string(now.TLP), from); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "relabel.requested", Object: object, Parent: parentOf(t, post), Room: t.Room, Label: now,
		Data: map[string]any{"request": id, "why": why, "to": labelParts(next)}})
	return id, nil
}

func postID(p *postRow) string {
	if p == nil {
		return ""
	}
	return p.ID
}

func parentOf(t topicRow, p *postRow) string {
	if p == nil {
		return ""
	}
	return t.ID
}

// checkSources checks that what is loosened is not looser than what it quotes.
func (f *Forum) checkSources(tx *db.Tx, p *problems, t topicRow, post *postRow, next policy.Label) error {
	sys := tx.As(policy.System("forum")).View
	thing, err := readPostRow(sys, t.Opening)
	if post != nil {
		thing, err = *post, nil
	}
	if err != nil {
		return err
	}
	ok, err := f.quotesAllow(sys, thing, next)
	if err == nil && !ok {
		p.add("label", "The text quotes something that may not be shared so widely. Take the quotation out first.")
	}
	return err
}

// quotesAllow reports whether a post may carry a label as far as what it quotes
// is concerned. sys sees everything: a source that the writer cannot see binds
// too.
func (f *Forum) quotesAllow(sys *db.View, p postRow, l policy.Label) (bool, error) {
	facts := f.members.Facts(sys)
	sources := []string{p.Quote}
	for _, q := range markdown.Quotes(p.Body) {
		if tlp, err := policy.ParseTLP(q.TLP); err == nil && tlp.StricterThan(l.TLP) {
			return false, nil
		}
		sources = append(sources, q.Post)
	}
	for _, id := range sources {
		source, err := readPostRow(sys, id)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return false, err
		}
		if !policy.NotLooser(source.Label, l, facts) {
			return false, nil
		}
	}
	return true, nil
}

// Relabel is a request to loosen a label.
type Relabel struct {
	ID       string
	Topic    string
	Title    string // the topic's
	Post     string // "" if the topic's own label is to be loosened
	By       Author
	At       time.Time
	Why      string
	From, To policy.Label
	State    State
}

const relabelSelect = `SELECT r.id, r.topic, t.title, r.post, r.author, r.author_name, r.author_org, r.at, r.why, r.tlp, r.audience, r.to_tlp, r.to_audience, r.state
	FROM visible.relabels r JOIN visible.topics t ON t.id = r.topic WHERE `

func scanRelabel(v *db.View) func(db.Scanner) (Relabel, error) {
	return func(s db.Scanner) (r Relabel, err error) {
		var at int64
		var tlp, audience, toTLP, toAudience, state string
		if err = s.Scan(&r.ID, &r.Topic, &r.Title, &r.Post, &r.By.Person, &r.By.Name, &r.By.Org, &at, &r.Why, &tlp, &audience, &toTLP, &toAudience, &state); err != nil {
			return r, err
		}
		r.At, r.State = clock.FromMicros(at), State(state)
		if r.From, err = v.Label(tlp, audience); err != nil {
			return r, err
		}
		r.To, err = v.Label(toTLP, toAudience)
		return r, err
	}
}

// mayDecide is the second person: not the originator, of his organization or of
// the desk. That he reads the thing is the view's doing.
const mayDecide = `r.state = 'pending' AND r.author <> $1 AND (r.author_org = $2 OR CAST($3 AS BIGINT) = 1)`

func decider(v policy.Viewer) []any {
	desk := 0
	if v.HasRole(policy.RoleDesk) {
		desk = 1
	}
	return []any{v.Person, v.Org, desk}
}

// RelabelsToDecide lists the requests that the viewer may decide on, oldest
// first.
func (f *Forum) RelabelsToDecide(v *db.View) ([]Relabel, error) {
	if !v.Viewer().SignedIn() || !v.Viewer().May(policy.MayApprove) {
		return nil, nil
	}
	return db.All(v, scanRelabel(v), relabelSelect+mayDecide+` ORDER BY r.at, r.id LIMIT 100`, decider(v.Viewer())...)
}

// Relabels lists the requests about a topic and its posts, newest first.
func (f *Forum) Relabels(v *db.View, topic string) ([]Relabel, error) {
	return db.All(v, scanRelabel(v), relabelSelect+`r.topic = $1 ORDER BY r.at DESC, r.id LIMIT 100`, topic)
}

// ApproveRelabel is the second person's consent: the label is loosened at once.
func (f *Forum) ApproveRelabel(tx *db.Tx, request string) error {
	r, t, post, err := f.toDecide(tx, request)
	if err != nil {
		return err
	}
	now := t.Label
	if post != nil {
		now = post.Label
	}
	if !same(now, r.From) {
		return fault.Conflictf("The label was changed after this request. Refuse it; its originator can ask anew.")
	}
	facts := f.members.Facts(tx.View)
	if err := r.To.Check(facts); err != nil {
		return fault.Conflictf("The label asked for is not lawful any more: %s", err)
	}
	if post != nil && !policy.NotLooser(t.Label, r.To, facts) {
		return fault.Conflictf("The topic's label is stricter than what is asked for by now.")
	}
	var p problems
	if err := f.checkSources(tx, &p, t, post, r.To); err != nil {
		return err
	}
	if err := p.err(); err != nil {
		return err
	}
	if err := f.decide(tx, r, t, post, Approved); err != nil {
		return err
	}
	return f.apply(tx, t, post, r.To, map[string]any{"request": r.ID, "originator": r.By.Person, "second": tx.Viewer().Person, "why": r.Why})
}

// RefuseRelabel is the second person's no.
func (f *Forum) RefuseRelabel(tx *db.Tx, request string) error {
	r, t, post, err := f.toDecide(tx, request)
	if err != nil {
		return err
	}
	return f.decide(tx, r, t, post, Refused)
}

// WithdrawRelabel takes one's own request back.
func (f *Forum) WithdrawRelabel(tx *db.Tx, request string) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	r, err := db.One(tx.View, scanRelabel(tx.View), relabelSelect+`r.id = $1 AND r.author = $2`, request, tx.Viewer().Person)
	if err != nil {
		return err
	}
	t, post, err := f.thing(tx.View, r)
	if err != nil {
		return err
	}
	return f.decide(tx, r, t, post, Withdrawn)
}

func (f *Forum) toDecide(tx *db.Tx, request string) (r Relabel, t topicRow, post *postRow, err error) {
	if r, err = db.One(tx.View, scanRelabel(tx.View), relabelSelect+`r.id = $1`, request); err != nil {
		return r, t, nil, err
	}
	who := tx.Viewer()
	switch {
	case !who.May(policy.MayApprove):
		return r, t, nil, fault.Forbiddenf("You may not decide on labels.")
	case r.By.Person == who.Person:
		return r, t, nil, fault.Forbiddenf("You asked for this yourself: a second person has to decide.")
	case r.By.Org != who.Org && !who.HasRole(policy.RoleDesk):
		return r, t, nil, fault.Forbiddenf("Somebody of the originator's organization, or the desk, has to decide.")
	}
	t, post, err = f.thing(tx.View, r)
	return r, t, post, err
}

// thing reads what a request is about.
func (f *Forum) thing(v *db.View, r Relabel) (topicRow, *postRow, error) {
	t, err := readTopicRow(v, r.Topic)
	if err != nil || r.Post == "" {
		return t, nil, err
	}
	p, err := readPostRow(v, r.Post)
	return t, &p, err
}

func (f *Forum) decide(tx *db.Tx, r Relabel, t topicRow, post *postRow, to State) error {
	m, ok := move(RelabelMoves, r.State, to)
	if !ok {
		return fault.Conflictf("This request was %s already.", r.State)
	}
	if err := tx.MustChange(`UPDATE relabels SET state = $1, decided = $2, decided_by = $3 WHERE id = $4 AND state = 'pending'`,
		string(to), clock.Micros(tx.Now()), tx.Viewer().Person, r.ID); err != nil {
		return err
	}
	object := t.ID
	if post != nil {
		object = post.ID
	}
	tx.Append(db.Entry{Verb: m.Verb, Object: object, Parent: parentOf(t, post), Room: t.Room, Label: r.From, Data: map[string]any{"request": r.ID}})
	return nil
}

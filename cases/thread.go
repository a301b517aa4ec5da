package cases

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// The kinds of threads. A case has one official thread, which everybody in the
// case reads, and side threads, each for its own audience.
const (
	official = "official"
	side     = "side"
)

// Thread is a topic of the forum that belongs to a case.
type Thread struct {
	forum.Topic
	Official bool
}

// StartThread begins a side thread in a case and returns the topic's id. Its
// audience is the viewer's to choose: parties' circles, the desk, organizations.
func (c *Cases) StartThread(tx *db.Tx, id string, in forum.NewTopic) (topic string, again bool, err error) {
	if !tx.Viewer().May(policy.MayWorkCase) {
		return "", false, fault.Forbiddenf("You may not start threads.")
	}
	k, err := c.Case(tx.View, id)
	if err != nil {
		return "", false, err
	}
	if k.Stage == Closed {
		return "", false, fault.Conflictf("This case is closed.")
	}
	if in.Label.TLP == "" && in.Label.Audience.Empty() {
		in.Label = k.Label
	}
	in.Object = k.ID
	topic, again, err = c.forum.StartTopic(tx, k.Room, in)
	if err != nil || again {
		return topic, again, err
	}
	return topic, false, c.keepThread(tx, k, side, topic, in.Label)
}

// thread begins a thread for the case itself.
func (c *Cases) thread(tx *db.Tx, k Case, kind, title, body string, l policy.Label) (string, error) {
	topic, _, err := c.forum.StartTopic(tx, k.Room, forum.NewTopic{Title: title, Body: body, Label: l, Object: k.ID})
	if err != nil {
		return "", err
	}
	return topic, c.keepThread(tx, k, kind, topic, l)
}

func (c *Cases) keepThread(tx *db.Tx, k Case, kind, topic string, l policy.Label) error {
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO case_threads (topic, case_id, kind, at, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6)`,
		topic, k.ID, kind, clock.Micros(tx.Now()), string(l.TLP), audience)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.thread-opened", Object: topic, Parent: k.ID, Room: k.Room, Label: l, Data: map[string]string{"kind": kind}})
	return nil
}

// officialThread is the topic that everybody in a case reads.
func (c *Cases) officialThread(v *db.View, k Case) (string, error) {
	return db.One(v, db.Value[string], `SELECT h.topic FROM visible.case_threads h WHERE h.case_id = $1 AND h.kind = 'official'`, k.ID)
}

// Threads lists a case's threads that the viewer can read, the official one
// first.
func (c *Cases) Threads(v *db.View, id string) ([]Thread, error) {
	type row struct{ topic, kind string }
	rows, err := db.All(v, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.topic, &r.kind); return r, err },
		`SELECT h.topic, h.kind FROM visible.case_threads h WHERE h.case_id = $1 ORDER BY CASE WHEN h.kind = 'official' THEN 0 ELSE 1 END, h.at, h.topic`, id)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = r.topic
	}
	topics, err := c.forum.TopicsByID(v, list)
	if err != nil {
		return nil, err
	}
	out := make([]Thread, 0, len(rows))
	for _, r := range rows {
		if t, ok := topics[r.topic]; ok { // else it was relabelled since
			out = append(out, Thread{Topic: t, Official: r.kind == official})
		}
	}
	return out, nil
}

// CaseOf tells which case a topic belongs to, or "".
func (c *Cases) CaseOf(v *db.View, topic string) (string, error) {
	id, err := db.One(v, db.Value[string], `SELECT h.case_id FROM visible.case_threads h JOIN visible.cases k ON k.id = h.case_id WHERE h.topic = $1`, topic)
	if fault.Is(err, fault.Missing) {
		return "", nil
	}
	return id, err
}

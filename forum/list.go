package forum

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Window is how long something counts as new: older topics are found in their
// rooms, not among the news. It bounds what a look at the inbox costs.
const Window = 60 * 24 * time.Hour

// unreadIn counts a room's topics with news among its MaxNews newest, so that
// its cost has an end. $1 is the reader, $2 the window's beginning.
const unreadIn = `(SELECT COUNT(DISTINCT u.topic) FROM (SELECT a.topic, a.n FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic
		WHERE a.room = r.id AND a.at > $2 ORDER BY a.at DESC, a.n DESC LIMIT 20) u
	WHERE u.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = u.topic), 0)
		AND u.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', r.id)), 0))`

const lastIn = `COALESCE((SELECT a.at FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic WHERE a.room = r.id ORDER BY a.at DESC, a.n DESC LIMIT 1), 0)`

const roomColumns = `r.id, r.name, r.purpose, r.questions, r.author, r.author_name, r.author_org, r.author_org_name, r.at, r.archived, r.object, r.tlp, r.audience`

func scanRoom(v *db.View, more ...any) func(db.Scanner) (Room, error) {
	return func(s db.Scanner) (r Room, err error) {
		var at, archived int64
		var tlp, audience, questions string
		if err = s.Scan(append([]any{&r.ID, &r.Name, &r.Purpose, &questions, &r.OpenedBy.Person, &r.OpenedBy.Name, &r.OpenedBy.Org, &r.OpenedBy.OrgName,
			&at, &archived, &r.Object, &tlp, &audience}, more...)...); err != nil {
			return r, err
		}
		r.OpenedAt, r.Archived = clock.FromMicros(at), clock.FromMicros(archived)
		if err = json.Unmarshal([]byte(questions), &r.Questions); err != nil {
			return r, fmt.Errorf("read the questions of room %s: %w", r.ID, err)
		}
		r.Label, err = v.Label(tlp, audience)
		return r, err
	}
}

func readRoom(v *db.View, id string) (Room, error) {
	return db.One(v, scanRoom(v), `SELECT `+roomColumns+` FROM visible.rooms r WHERE r.id = $1`, id)
}

// MaxRooms is how many rooms [Forum.Rooms] lists.
const MaxRooms = 500

// Rooms lists the rooms that the viewer can see, by name, with what is new in
// them. Rooms that belong to something, such as a case, are found there.
func (f *Forum) Rooms(v *db.View) ([]Room, error) { return f.rooms(v, "") }

// Room reads one room.
func (f *Forum) Room(v *db.View, id string) (Room, error) {
	rs, err := f.rooms(v, id)
	if err == nil && len(rs) == 0 {
		err = fault.ErrMissing
	}
	if err != nil {
		return Room{}, err
	}
	return rs[0], nil
}

func (f *Forum) rooms(v *db.View, id string) ([]Room, error) {
	var last int64
	var watch string
	var unread int
	scan := scanRoom(v, &last, &unread, &watch)
	return db.All(v, func(s db.Scanner) (Room, error) {
		r, err := scan(s)
		r.Last, r.Unread, r.Watch = clock.FromMicros(last), unread, Level(watch)
		return r, err
	}, `SELECT `+roomColumns+`, `+lastIn+`, `+unreadIn+`,
			COALESCE((SELECT w.level FROM watches w WHERE w.person = $1 AND w.object = r.id), '')
		FROM visible.rooms r WHERE ($3 = '' AND r.object = '' OR r.id = $3) ORDER BY r.name_key, r.id LIMIT $4`,
		v.Viewer().Person, clock.Micros(v.Now().Add(-Window)), id, MaxRooms)
}

// topicSelect reads topics at their newest visible activity; $1 is the reader
// and $2 the window's beginning. A topic is read before nothing is said about it:
// the room's name comes only from a room that the reader can see.
const topicSelect = `SELECT t.id, COALESCE(r.id, ''), COALESCE(r.name, ''), t.title, t.tlp, t.audience, t.author, t.author_name, t.author_org, t.author_org_name, t.at,
		t.opening, t.state, t.state_at, t.state_name, t.summary, a.at, a.post,
		(SELECT SUM(c.shown) FROM visible.topic_activity c WHERE c.topic = t.id),
		(SELECT SUM(c.decided) FROM visible.topic_activity c WHERE c.topic = t.id),
		CASE WHEN a.at > $2 AND a.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = t.id), 0)
			AND a.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', t.room)), 0) THEN 1 ELSE 0 END,
		COALESCE((SELECT w.level FROM watches w WHERE w.person = $1 AND w.object = t.id), '')
	FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic LEFT JOIN visible.rooms r ON r.id = t.room
	WHERE ` + newest

func scanTopic(v *db.View) func(db.Scanner) (Topic, error) {
	return func(s db.Scanner) (t Topic, err error) {
		var at, stateAt, last, unread int64
		var tlp, audience, state, watch string
		if err = s.Scan(&t.ID, &t.Room, &t.RoomName, &t.Title, &tlp, &audience, &t.Author.Person, &t.Author.Name, &t.Author.Org, &t.Author.OrgName, &at,
			&t.Opening, &state, &stateAt, &t.StateBy, &t.Summary, &last, &t.Last.ID, &t.Posts, &t.Decisions, &unread, &watch); err != nil {
			return t, err
		}
		t.At, t.StateAt, t.Last.At = clock.FromMicros(at), clock.FromMicros(stateAt), clock.FromMicros(last)
		t.State, t.Watch, t.Unread = State(state), Level(watch), unread == 1
		t.Label, err = v.Label(tlp, audience)
		return t, err
	}
}

// Topics lists a room's topics, those with the newest visible post first, after
// a cursor (a topic's Last).
func (f *Forum) Topics(v *db.View, room string, after Cursor, limit int) ([]Topic, error) {
	if ok, err := v.Exists(`SELECT 1 FROM visible.rooms r WHERE r.id = $1`, room); err != nil || !ok {
		return nil, missing(err)
	}
	at, n, err := place(v, after)
	if err != nil {
		return nil, err
	}
	return db.All(v, scanTopic(v), topicSelect+` AND a.room = $3 AND (a.at, a.n) < ($4, $5) ORDER BY a.at DESC, a.n DESC LIMIT $6`,
		v.Viewer().Person, clock.Micros(v.Now().Add(-Window)), room, at, n, page(limit))
}

// Topic reads one topic.
func (f *Forum) Topic(v *db.View, id string) (Topic, error) {
	return db.One(v, scanTopic(v), topicSelect+` AND t.id = $3 ORDER BY a.n DESC LIMIT 1`, v.Viewer().Person, clock.Micros(v.Now().Add(-Window)), id)
}

// TopicsByID reads those of the topics that the viewer can read, in one
// statement.
func (f *Forum) TopicsByID(v *db.View, list []string) (map[string]Topic, error) {
	return topicsByID(v, list)
}

// topicsByID reads topics, in no order.
func topicsByID(v *db.View, list []string) (map[string]Topic, error) {
	ts, err := db.All(v, scanTopic(v), topicSelect+` AND t.id IN (SELECT value FROM json_each($3))`,
		v.Viewer().Person, clock.Micros(v.Now().Add(-Window)), db.List(list))
	byID := make(map[string]Topic, len(ts))
	for _, t := range ts {
		byID[t.ID] = t
	}
	return byID, err
}

// topicRow is what a write needs of a topic.
type topicRow struct {
	Topic
	N    int64
	Room string // as it is, whether or not the viewer can see it
}

func readTopicRow(v *db.View, id string) (topicRow, error) {
	return db.One(v, func(s db.Scanner) (t topicRow, err error) {
		var tlp, audience, state string
		if err = s.Scan(&t.ID, &t.N, &t.Room, &t.Title, &t.Author.Person, &t.Author.Name, &t.Author.Org, &t.Author.OrgName, &t.Opening, &state, &tlp, &audience); err != nil {
			return t, err
		}
		t.State = State(state)
		t.Label, err = v.Label(tlp, audience)
		return t, err
	}, `SELECT t.id, t.n, t.room, t.title, t.author, t.author_name, t.author_org, t.author_org_name, t.opening, t.state, t.tlp, t.audience FROM visible.topics t WHERE t.id = $1`, id)
}

// place turns a cursor into what comes before it in a list from the newest on.
// Its post may have gone from the viewer's eyes since: then what has the same
// microsecond is skipped.
func place(v *db.View, c Cursor) (at, n int64, err error) {
	if c.IsZero() {
		return 1 << 62, 1 << 62, nil
	}
	n, err = db.One(v, db.Value[int64], `SELECT p.n FROM visible.posts p WHERE p.id = $1`, c.ID)
	if fault.Is(err, fault.Missing) {
		n, err = 0, nil
	}
	return clock.Micros(c.At), n, err
}

// Resolve finds the topics, posts and rooms whose short id begins a reference
// such as TOPIC-7K3Q-2M9P, among what the viewer can read: one, or a fault.
func (f *Forum) Resolve(v *db.View, short string) (id, topic string, err error) {
	prefix, ok := ids.FromShort(short)
	if !ok {
		return "", "", fault.ErrMissing
	}
	kind, _, _ := strings.Cut(prefix, "_")
	stmt, ok := map[string]string{
		"room":  `SELECT r.id, '' FROM visible.rooms r WHERE r.id >= $1 AND r.id < $2 LIMIT 2`,
		"topic": `SELECT t.id, t.id FROM visible.topics t WHERE t.id >= $1 AND t.id < $2 LIMIT 2`,
		"post":  `SELECT p.id, p.topic FROM visible.posts p JOIN visible.topics t ON t.id = p.topic WHERE p.id >= $1 AND p.id < $2 LIMIT 2`,
	}[kind]
	if !ok {
		return "", "", fault.ErrMissing
	}
	type found struct{ id, topic string }
	hit, err := db.Only(v, func(s db.Scanner) (x found, err error) { err = s.Scan(&x.id, &x.topic); return x, err }, stmt, prefix, prefix+"~")
	return hit.id, hit.topic, err
}

func missing(err error) error {
	if err != nil {
		return err
	}
	return fault.ErrMissing
}

package forum

import (
	"cmp"
	"slices"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// News is a topic with something that its reader has not read.
type News struct {
	Topic     Topic
	New       int    // posts by others, at most MaxUnread
	First     string // id of the first of them
	Fresh     bool   // the topic itself is new to the reader
	Mentioned bool   // one of them mentions him
	Mine      bool   // he started the topic
}

// Inbox is what is new for a person.
type Inbox struct {
	Rooms   []RoomNews
	Next    Cursor    // where the next page begins; zero at the end
	Decide  []Relabel // labels that wait for his decision; on the first page only
	Skipped int       // topics on this page that he muted
}

// RoomNews is a room's news. Topics of rooms that the reader cannot read stand
// together under no room.
type RoomNews struct {
	Room, Name string
	News       []News
}

// inboxScan is how many topics, newest first, one page of the inbox looks at.
const inboxScan = 300

// Inbox lists topics with posts that the viewer has not read, newest first and
// grouped by room, after a cursor. What is older than Window is not news. A page
// looks at a bounded number of topics that he can see and may so show fewer than
// limit and yet have a Next.
func (f *Forum) Inbox(v *db.View, after Cursor, limit int) (Inbox, error) {
	var in Inbox
	me := v.Viewer().Person
	if me == "" {
		return in, nil
	}
	if after.IsZero() {
		var err error
		if in.Decide, err = f.RelabelsToDecide(v); err != nil {
			return in, err
		}
	}
	at, n, err := place(v, after)
	if err != nil {
		return in, err
	}
	type seen struct {
		topic, room, post, level, roomLevel string
		at, n, read, floor                  int64
		mentioned                           bool
	}
	// Each topic at its newest visible activity, with what the reader noted of it.
	rows, err := db.All(v, func(s db.Scanner) (r seen, err error) {
		var mentioned int64
		err = s.Scan(&r.topic, &r.room, &r.post, &r.at, &r.n, &r.read, &r.floor, &r.level, &r.roomLevel, &mentioned)
		r.mentioned = mentioned == 1
		return r, err
	}, `SELECT a.topic, a.room, a.post, a.at, a.n,
			COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = a.topic), 0),
			COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', a.room)), 0),
			COALESCE((SELECT w.level FROM watches w WHERE w.person = $1 AND w.object = a.topic), ''),
			COALESCE((SELECT w.level FROM watches w WHERE w.person = $1 AND w.object = a.room), ''),
			CASE WHEN EXISTS (SELECT 1 FROM visible.mentions x WHERE x.person = $1 AND x.topic = a.topic
				AND x.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = a.topic), 0)) THEN 1 ELSE 0 END
		FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic
		WHERE `+newest+` AND a.at > $2 AND (a.at, a.n) < ($3, $4) ORDER BY a.at DESC, a.n DESC LIMIT $5`,
		me, clock.Micros(v.Now().Add(-Window)), at, n, inboxScan)
	if err != nil {
		return in, err
	}
	limit = page(limit)
	var take []seen
	for i, r := range rows {
		last := Cursor{clock.FromMicros(r.at), r.post}
		if r.n > max(r.read, r.floor) {
			if (r.level == string(Muted) || r.level == "" && r.roomLevel == string(Muted)) && !r.mentioned {
				in.Skipped++
			} else {
				take = append(take, r)
			}
		}
		if len(take) == limit && i < len(rows)-1 || i == inboxScan-1 {
			in.Next = last
			break
		}
	}
	list := make([]string, len(take))
	for i, r := range take {
		list[i] = r.topic
	}
	topics, err := topicsByID(v, list)
	if err != nil || len(list) == 0 {
		return in, err
	}
	counts, err := unreadPosts(v, list)
	if err != nil {
		return in, err
	}
	place := map[string]int{}
	for _, r := range take {
		t, ok := topics[r.topic]
		c := counts[r.topic]
		if !ok || c.n == 0 { // nothing but his own
			continue
		}
		i, ok := place[t.Room]
		if !ok {
			i = len(in.Rooms)
			place[t.Room] = i
			in.Rooms = append(in.Rooms, RoomNews{Room: t.Room, Name: t.RoomName})
		}
		in.Rooms[i].News = append(in.Rooms[i].News, News{Topic: t, New: c.n, First: c.first, Fresh: c.first == t.Opening,
			Mentioned: r.mentioned, Mine: t.Author.Person == me})
	}
	for i := range in.Rooms {
		slices.SortStableFunc(in.Rooms[i].News, func(a, b News) int { return cmp.Compare(rank(b), rank(a)) })
	}
	return in, nil
}

// rank puts what is for the reader himself first.
func rank(n News) int {
	switch {
	case n.Mentioned:
		return 2
	case n.Mine || n.Topic.Watch == Watched:
		return 1
	}
	return 0
}

type unread struct {
	n     int
	first string
}

// unreadPost keeps the posts p of topics t that the person $1 has not read.
const unreadPost = `p.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = t.id), 0)
	AND p.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', t.room)), 0)`

// unreadPosts counts the posts by others in each topic that the viewer has not
// read, as far as MaxUnread, and finds the first.
func unreadPosts(v *db.View, topics []string) (map[string]unread, error) {
	out := map[string]unread{}
	err := v.Each(`SELECT t.id,
			(SELECT COUNT(*) FROM (SELECT 1 FROM visible.posts p WHERE p.topic = t.id AND p.author <> $1 AND `+unreadPost+` LIMIT 100) u),
			COALESCE((SELECT p.id FROM visible.posts p WHERE p.topic = t.id AND p.author <> $1 AND `+unreadPost+` ORDER BY p.n LIMIT 1), '')
		FROM visible.topics t WHERE t.id IN (SELECT value FROM json_each($2))`, []any{v.Viewer().Person, db.List(topics)}, func(s db.Scanner) error {
		var id string
		var u unread
		err := s.Scan(&id, &u.n, &u.first)
		out[id] = u
		return err
	})
	return out, err
}

// InboxCount is how many topics have news, at most MaxUnread: the number beside
// the inbox's name.
func (f *Forum) InboxCount(v *db.View) (int, error) {
	if !v.Viewer().SignedIn() {
		return 0, nil
	}
	return db.One(v, db.Value[int], `SELECT COUNT(*) FROM (SELECT a.topic, a.n, a.room FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic
			WHERE `+newest+` AND a.at > $2 ORDER BY a.at DESC, a.n DESC LIMIT 100) u
		WHERE u.n > COALESCE((SELECT m.n FROM topic_reads m WHERE m.person = $1 AND m.topic = u.topic), 0)
			AND u.n > COALESCE((SELECT MAX(f.n) FROM read_floors f WHERE f.person = $1 AND f.room IN ('', u.room)), 0)
			AND NOT EXISTS (SELECT 1 FROM watches w WHERE w.person = $1 AND w.level = 'mute' AND w.object IN (u.topic, u.room))`,
		v.Viewer().Person, clock.Micros(v.Now().Add(-Window)))
}

// Mentions lists posts that mention the viewer, newest first.
func (f *Forum) Mentions(v *db.View, after Cursor, limit int) ([]Post, error) {
	at, n, err := place(v, after)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		if n, err = db.One(v, db.Value[int64], `SELECT COALESCE(MAX(x.n), 0) + 1 FROM visible.mentions x JOIN visible.posts p ON p.id = x.post WHERE x.person = $1 AND p.at < $2`, v.Viewer().Person, at); err != nil {
			return nil, err
		}
	}
	list, err := db.All(v, db.Value[string], `SELECT x.post FROM visible.mentions x JOIN visible.topics t ON t.id = x.topic WHERE x.person = $1 AND x.n < $2 ORDER BY x.n DESC LIMIT $3`,
		v.Viewer().Person, n, page(limit))
	if err != nil {
		return nil, err
	}
	ps, err := db.All(v, scanPost(v), postSelect+`p.id IN (SELECT value FROM json_each($2)) ORDER BY p.n DESC`, v.Viewer().Person, db.List(list))
	if err != nil {
		return nil, err
	}
	return f.attach(v, ps)
}

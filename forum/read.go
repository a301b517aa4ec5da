package forum

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Level says how much a person wants to hear of a topic or room.
type Level string

// The levels. The empty one is the normal.
const (
	Normal  Level = ""
	Watched Level = "watch" // tell me of everything
	Muted   Level = "mute"  // only when I am mentioned
)

// MarkRead notes that the viewer has read a topic up to a post. Who has read
// what is told to nobody. Like the others here it is for db.Note.
func (f *Forum) MarkRead(tx *db.Tx, topic, post string) error {
	if !tx.Viewer().SignedIn() {
		return fault.ErrMissing
	}
	p, err := readPostRow(tx.View, post)
	if err != nil {
		return err
	}
	if p.Topic != topic {
		return fault.ErrMissing
	}
	return markRead(tx, topic, p.N)
}

// MarkDone notes that the viewer is done with a topic for now: everything in it
// that he can see is read.
func (f *Forum) MarkDone(tx *db.Tx, topic string) error {
	if !tx.Viewer().SignedIn() {
		return fault.ErrMissing
	}
	n, err := db.One(tx.View, db.Value[int64], `SELECT a.n FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic WHERE a.topic = $1 ORDER BY a.n DESC LIMIT 1`, topic)
	if err != nil {
		return err
	}
	return markRead(tx, topic, n)
}

func markRead(tx *db.Tx, topic string, n int64) error {
	_, err := tx.Exec(`INSERT INTO topic_reads (person, topic, n) VALUES ($1, $2, $3) ON CONFLICT (person, topic) DO UPDATE SET n = excluded.n WHERE topic_reads.n < excluded.n`,
		tx.Viewer().Person, topic, n)
	return err
}

// MarkAllRead notes that everything there is now, in a room or ("") everywhere,
// is read.
func (f *Forum) MarkAllRead(tx *db.Tx, room string) error {
	if !tx.Viewer().SignedIn() {
		return fault.ErrMissing
	}
	if room != "" {
		if _, err := readRoom(tx.View, room); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`INSERT INTO read_floors (person, room, n) VALUES ($1, $2, $3) ON CONFLICT (person, room) DO UPDATE SET n = excluded.n`,
		tx.Viewer().Person, room, tx.NextSeq()-1)
	return err
}

// SetWatch sets how much the viewer wants to hear of a topic or a room that he
// can read.
func (f *Forum) SetWatch(tx *db.Tx, object string, level Level) error {
	if !tx.Viewer().SignedIn() {
		return fault.ErrMissing
	}
	ok, err := tx.Exists(`SELECT t.id FROM visible.topics t WHERE t.id = $1 UNION SELECT r.id FROM visible.rooms r WHERE r.id = $1`, object)
	if err != nil || !ok {
		return missing(err)
	}
	switch level {
	case Normal:
		_, err = tx.Exec(`DELETE FROM watches WHERE person = $1 AND object = $2`, tx.Viewer().Person, object)
	case Watched, Muted:
		_, err = tx.Exec(`INSERT INTO watches (person, object, level) VALUES ($1, $2, $3) ON CONFLICT (person, object) DO UPDATE SET level = excluded.level`,
			tx.Viewer().Person, object, string(level))
	default:
		err = fault.InvalidField("level", "Choose watch, mute, or nothing for the normal.")
	}
	return err
}

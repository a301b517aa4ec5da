package forum

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// Came is what came to the viewer's inbox within a time and was not read yet.
type Came struct {
	Mine bool // he is mentioned, or a label waits for his decision
	Any  bool // there are posts by others, of topics that he did not mute
}

// Came looks for posts after one moment and until another.
func (f *Forum) Came(v *db.View, after, until time.Time) (c Came, err error) {
	me := v.Viewer().Person
	if me == "" {
		return c, nil
	}
	from, to := clock.Micros(after), clock.Micros(until)
	asked, err := f.RelabelsToDecide(v)
	if err != nil {
		return c, err
	}
	for _, r := range asked {
		c.Mine = c.Mine || r.At.After(after) && !r.At.After(until)
	}
	if !c.Mine {
		c.Mine, err = v.Exists(`SELECT 1 FROM visible.mentions x JOIN visible.posts p ON p.id = x.post JOIN visible.topics t ON t.id = p.topic WHERE x.person = $1 AND p.at > $2 AND p.at <= $3 AND `+unreadPost, me, from, to)
		if err != nil {
			return c, err
		}
	}
	c.Any, err = v.Exists(`SELECT 1 FROM visible.topic_activity a JOIN visible.topics t ON t.id = a.topic JOIN visible.posts p ON p.topic = t.id
		WHERE a.at > $2 AND p.author <> $1 AND p.at > $2 AND p.at <= $3 AND `+unreadPost+`
		AND NOT EXISTS (SELECT 1 FROM watches w WHERE w.person = $1 AND w.level = 'mute' AND w.object IN (t.id, t.room))`, me, from, to)
	return c, err
}

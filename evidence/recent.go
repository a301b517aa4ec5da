package evidence

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// Share is one topic that the viewer shared, or a pack that he took, for the page of
// his evidence.
type Share struct {
	Topic    string // id; or
	Case     string // id
	Title    string // as it is called now; "" if the viewer cannot read it any more
	At       time.Time
	Label    policy.Label // as it was then
	Taken    bool         // an evidence pack was taken, not something shared
	Provable bool         // a published checkpoint covers it
	Next     int64        // where the next page begins, after this row
}

// Recent lists the topics that the viewer started and the packs that he took,
// newest first, before a row's Next (0 = from the newest); more says that there
// may be others.
func (e *Evidence) Recent(v *db.View, before int64, limit int) (shares []Share, more bool, err error) {
	if !v.Viewer().SignedIn() {
		return nil, false, nil
	}
	checkpoint, err := e.ledger.Checkpoint(v)
	if err != nil {
		return nil, false, err
	}
	titles := map[string]string{}
	// A person's other entries lie in between; how many are read has an end.
	for range 20 {
		entries, err := e.ledger.By(v, v.Viewer().Actor(), before, 200)
		if err != nil {
			return nil, false, err
		}
		for _, x := range entries {
			before = x.Seq
			s, ok := share(x)
			if !ok {
				continue
			}
			if len(shares) == limit {
				return shares, true, nil
			}
			if s.Title, err = e.title(v, titles, s.Topic+s.Case); err != nil {
				return nil, false, err
			}
			s.Provable = x.Seq < checkpoint.Size
			shares = append(shares, s)
		}
		if len(entries) < 200 {
			return shares, false, nil
		}
	}
	return shares, true, nil
}

func share(x ledger.Entry) (Share, bool) {
	s := Share{At: clock.FromMicros(x.At), Label: x.Label, Next: x.Seq}
	switch x.Verb {
	case "topic.started":
		s.Topic = x.Object
	case exportedVerb:
		s.Taken = true
		if s.Topic = x.Parent; strings.HasPrefix(x.Parent, "case_") {
			s.Topic, s.Case = "", x.Parent
		}
	default:
		return s, false
	}
	return s, true
}

func (e *Evidence) title(v *db.View, known map[string]string, topic string) (string, error) {
	if title, ok := known[topic]; ok {
		return title, nil
	}
	if strings.HasPrefix(topic, "case_") {
		k, err := e.cases.Case(v, topic)
		if err != nil && !fault.Is(err, fault.Missing) {
			return "", err
		}
		known[topic] = k.Title
		return k.Title, nil
	}
	t, err := e.forum.Topic(v, topic)
	if err != nil && !fault.Is(err, fault.Missing) {
		return "", err
	}
	known[topic] = t.Title
	return t.Title, nil
}

package cases

import (
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Message is one word in the dialogue between a reporter and the desk.
type Message struct {
	ID      string
	Report  string
	At      time.Time // of a stranger's dialogue the day only
	Inbound bool      // from the reporter
	Name    string    // of who wrote it; "" for a stranger
	Body    string    // plain text
	Files   []File
	Label   policy.Label
}

// Messages reads the dialogue of a report that the viewer can see, oldest first.
func (c *Cases) Messages(v *db.View, report string) ([]Message, error) {
	ms, err := db.All(v, func(s db.Scanner) (m Message, err error) {
		var at, inbound int64
		var tlp, audience string
		if err = s.Scan(&m.ID, &m.Report, &at, &inbound, &m.Name, &m.Body, &tlp, &audience); err != nil {
			return m, err
		}
		m.At, m.Inbound = clock.FromMicros(at), inbound == 1
		m.Label, err = v.Label(tlp, audience)
		return m, err
	}, `SELECT m.id, m.report, m.at, m.inbound, m.name, m.body, m.tlp, m.audience FROM visible.case_messages m WHERE m.report = $1 ORDER BY m.n`, report)
	if err != nil || len(ms) == 0 {
		return ms, err
	}
	files, err := c.filesUnder(v, report)
	for i := range ms {
		ms[i].Files = files[ms[i].ID]
	}
	return ms, err
}

// Answer writes into a report's dialogue: the desk to the reporter, or a member to
// the desk about his own report. The desk's first answer is its acknowledgement.
// uploads are files of [Cases.UploadFile]; key is an idempotency key.
func (c *Cases) Answer(tx *db.Tx, report, text string, uploads []string, key string) (id string, again bool, err error) {
	r, err := c.seen(tx.View, report)
	if err != nil {
		return "", false, err
	}
	who := tx.Viewer()
	inbound := who.Person == r.Person && r.Person != ""
	if !inbound && !who.May(policy.MayTriage) || inbound && !who.May(policy.MayReport) {
		return "", false, fault.Forbiddenf("The desk answers reports.")
	}
	return tx.Once(key, digest("answer", report, text, uploads), func() (string, error) {
		var p check.Problems
		text := p.Text("text", "The answer", text, MaxText, len(uploads) == 0)
		files, err := c.findUploads(tx.View, &p, uploads)
		if err != nil {
			return "", err
		}
		if err := p.Err(); err != nil {
			return "", err
		}
		id := ids.New("message")
		if err := c.claim(tx, id, r.ID, r.Label, files, r.stamp(tx.Now())); err != nil {
			return "", err
		}
		if err := c.say(tx, r, id, inbound, who.Name, text, files); err != nil {
			return "", err
		}
		if !inbound && r.Acked.IsZero() {
			return id, c.acknowledge(tx, r)
		}
		return id, nil
	})
}

// say writes a message whose files are kept already.
func (c *Cases) say(tx *db.Tx, r Report, id string, inbound bool, name, text string, files []File) error {
	audience, err := tx.Store(r.Label.Audience)
	if err != nil {
		return err
	}
	at := clock.Micros(r.stamp(tx.Now()))
	if _, err := tx.Exec(`INSERT INTO case_messages (id, n, report, at, inbound, name, body, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id, position(tx), r.ID, at, flag(inbound), name, text, string(r.Label.TLP), audience); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_reports SET last_at = $1 WHERE id = $2`, at, r.ID); err != nil {
		return err
	}
	verb := "report.answered"
	if inbound {
		verb = "report.added"
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Parent: r.ID, Label: r.Label, Coarse: inbound && r.Stranger(),
		Data: map[string]any{"report": r.ID, "sha256": digestOf([]byte(text)), "files": sums(files)}})
	return nil
}

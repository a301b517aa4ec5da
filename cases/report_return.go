package cases

import (
	"context"
	"io"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Returned is what a stranger reads with his receipt.
type Returned struct {
	State    ReportState
	Words    string    // the state, for people
	Title    string    // as he wrote it
	At       time.Time // the day on which it came
	Acked    bool      // the desk acknowledged it
	Answer   string    // what the desk said with its decision
	Credit   bool      // he asked to be acknowledged
	Files    []File    // of the report
	Messages []Message // oldest first; the desk's are signed by nobody
}

// Fetch is what the holder of a receipt reads. Every text that is no receipt of a
// report gets the same error after the same work.
func (c *Cases) Fetch(ctx context.Context, d *db.DB, receipt string) (out Returned, err error) {
	digest, err := c.find(ctx, d, receipt)
	if err != nil {
		return out, err
	}
	err = d.Read(ctx, stranger, func(v *db.View) error {
		r, err := byDigest(v, digest)
		if err != nil {
			return err
		}
		state, err := c.publicState(v, r)
		if err != nil {
			return err
		}
		out = Returned{State: state, Words: state.Words(), Title: r.Title, At: r.At, Acked: !r.Acked.IsZero(), Answer: r.Answer, Credit: r.Intake.Credit}
		if out.Files, err = c.Files(v, r.ID); err != nil {
			return err
		}
		out.Messages, err = c.Messages(v, r.ID)
		for i := range out.Messages {
			out.Messages[i].Name = ""
		}
		return err
	})
	return out, err
}

// FetchFile opens a file of the report or of its dialogue for the holder of the
// receipt. The reader is to be closed; serve it as an attachment.
func (c *Cases) FetchFile(ctx context.Context, d *db.DB, receipt, file string) (f File, r io.ReadSeekCloser, err error) {
	digest, err := c.find(ctx, d, receipt)
	if err != nil {
		return f, nil, err
	}
	err = d.Read(ctx, stranger, func(v *db.View) error {
		report, err := byDigest(v, digest)
		if err != nil {
			return err
		}
		if ok, err := v.Exists(`SELECT 1 FROM visible.case_files f WHERE f.id = $1 AND f.parent = $2`, file, report.ID); err != nil {
			return err
		} else if !ok {
			return noReceipt
		}
		f, r, err = c.OpenFile(v, file)
		return err
	})
	return f, r, err
}

// Addition is what a stranger adds to his report.
type Addition struct {
	Text      string
	Files     []Incoming
	KeepFiles bool // as they are, with all they tell
	Confirmed Confirmed
}

// AddAnonymous adds to a report whose receipt the sender holds. form is a key of
// [Cases.NewForm]; what is sent twice with one key is taken once, and again says
// so.
func (c *Cases) AddAnonymous(ctx context.Context, d *db.DB, receipt, form string, in Addition) (again bool, err error) {
	// What is wrong with the text is told whether there is a report or not.
	nonce, err := c.drop.form(form)
	if err != nil {
		return false, err
	}
	var p check.Problems
	text := p.Text("text", "The addition", in.Text, MaxText, len(in.Files) == 0)
	if in.Confirmed != "" {
		p.OneOf("confirmed", "What you did about it", string(in.Confirmed), string(FoundRemoved), string(FoundNone), string(FoundJustified))
	}
	if err := p.Err(); err != nil {
		return false, err
	}
	if _, err := settle(Look(text), in.Confirmed); err != nil {
		return false, err
	}
	digest, err := c.find(ctx, d, receipt)
	if err != nil {
		return false, err
	}
	var report Report
	id := c.drop.idOf("message", nonce)
	err = d.Read(ctx, stranger, func(v *db.View) (err error) {
		if report, err = byDigest(v, digest); err != nil {
			return err
		}
		again, err = v.Exists(`SELECT 1 FROM visible.case_messages m WHERE m.id = $1 AND m.report = $2`, id, report.ID)
		return err
	})
	if err != nil || again {
		return again, err
	}
	done, err := c.turn(ctx, d, in.Files)
	if err != nil {
		return false, err
	}
	defer done()
	kept, err := c.takeAll(ctx, d, in.Files, in.KeepFiles)
	if err != nil {
		return false, err
	}
	err = d.Write(ctx, stranger, func(tx *db.Tx) error {
		r, err := byDigest(tx.View, digest)
		if err != nil {
			return err
		}
		if taken, err := tx.Exists(`SELECT 1 FROM visible.case_messages m WHERE m.id = $1`, id); err != nil {
			return err
		} else if taken {
			return errAgain
		}
		if err := c.attach(tx, id, r.ID, r.Label, kept, r.stamp(tx.Now())); err != nil {
			return err
		}
		return c.say(tx, r, id, true, "", text, sentFiles(kept))
	})
	if err != nil {
		c.giveUp(ctx, d, kept)
		if err == errAgain {
			return true, nil
		}
		if fault.Is(err, fault.Missing) {
			err = noReceipt
		}
	}
	return false, err
}

package cases

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/receipt"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// stranger is in whose name reports without an account are written and read: who
// holds the receipt holds the report. Its rows are handed to that one only.
var stranger = policy.System("intake")

// drop is what reports without an account need: nothing of it tells one visitor
// from another. Budgets are for all of them together, since addresses are kept
// nowhere (T-45).
type drop struct {
	hasher deriver
	forms  [seal.KeySize]byte
	turns  chan struct{} // submissions under way, whose files are in memory
	once   sync.Once
	sends  *receipt.Limiter
	tries  *receipt.Limiter
}

// deriver is receipt.Hasher; tests make one in less time.
type deriver interface {
	Derive(ctx context.Context, r receipt.Receipt) (receipt.Derived, error)
	Find(ctx context.Context, text string) (receipt.Derived, error)
}

// The budgets of the public form, for everybody together.
const (
	sendEvery, sendBurst = 6 * time.Second, 100        // new reports and additions
	tryEvery, tryBurst   = 200 * time.Millisecond, 100 // receipts looked up
	dropTurns            = 3
)

func newDrop(box *seal.Box) *drop {
	return &drop{hasher: receipt.NewHasher(box.Secret("receipt pepper"), 2), forms: box.Secret("intake forms"), turns: make(chan struct{}, dropTurns)}
}

func (p *drop) limits(d *db.DB) {
	p.once.Do(func() {
		p.sends = receipt.NewLimiter(d.Clock(), sendEvery, sendBurst)
		p.tries = receipt.NewLimiter(d.Clock(), tryEvery, tryBurst)
	})
}

// take takes one of a budget.
func take(l *receipt.Limiter) error {
	if wait := l.Take(); wait > 0 {
		return fault.Busyf("Many people use this page just now. Nothing was saved; send it again in %d seconds.", int(wait/time.Second)+1)
	}
	return nil
}

// NewForm makes the hidden key of a blank form. What is sent twice with one key is
// taken once and gets the same receipt, which the key and this server's own secret
// make; the key alone tells nothing.
func (c *Cases) NewForm() string {
	var nonce [16]byte
	rand.Read(nonce[:])
	return base64.RawURLEncoding.EncodeToString(append(nonce[:], c.drop.mac("form", nonce[:])[:16]...))
}

func (p *drop) mac(use string, nonce []byte) []byte {
	h := hmac.New(sha256.New, p.forms[:])
	h.Write([]byte(use + "\x00"))
	h.Write(nonce)
	return h.Sum(nil)
}

// form reads a form's key. One that this server did not make is refused: two
// people who made up the same would get each other's receipt.
func (p *drop) form(text string) (nonce []byte, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 || subtle.ConstantTimeCompare(raw[16:], p.mac("form", raw[:16])[:16]) != 1 {
		return nil, fault.InvalidField("form", "This form was not made here, or is damaged. Open the page again and copy your text into it.")
	}
	return raw[:16], nil
}

func (p *drop) receiptOf(nonce []byte) receipt.Receipt {
	return receipt.From([receipt.Size]byte(p.mac("receipt", nonce)))
}

// idOf is the id of the message of a form.
func (p *drop) idOf(kind string, nonce []byte) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := p.mac(kind, nonce)[:26]
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return kind + "_" + string(b)
}

// noReceipt is the one answer to a receipt that is wrong, malformed or of no
// report.
var noReceipt error = &fault.Error{Kind: fault.Missing, Message: "There is no report with this receipt. Check the six words and the four digits."}

// find finds a report by what somebody typed. It costs the same for every text,
// and what is no receipt is looked up like one (T-06, T-45).
func (c *Cases) find(ctx context.Context, d *db.DB, text string) (digest string, err error) {
	c.drop.limits(d)
	if err := take(c.drop.tries); err != nil {
		return "", err
	}
	got, err := c.drop.hasher.Find(ctx, text)
	return hex.EncodeToString(got.Digest[:]), err
}

func byDigest(v *db.View, digest string) (Report, error) {
	r, err := db.One(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.digest = $1`, digest)
	if fault.Is(err, fault.Missing) {
		err = noReceipt
	}
	return r, err
}

// Sent is what a stranger gets for a report.
type Sent struct {
	Receipt receipt.Receipt // shown once, stored nowhere
	Again   bool            // this form was taken before; nothing was written
	Differs bool            // and its text was another then, which is the one that was kept
	Files   []File          // as they were kept, with what was taken out
}

// errAgain ends a write that another of the same form has overtaken.
var errAgain = errors.New("taken before")

// SubmitAnonymous takes a report without an account. form is a key of
// [Cases.NewForm]. Of when it came only the day is kept, in the report, the ledger
// and the store of files; of who sent it, nothing. Files are made anew without
// what tells of their maker unless the sender declines.
func (c *Cases) SubmitAnonymous(ctx context.Context, d *db.DB, form string, in Intake, files []Incoming) (Sent, error) {
	nonce, err := c.drop.form(form)
	if err != nil {
		return Sent{}, err
	}
	c.drop.limits(d)
	if err := take(c.drop.tries); err != nil { // looking through a long report takes a moment
		return Sent{}, err
	}
	if err := in.Check(d.Clock().Now()); err != nil {
		return Sent{}, err
	}
	looked, err := settle(in.Look(), in.Confirmed)
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{Receipt: c.drop.receiptOf(nonce)}
	done, err := c.turn(ctx, d, files)
	if err != nil {
		return Sent{}, err
	}
	defer done()
	got, err := c.drop.hasher.Derive(ctx, sent.Receipt)
	if err != nil {
		return Sent{}, err
	}
	digest := hex.EncodeToString(got.Digest[:])
	if again, err := c.taken(ctx, d, &sent, digest, in); err != nil || again {
		return sent, err
	}
	kept, err := c.takeAll(ctx, d, files, in.KeepFiles)
	if err != nil {
		return Sent{}, err
	}
	r := Report{ID: ids.New("report"), Source: FromStranger, Title: in.Title, Intake: in, looked: looked}
	err = d.Write(ctx, stranger, func(tx *db.Tx) (err error) {
		if ok, err := tx.Exists(`SELECT 1 FROM visible.case_reports r WHERE r.digest = $1`, digest); err != nil {
			return err
		} else if ok {
			return errAgain
		}
		r := r
		r.At = clock.Day(tx.Now())
		if r.Label, err = c.deskLabel(tx.View); err != nil {
			return err
		}
		if err := c.keepReport(tx, r, digest, sentFiles(kept)); err != nil {
			return err
		}
		return c.attach(tx, r.ID, r.ID, r.Label, kept, r.At)
	})
	if err != nil {
		c.giveUp(ctx, d, kept)
		if errors.Is(err, errAgain) {
			_, err = c.taken(ctx, d, &sent, digest, in)
		}
		return sent, err
	}
	sent.Files = sentFiles(kept)
	return sent, nil
}

// taken looks whether a form was taken before.
func (c *Cases) taken(ctx context.Context, d *db.DB, sent *Sent, digest string, in Intake) (again bool, err error) {
	err = d.Read(ctx, stranger, func(v *db.View) error {
		r, err := byDigest(v, digest)
		if err != nil {
			return err
		}
		sent.Again = true
		a, b := r.Intake, in
		a.Confirmed, b.Confirmed = "", ""
		sent.Differs = different(a, b)
		sent.Files, err = c.Files(v, r.ID)
		return err
	})
	if errors.Is(err, noReceipt) {
		return false, nil
	}
	return err == nil, err
}

// turn waits until there is room for one more submission, and takes it of the
// budget.
func (c *Cases) turn(ctx context.Context, d *db.DB, files []Incoming) (done func(), err error) {
	c.drop.limits(d)
	if len(files) > MaxFiles {
		return nil, fault.InvalidField("files", "At most %d files fit. Send the rest as an addition.", MaxFiles)
	}
	if err := take(c.drop.sends); err != nil {
		return nil, err
	}
	select {
	case c.drop.turns <- struct{}{}:
		return func() { <-c.drop.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
}

func different(a, b Intake) bool { return digest(a) != digest(b) }

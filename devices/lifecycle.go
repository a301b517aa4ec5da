package devices

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Stage is a product's place in its life (IMDRF N60 and N70).
type Stage string

// The stages. A product never goes back; see [StageMoves].
const (
	Development    Stage = "development"
	Support        Stage = "support"
	LimitedSupport Stage = "limited_support"
	EndOfSupport   Stage = "eos"
	Decommissioned Stage = "decommissioned"
)

// Stages lists the stages in their order.
func Stages() []Stage {
	return []Stage{Development, Support, LimitedSupport, EndOfSupport, Decommissioned}
}

// The communications that a move, or the end of a component, asks for.
const (
	OwedUser   = "user"   // to those who run the product
	OwedPublic = "public" // to everybody
)

// StageMove is a step in a product's life, and whom it has to be told.
type StageMove struct {
	From, To Stage
	Owed     []string
}

// StageMoves lists every step there is (IMDRF N70; R-060). None leads back: what
// was once without support is legacy, and a successor is a product of its own.
func StageMoves() []StageMove {
	both := []string{OwedUser, OwedPublic}
	return []StageMove{
		{Development, Support, nil},
		{Support, LimitedSupport, both},
		{Support, EndOfSupport, both},
		{LimitedSupport, EndOfSupport, both},
		{EndOfSupport, Decommissioned, []string{OwedUser}},
	}
}

// ComponentEnds is what follows for a product when support for one of its
// components ends (IMDRF N70 section 5.5; R-060). patientImpact says that the
// maker's risk assessment found an impact on patient safety, mitigable that the
// device can still be reasonably protected, and usesUnsupported that it goes on
// with the unsupported component. It gives the stage to be in, which may be the
// same, and who has to be told.
func ComponentEnds(stage Stage, patientImpact, mitigable, usesUnsupported bool) (next Stage, owed []string) {
	user, both := []string{OwedUser}, []string{OwedUser, OwedPublic}
	switch {
	case stage == Development || stage == Decommissioned:
		return stage, nil // nobody is treated with it
	case !patientImpact || stage == EndOfSupport:
		return stage, user
	case !mitigable:
		return EndOfSupport, both
	case stage == Support && usesUnsupported:
		return LimitedSupport, both
	}
	return stage, user
}

// Notice is how early an end of support was announced.
type Notice string

// The notices. N70 asks for two years at least, and for the transfer of
// responsibility to begin two to three years before the end.
const (
	NoticeUnknown Notice = ""     // a date is missing
	NoticeOK      Notice = "ok"   // three years before, or more
	NoticeWarn    Notice = "warn" // two to three years: enough, and the transfer has to begin at once
	NoticeLate    Notice = "late" // less than two years
)

// CheckNotice says how early an end of support was announced; both are dates,
// YYYY-MM-DD.
func CheckNotice(eos, announced string) Notice {
	end, err1 := time.Parse(time.DateOnly, eos)
	told, err2 := time.Parse(time.DateOnly, announced)
	switch {
	case err1 != nil || err2 != nil:
		return NoticeUnknown
	case told.AddDate(2, 0, 0).After(end):
		return NoticeLate
	case told.AddDate(3, 0, 0).After(end):
		return NoticeWarn
	}
	return NoticeOK
}

// StageChange is a move that was made.
type StageChange struct {
	ID       string
	Product  string
	At       time.Time
	From, To Stage
	Why      string
	Owed     []string
}

// MoveStage moves a product on in its life and returns whom it has to be told. The
// entry is product.staged.
func (x *Devices) MoveStage(tx *db.Tx, product string, to Stage, why string) (owed []string, err error) {
	d, err := x.toChange(tx.View, product)
	if err != nil {
		return nil, err
	}
	var p check.Problems
	if why = p.Text("why", "The reason", why, maxNote, true); p.Found() {
		return nil, p.Err()
	}
	if !slices.Contains(Stages(), to) {
		return nil, fault.InvalidField("stage", "The stage must be one of development, support, limited_support, eos, decommissioned.")
	}
	moves := StageMoves()
	i := slices.IndexFunc(moves, func(m StageMove) bool { return m.From == d.Stage && m.To == to })
	if i < 0 {
		return nil, fault.Conflictf("A product in the stage %q cannot move to %q.", StageWords(d.Stage), StageWords(to))
	}
	owed = moves[i].Owed
	n, err := tx.Exec(`UPDATE devices_products SET stage = $1, changed = $2, revision = revision + 1 WHERE id = $3 AND stage = $4`, string(to), clock.Micros(tx.Now()), d.ID, string(d.Stage))
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, changedMeanwhile("product")
	}
	id := ids.New("stage")
	if _, err := tx.Exec(`INSERT INTO devices_stages (id, product, at, person, from_to, why, owed) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, d.ID, clock.Micros(tx.Now()), tx.Viewer().Person, string(d.Stage)+" "+string(to), why, strings.Join(owed, " ")); err != nil {
		return nil, err
	}
	tx.Append(db.Entry{Verb: "product.staged", Object: d.ID, Label: d.Label, Data: map[string]any{"from": d.Stage, "to": to, "why": why, "owed": owed}})
	return owed, nil
}

// StageChanges lists the moves of a product, newest first.
func (x *Devices) StageChanges(v *db.View, product string) ([]StageChange, error) {
	return db.All(v, func(s db.Scanner) (c StageChange, err error) {
		var at int64
		var move, owed string
		err = s.Scan(&c.ID, &c.Product, &at, &move, &c.Why, &owed)
		c.At, c.Owed = clock.FromMicros(at), strings.Fields(owed)
		from, to, _ := strings.Cut(move, " ")
		c.From, c.To = Stage(from), Stage(to)
		return c, err
	}, `SELECT s.id, s.product, s.at, s.from_to, s.why, s.owed FROM devices_stages s JOIN visible.devices_products p ON p.id = s.product WHERE s.product = $1 ORDER BY s.at DESC, s.id DESC`, product)
}

// StageWords is a stage in words.
func StageWords(s Stage) string {
	switch s {
	case LimitedSupport:
		return "limited support"
	case EndOfSupport:
		return "end of support"
	}
	return string(s)
}

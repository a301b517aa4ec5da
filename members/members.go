package members

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Options says how this house is reached.
type Options struct {
	RPID    string   // the WebAuthn relying party: the host name without scheme and port
	Origins []string // the origins that may use its passkeys, such as https://isao.example
	Name    string   // shown by the authenticator; "" means Cordon

	// WaivePasskeys is for the demo, whose invented people have no passkeys: it
	// waives the second passkey and the step-up. Off in every real house.
	WaivePasskeys bool
}

// Members is the duty. It holds its collaborators only.
type Members struct {
	passkeys *webauthn.WebAuthn
	waive    bool
	reaches  reaches
}

// New makes the duty. The error says what is wrong with the options.
func New(o Options) (*Members, error) {
	w, err := relyingParty(o)
	if err != nil {
		return nil, fmt.Errorf("set up passkeys: %w", err)
	}
	return &Members{passkeys: w, waive: o.WaivePasskeys}, nil
}

// all is the same snapshot without a viewer's limits, for rules that must know
// the whole: rosters, uniqueness, facts. Its rows are never handed to a viewer.
func all(v *db.View) *db.View { return v.As(policy.System("members")) }

// Settings is what the community is called and who runs it.
type Settings struct {
	ID      string // community id
	Name    string
	Purpose string
	Org     string // the ISAO's own organization
	Desk    string // the desk's circle
	Founded time.Time
}

// Settings reads the community's settings; before the first run it is
// fault.ErrMissing.
func (m *Members) Settings(v *db.View) (Settings, error) {
	return db.One(v, func(s db.Scanner) (c Settings, err error) {
		var at int64
		err = s.Scan(&c.ID, &c.Name, &c.Purpose, &c.Org, &c.Desk, &at)
		c.Founded = clock.FromMicros(at)
		return c, err
	}, `SELECT id, name, purpose, isao, desk, founded_at FROM community_settings WHERE one = 1`)
}

// Rename changes the community's name and purpose (operators).
func (m *Members) Rename(tx *db.Tx, name, purpose string) error {
	if !tx.Viewer().May(policy.MayOperate) {
		return errMayNot
	}
	var check checker
	name = check.line("name", "the community's name", name, 1, 120)
	purpose = check.text("purpose", "the purpose", purpose, 0, 1000)
	if err := check.err(); err != nil {
		return err
	}
	s, err := m.Settings(tx.View)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE community_settings SET name = $1, purpose = $2 WHERE one = 1`, name, purpose); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "community.renamed", Object: s.ID, Label: toCommunity(), Data: map[string]string{"name": name, "purpose": purpose, "was": s.Name}})
	return nil
}

var errMayNot = fault.Forbiddenf("You may not do that. Your organization's officer or the desk can.")

func toCommunity() policy.Label {
	return policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
}

func toOrg(id string) policy.Label { return policy.Default(id) }

func toPerson(id string) policy.Label {
	return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(id))}
}

// strict labels what a few organizations and circles handle together.
func strict(ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(ps...)}
}

// checker collects what is wrong with the fields of a form.
type checker struct{ fields []fault.Field }

func (c *checker) err() error { return fault.InvalidFields(c.fields) }

func (c *checker) add(field, format string, args ...any) {
	c.fields = append(c.fields, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
}

// line cleans a single line of text and checks its length in characters.
func (c *checker) line(field, what, s string, low, high int) string {
	if strings.ContainsAny(s, "\r\n\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return c.text(field, what, s, low, high)
}

// text cleans a text of several lines and checks its length in characters.
// Invisible and control characters have no place in what names things (T-07).
func (c *checker) text(field, what, s string, low, high int) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, hidden):
		c.add(field, "There is an invisible or broken character in %s. Type it again.", what)
	case n < low && n == 0:
		c.add(field, "Write %s.", what)
	case n < low:
		c.add(field, "Write at least %d characters for %s.", low, what)
	case n > high:
		c.add(field, "Shorten %s to %d characters; it has %d.", what, high, n)
	}
	return s
}

func hidden(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r))
}

// fold is how names are compared and sorted on both engines.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

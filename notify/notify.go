package notify

import (
	"context"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
)

// Notify is the duty. It holds its collaborators only and may be used by many goroutines at once.
type Notify struct {
	members *members.Members
	forum   *forum.Forum
	alerts  *alerts.Alerts
	cases   *cases.Cases
	ledger  *ledger.Ledger
	box     *seal.Box
	outside Outside
}

// New makes the duty. Without [Notify.Connect] it sends nothing.
func New(m *members.Members, f *forum.Forum, a *alerts.Alerts, c *cases.Cases, l *ledger.Ledger, box *seal.Box) *Notify {
	return &Notify{members: m, forum: f, alerts: a, cases: c, ledger: l, box: box}
}

// Outside is how mails leave the house.
type Outside struct {
	Relay  Relay  // nil: there are no mails
	From   string // the address that they come from
	Origin string // the address that people type, such as https://isao.example
}

// Relay takes mails: mail.Relay, or what a test keeps them in. An error that is
// mail.ErrRefused stays as it is; after any other, a later try may do. It names no address:
// it is logged.
type Relay interface {
	Send(ctx context.Context, from, to string, mail []byte) error
}

// Connect says how mails leave the house. It is called before anything runs.
func (x *Notify) Connect(o Outside) { x.outside = o }

// Sends reports whether the house sends mails at all.
func (x *Notify) Sends() bool { return x.outside.Relay != nil }

// Soon is when a person is told of what is for him: an alert to the holders of what his
// organization runs, a mention, a question that waits for him, a clock that presses.
type Soon string

// When. Of what is exploited a person is told at once in any case.
const (
	SoonHour   Soon = "hour"   // at once, but at most once an hour
	SoonDigest Soon = "digest" // with the rest
)

// Rest is when a person is told that there is anything else new.
type Rest string

// When.
const (
	RestDay   Rest = "day"
	RestWeek  Rest = "week" // on Mondays
	RestNever Rest = "never"
)

// Choice is when a person wants to be told.
type Choice struct {
	Soon Soon
	Rest Rest
	Hour int // of the day, UTC, at which the rest is told
}

// DefaultChoice is what holds for who chose nothing.
var DefaultChoice = Choice{SoonHour, RestDay, 6}

// Own is what the viewer's own settings are.
type Own struct {
	Address   string    // confirmed; "" = none
	Confirmed time.Time // when
	Refused   time.Time // when the mail server refused it for good; zero if it did not
	Waiting   string    // an address that waits for its code; "" = none
	Until     time.Time // how long it does
	NoSuch    bool      // the mail server refused to take the code there
	Choice    Choice
}

// CodeTime is how long a code works.
const CodeTime = 24 * time.Hour

// maxCodes is how many codes one may ask for in a day.
const maxCodes = 5

// Package atom is the door for feed readers: threat intelligence as an Atom feed
// (RFC 4287) at /feeds/intel.atom.
//
// Anyone gets what is TLP:CLEAR. With an API token (Authorization: Bearer, or HTTP
// Basic with the token as password, which feed readers know) it is also the titles
// of what is TLP:GREEN and may be read by its owner: a feed reader keeps what it was
// given, often in somebody else's cloud, so what it says stays behind the link.
// Nothing above GREEN is in it.
package atom

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"net/http"
	"sync"
	"time"
	"unicode"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Server is the door. Its fields are its collaborators; the house wires it. It may
// be used by many goroutines at once.
type Server struct {
	DB      *db.DB
	Members *members.Members
	Intel   *intel.Intel
	Box     *seal.Box
	Log     *slog.Logger
	Origin  string // address that people use, such as https://isao.example

	once sync.Once
	tags [32]byte
}

// Routes is every feed, with who may ask for it. Tests enumerate this table: a
// route without a probe fails the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	s.once.Do(func() { s.tags = s.Box.Secret("atom feed tag") })
	return []httpkit.Route{{Method: http.MethodGet, Path: "/feeds/intel.atom", Access: httpkit.Open, Handler: http.HandlerFunc(s.intel)}}
}

var errToken error = &fault.Error{Kind: fault.Forbidden, Message: "This token is not valid. Make a new one on your account page."}

// identify finds who asks. There are no cookies here; a token that is not valid is
// refused, so that a program learns of it.
func (s *Server) identify(v *db.View, r *http.Request) (who policy.Viewer, token members.APIToken, err error) {
	text, given := httpkit.Token(r)
	if !given {
		return policy.Anonymous(), token, nil
	}
	who, token, err = s.Members.AuthenticateToken(v, text)
	if fault.Is(err, fault.Forbidden) {
		return who, token, errToken
	}
	if err == nil && !who.HasScope(policy.ScopeRead) {
		err = fault.Forbiddenf("This token does not have the scope %q. Make one that has it on your account page.", policy.ScopeRead)
	}
	return who, token, err
}

func (s *Server) intel(w http.ResponseWriter, r *http.Request) {
	var who policy.Viewer
	var token members.APIToken
	var name string
	var hs []intel.Headline
	err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) (err error) {
		if who, token, err = s.identify(v, r); err != nil {
			return err
		}
		settings, err := s.Members.Settings(v)
		if err != nil {
			return err
		}
		name = settings.Name
		hs, err = s.Intel.Headlines(v.As(who))
		return err
	})
	if err == errToken {
		w.Header().Add("WWW-Authenticate", `Bearer realm="cordon"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="cordon"`)
		httpkit.WriteStatus(w, http.StatusUnauthorized, err)
		return
	}
	if err != nil {
		httpkit.WriteProblem(w, err)
		return
	}
	body, err := s.write(name, hs)
	if err != nil {
		httpkit.WriteProblem(w, err)
		return
	}
	if token.ID != "" && token.NeedsTouch(s.DB.Clock().Now()) {
		err := s.DB.Note(r.Context(), who, func(tx *db.Tx) error { return s.Members.TouchToken(tx, token.ID) })
		if err != nil && !fault.Is(err, fault.Forbidden) {
			s.Log.Warn("note that a token is in use", "err", err)
		}
	}
	h := w.Header()
	tag := httpkit.Tag(s.tags, who.Actor(), body)
	h.Set("ETag", tag)
	h.Set("Vary", "Authorization")
	h.Set("Cache-Control", "private, no-cache") // kept by the asker only, and asked for again each time
	if httpkit.Unchanged(r, tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/atom+xml; charset=utf-8")
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  author   `xml:"author"`
	Links   []link   `xml:"link"`
	Rights  string   `xml:"rights"`
	Entries []entry  `xml:"entry"`
}

type author struct {
	Name string `xml:"name"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type entry struct {
	ID       string   `xml:"id"`
	Title    string   `xml:"title"`
	Updated  string   `xml:"updated"`
	Author   *author  `xml:"author"`
	Category category `xml:"category"`
	Link     link     `xml:"link"`
	Rights   string   `xml:"rights"`
	Summary  string   `xml:"summary,omitempty"`
}

type category struct {
	Term string `xml:"term,attr"`
}

// write writes the feed. It is as new as its newest entry; an empty one as the
// beginning of time, so that equal answers have equal bytes.
func (s *Server) write(community string, hs []intel.Headline) ([]byte, error) {
	f := feed{ID: s.Origin + "/feeds/intel.atom", Title: plain("Threat intelligence of " + community), Updated: stamp(time.Unix(0, 0)), Author: author{plain(community)},
		Links:  []link{{"self", s.Origin + "/feeds/intel.atom"}, {"alternate", s.Origin + "/intel"}},
		Rights: "Each entry carries its traffic light (TLP 2.0)."}
	newest := time.Unix(0, 0)
	for _, h := range hs {
		e := entry{ID: s.Origin + "/feeds/intel.atom#" + h.ID, Title: plain(h.Label.TLP.String() + " " + h.Title), Updated: stamp(h.At), Category: category{h.Label.TLP.String()},
			Link: link{"alternate", s.Origin + "/intel"}, Rights: h.Label.TLP.String() + ". " + h.Label.TLP.Sentence(), Summary: plain(h.Text)}
		if h.Object != "" {
			e.Link.Href += "/objects/" + h.Object
		}
		if h.From != "" {
			e.Author = &author{plain(h.From)}
		}
		if h.At.After(newest) {
			newest = h.At
		}
		f.Entries = append(f.Entries, e)
	}
	f.Updated = stamp(newest)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	out := xml.NewEncoder(&b)
	out.Indent("", " ")
	if err := out.Encode(f); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// plain leaves out what turns text around or that XML cannot hold.
func plain(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			out = append(out, r)
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0xFFFE || r == 0xFFFF:
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// A cursor has one length, is the same text for the same place, and is refused
// in another list and from another person (T-13).
func TestCursor(t *testing.T) {
	s := &Server{Box: seal.NewBox(seal.NewKey())}
	c := func(person string) *call {
		return &call{Server: s, who: policy.Member(policy.Membership{Person: person}, "", "", "", nil, nil)}
	}
	length := 0
	for i := range 100 {
		at, id := epoch.Add(time.Duration(i)*time.Hour), ids.New("post")
		text := c("p").cursor("topics r", at, id)
		if text != c("p").cursor("topics r", at, id) {
			t.Error("the same place is not the same text")
		}
		if length == 0 {
			length = len(text)
		}
		if len(text) != length {
			t.Errorf("%d and %d characters", length, len(text))
		}
		if when, what, err := c("p").place("topics r", "post", text); err != nil || !when.Equal(at) || what != id {
			t.Errorf("%v %s %v", when, what, err)
		}
		for name, try := range map[string]func() error{
			"another person": func() error { _, _, err := c("q").place("topics r", "post", text); return err },
			"another list":   func() error { _, _, err := c("p").place("topics s", "post", text); return err },
			"another thing":  func() error { _, _, err := c("p").place("topics r", "post", ids.Random(26)+text[26:]); return err },
			"cut":            func() error { _, _, err := c("p").place("topics r", "post", text[1:]); return err },
		} {
			if err := try(); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A topic's own first page leads on to the list of its posts.
func TestFirstPageLeadsOn(t *testing.T) {
	h := newHouse(t, "")
	for i := range firstPosts + 1 {
		h.write(h.wim, func(tx *db.Tx) error {
			_, _, err := h.srv.Forum.Reply(tx, h.hiddenTopic, forum.NewPost{Body: fmt.Sprint("post ", i)})
			return err
		})
	}
	page := h.do("GET", "/api/v1/topics/"+h.hiddenTopic, h.tokens[h.pia], nil).want(t, 200)
	rest := h.do("GET", "/api/v1/topics/"+h.hiddenTopic+"/posts?cursor="+text(page, "posts", "next"), h.tokens[h.pia], nil).want(t, 200)
	if n := len(get(page, "posts", "items").([]any)); n != firstPosts {
		t.Errorf("%d posts on the first page", n)
	}
	if n := len(get(rest, "items").([]any)); n != 2 || text(rest, "items", 1, "body") != fmt.Sprint("post ", firstPosts) || get(rest, "next") != nil {
		t.Errorf("then %v", rest)
	}
}

func FuzzCursor(f *testing.F) {
	c := &call{Server: &Server{Box: seal.NewBox(seal.NewKey())}, who: policy.Anonymous()}
	f.Add("")
	f.Add(c.cursor("l", epoch, ids.New("post")))
	f.Fuzz(func(t *testing.T, s string) {
		at, id, err := c.place("l", "post", s)
		if err == nil && s != "" && c.cursor("l", at, id) != s {
			t.Errorf("%q is read as another", s)
		}
	})
}

// T-07: whatever is sent as a label, it is refused or read as what it says.
func FuzzLabel(f *testing.F) {
	f.Add([]byte(`{"tlp":"TLP:AMBER","audience":["org:org_A","public"]}`))
	f.Add([]byte(`{"tlp":"RED","TLP":"CLEAR","audience":["public"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var in NewLabel
		if strictjson.Unmarshal(data, &in) != nil {
			return
		}
		l, err := in.parse()
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) == 0 {
				t.Errorf("%s: %v", data, err)
			}
			return
		}
		if !l.TLP.Known() || in.TLP != string(l.TLP) && in.TLP != l.TLP.String() && l.TLP != policy.Clear {
			t.Errorf("%s is read as %v", data, l)
		}
		for _, p := range in.Audience {
			if !l.Audience.Has(policy.Principal(p)) {
				t.Errorf("%s is read as %v", data, l)
			}
		}
	})
}

// What huma refuses is told without the value it refused.
func TestNewProblem(t *testing.T) {
	p := newProblem(http.StatusInternalServerError, "secret", fmt.Errorf("secret"))
	if b, _ := json.Marshal(p); string(b) != `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Something went wrong on our side. Nothing was changed. Try again; if it happens again, tell the desk."}` {
		t.Errorf("%s", b)
	}
}

package town

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Serve opens a door on loopback until the test ends, and tells its address.
func (h *Town) Serve(routes []httpkit.Route) (url string) {
	h.T.Helper()
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	srv := httptest.NewServer(mux)
	h.T.Cleanup(srv.Close)
	return srv.URL
}

// Token is a person's token with these scopes, or all, made when first asked for. That
// of nobody is "".
func (h *Town) Token(person string, scopes ...policy.Scope) string {
	h.T.Helper()
	if person == "" {
		return ""
	}
	if len(scopes) == 0 {
		scopes = policy.Scopes()
	}
	key := fmt.Sprint(person, scopes)
	if h.tokens[key] == "" {
		var text string
		h.OK(h.System("test", func(tx *db.Tx) (err error) {
			text, err = h.Members.SeedToken(tx, person, members.NewToken{Name: "test", Scopes: scopes})
			return err
		}))
		if h.tokens == nil {
			h.tokens = map[string]string{}
		}
		h.tokens[key] = text
	}
	return h.tokens[key]
}

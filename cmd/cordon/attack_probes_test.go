package main

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
)

// routeProbe is what is sent to a route: query strings of reads, and bodies of
// what acts. {kind} stands for an id of that kind.
type routeProbe struct {
	queries []string
	form    string   // of a page's act
	json    string   // of an operation's act
	refs    []string // not attacked by T-01's comparison of bodies: why
}

// probes is every route of every door. A route that is not here fails the tests:
// add a line for it when you add a route.
var probes = map[string]routeProbe{
	"GET /{$}":                   {queries: []string{"done=resolved", "x=1"}},
	"GET /healthz":               {},
	"GET /ledger/checkpoint":     {},
	"GET /ledger/key":            {},
	"GET /ledger/tile/{path...}": {},
	"GET /assets/{path...}":      {},

	"GET /inbox":                       {queries: []string{"after=zzz", "done=agreed", "room={room}"}},
	"POST /inbox/done":                 {form: "topic={topic}&room={room}"},
	"GET /rooms":                       {queries: []string{"q=quokka"}},
	"GET /rooms/new":                   {queries: []string{"circle={circle}"}},
	"POST /rooms":                      {form: "name=A+room&purpose=Of+tests&tlp=AMBER&audience=circle:{circle}"},
	"GET /rooms/{room}":                {queries: []string{"after=0-{topic}", "state=open", "sort=title"}},
	"POST /rooms/{room}/watch":         {form: "level=all"},
	"GET /rooms/{room}/topics/new":     {},
	"POST /rooms/{room}/topics":        {form: "title=A+topic&body=Of+{post}+and+@{person}&tlp=AMBER&audience=org:{org}&upload={file}&idempotency_key=&draft_key=topic:{room}"},
	"GET /topics/{topic}":              {queries: []string{"after=0-{post}", "before=zzzzzzzzz-{post}", "quote={post}", "reply=1"}},
	"POST /topics/{topic}/posts":       {form: "body=Of+{post}+and+@{person}&quote={post}&upload={file}&tlp=AMBER&audience=org:{org}"},
	"POST /topics/{topic}/resolve":     {form: "summary=Done"},
	"POST /topics/{topic}/reopen":      {form: ""},
	"POST /topics/{topic}/watch":       {form: "level=all"},
	"GET /topics/{topic}/relabel":      {},
	"POST /topics/{topic}/relabel":     {form: "tlp=GREEN&audience=circle:{circle}&why=over"},
	"POST /topics/{topic}/evidence":    {refs: []string{"a pack holds positions in the ledger, which are its proofs"}},
	"GET /posts/{post}":                {},
	"GET /posts/{post}/edit":           {},
	"POST /posts/{post}/edit":          {form: "body=Changed&edits=0&base=0"},
	"GET /posts/{post}/delete":         {},
	"POST /posts/{post}/delete":        {form: "why=wrong"},
	"POST /posts/{post}/pin":           {form: ""},
	"POST /posts/{post}/unpin":         {form: ""},
	"POST /posts/{post}/react":         {form: "reaction=agree"},
	"GET /posts/{post}/history":        {},
	"GET /posts/{post}/relabel":        {},
	"POST /posts/{post}/relabel":       {form: "tlp=AMBER&audience=org:{org}&why=less"},
	"GET /approvals":                   {},
	"POST /approvals/{id}/approve":     {form: ""},
	"POST /approvals/{id}/refuse":      {form: ""},
	"POST /approvals/{id}/withdraw":    {form: ""},
	"GET /files/{file}":                {},
	"GET /files/{file}/preview":        {},
	"GET /search":                      {queries: []string{"q=firmware", "q=quokka", "q=zebrafish", "q=telnet+firmware", "q={short}", "q=firmware&room={room}", "q=firmware&file=1", "q=zebrafish&since=2026-11-01", "since=2026-11-14", "q=%22zebrafish+firmware%22", "q=firmware+-zebrafish", "q=firmware&after=0-{post}"}},
	"GET /commands":                    {queries: []string{"q=", "q=fire", "q=quokka", "q=zebra", "q=shade", "q={short}", "q=room"}},
	"GET /go/{short}":                  {},
	"POST /drafts":                     {form: "draft_key=topic:{room}&title=T&body=B&topic={topic}"},
	"POST /audience-preview":           {form: "topic={topic}&tlp=AMBER&audience=org:{org}&audience=circle:{circle}"},
	"GET /evidence":                    {queries: []string{"before=10", "after=zz"}},
	"GET /verify":                      {},
	"POST /verify":                     {form: "pack=nothing"},
	"GET /sign-in":                     {queries: []string{"next=/topics/{topic}"}},
	"POST /sign-in/begin":              {form: ""},
	"POST /sign-in/finish":             {form: "{}"},
	"POST /sign-out":                   {form: ""},
	"POST /demo/sign-in":               {form: "persona=mia"},
	"GET /step-up":                     {queries: []string{"next=/topics/{topic}"}},
	"POST /step-up/begin":              {form: ""},
	"POST /step-up/finish":             {form: "x=1"},
	"GET /first-run/{token}":           {},
	"POST /first-run/{token}/begin":    {form: "community=X&org=Y"},
	"POST /first-run/{token}/finish":   {form: "x=1"},
	"GET /invitations/{token}":         {},
	"POST /invitations/{token}":        {form: "name=Y"},
	"POST /invitations/{token}/begin":  {form: "name=Y"},
	"POST /invitations/{token}/finish": {form: "x=1"},

	"GET /account":                            {},
	"POST /account/profile":                   {form: "person=Some+Body&title=Engineer"},
	"POST /account/listing":                   {form: "listed=1"},
	"POST /account/choices":                   {form: "theme=dark&density=compact"},
	"POST /account/mail/address":              {form: "address=some@body.example"},
	"POST /account/mail/confirm":              {form: "code=0000-0000"},
	"POST /account/mail/choose":               {form: "soon=digest&rest=week&hour=3"},
	"POST /account/mail/remove":               {form: ""},
	"POST /account/withdraw":                  {form: "reason=no"},
	"POST /account/passkeys/begin":            {form: "name=Key"},
	"POST /account/passkeys/finish":           {form: "x=1"},
	"POST /account/passkeys/{passkey}/remove": {form: ""},
	"POST /account/sessions/end":              {form: ""},
	"POST /account/sessions/{session}/end":    {form: ""},
	"POST /account/tokens":                    {form: "name=&days=30&scopes=read"},
	"POST /account/tokens/{token}/revoke":     {form: ""},
	"GET /agreement":                          {},
	"POST /agreement":                         {form: "digest=0&name=A&title=B"},

	"GET /members":                                   {queries: []string{"q=shade", "q=apply", "kind=provider", "kind=nothing", "after=zz", "q=quokka"}},
	"GET /members/{org}":                             {},
	"GET /members/{org}/edit":                        {},
	"POST /members/{org}/edit":                       {form: "name=Renamed"},
	"POST /members/{org}/standing":                   {form: "move=suspend&reason=because"},
	"POST /members/{org}/contact":                    {form: ""},
	"GET /people/{person}":                           {},
	"POST /people/{person}/recipient":                {form: "recipient=1"},
	"POST /people/{person}/roles":                    {form: "roles=officer"},
	"POST /people/{person}/suspend":                  {form: "reason=because"},
	"POST /people/{person}/revoke":                   {form: "reason=because"},
	"POST /people/{person}/remove":                   {form: "reason=because"},
	"GET /invitations":                               {},
	"POST /invitations":                              {form: "name=&kind=organization"},
	"POST /invitations/{invitation}/revoke":          {form: ""},
	"GET /circles":                                   {queries: []string{"q=shade"}},
	"GET /circles/new":                               {},
	"POST /circles":                                  {form: "name=&purpose=p&known=circle"},
	"GET /circles/{circle}":                          {queries: []string{"q=sam", "q=una"}},
	"POST /circles/{circle}/people":                  {form: "person={person}"},
	"POST /circles/{circle}/people/{person}/remove":  {form: ""},
	"POST /circles/{circle}/people/{person}/steward": {form: "steward=1"},
	"POST /circles/{circle}/leave":                   {form: ""},

	"GET /desk":                             {},
	"GET /desk/health":                      {refs: []string{"it tells sizes of the disk"}},
	"GET /desk/applications/{org}":          {},
	"POST /desk/applications/{org}/approve": {form: "reason=known"},
	"POST /desk/applications/{org}/decline": {form: "reason=unknown"},
	"POST /desk/applications/{org}/sponsor": {form: "sponsor={org}"},
	"GET /recovery":                         {},
	"GET /recovery/new":                     {queries: []string{"person={person}"}},
	"POST /recovery":                        {form: "person={person}&reason=lost"},
	"POST /recovery/{recovery}/approve":     {form: ""},
	"POST /recovery/{recovery}/link":        {form: ""},
	"POST /recovery/{recovery}/cancel":      {form: ""},
	"GET /live":                             {queries: []string{"cursor=nonsense"}},

	"GET /api/v1/me":                           {},
	"GET /api/v1/members":                      {queries: []string{"limit=2", "q=shade", "q=apply", "kind=vendor", "kind=none", "limit=0", "cursor=zz"}},
	"GET /api/v1/members/{org}":                {},
	"GET /api/v1/circles":                      {},
	"POST /api/v1/audience/preview":            {json: `{"label":{"tlp":"AMBER","audience":["org:{org}","circle:{circle}"]}}`},
	"GET /api/v1/rooms":                        {},
	"POST /api/v1/rooms":                       {json: `{"name":"R","label":{"tlp":"AMBER","audience":["circle:{circle}"]}}`},
	"GET /api/v1/rooms/{room}":                 {},
	"GET /api/v1/rooms/{room}/topics":          {queries: []string{"limit=1", "limit=2", "limit=3", "limit=x", "cursor=zz"}},
	"POST /api/v1/rooms/{room}/topics":         {json: `{"title":"T","body":"{post} @{person}","label":{"tlp":"AMBER","audience":["org:{org}"]},"files":["{file}"]}`},
	"GET /api/v1/topics/{topic}":               {},
	"POST /api/v1/topics/{topic}/resolve":      {json: `{"summary":"done"}`},
	"POST /api/v1/topics/{topic}/reopen":       {},
	"POST /api/v1/topics/{topic}/read":         {json: `{"post":"{post}"}`},
	"GET /api/v1/topics/{topic}/posts":         {queries: []string{"limit=1", "limit=2", "limit=5"}},
	"POST /api/v1/topics/{topic}/posts":        {json: `{"body":"{post} @{person}","quote":"{post}","files":["{file}"]}`},
	"GET /api/v1/posts/{post}":                 {},
	"PATCH /api/v1/posts/{post}":               {json: `{"body":"changed","edits":0}`},
	"DELETE /api/v1/posts/{post}":              {},
	"GET /api/v1/posts/{post}/history":         {},
	"POST /api/v1/posts/{post}/pin":            {},
	"POST /api/v1/posts/{post}/unpin":          {},
	"POST /api/v1/topics/{topic}/relabel":      {json: `{"label":{"tlp":"GREEN","audience":["community"]},"why":"over"}`},
	"POST /api/v1/posts/{post}/relabel":        {json: `{"label":{"tlp":"AMBER","audience":["org:{org}"]},"why":"less"}`},
	"GET /api/v1/topics/{topic}/relabels":      {},
	"GET /api/v1/relabels":                     {},
	"POST /api/v1/relabels/{relabel}/approve":  {},
	"POST /api/v1/relabels/{relabel}/refuse":   {},
	"POST /api/v1/relabels/{relabel}/withdraw": {},
	"POST /api/v1/files":                       {queries: []string{"name=a.txt"}, form: ""},
	"GET /api/v1/files/{file}":                 {},
	"GET /api/v1/inbox":                        {queries: []string{"limit=1", "limit=2"}},
	"GET /api/v1/search":                       {queries: []string{"q=firmware", "q=firmware&limit=1", "q=firmware&limit=2", "q=quokka", "q=zebrafish&limit=1", "q=telnet&room={room}", "q=firmware&author={person}", "q=firmware&author={org}", "q=firmware&has_file=true", "q=firmware&after=2026-11-14", "q=firmware&before=2026-11-14", "q=%22"}},
	"GET /api/v1/stream":                       {},
	"GET /api/v1/topics/{topic}/evidence":      {refs: []string{"a pack holds positions in the ledger, which are its proofs"}},
	"GET /api/v1/ledger/key":                   {},
	"GET /openapi.json":                        {},
	"GET /api":                                 {},
}

// TestEveryRouteHasAProbe: T-01. A new route is attacked, or the build fails.
func TestEveryRouteHasAProbe(t *testing.T) {
	w := openTown(t, t.TempDir(), "", clock.System(), true)
	defer w.shut()
	has := map[string]bool{}
	for _, r := range w.house.routes() {
		has[r.Method+" "+r.Path] = true
		if _, ok := probes[r.Method+" "+r.Path]; !ok {
			t.Errorf("%s %s has no probe: add it to probes, so that the attacks of T-01, T-08, T-09 and T-57 reach it", r.Method, r.Path)
		}
	}
	for name := range probes {
		if !has[name] {
			t.Errorf("the probe %q has no route any more", name)
		}
	}
}

// requestOf makes the request of a route with the things that pick gives.
func requestOf(r httpkit.Route, query string, pick func(kind string) string) errand {
	p := probes[r.Method+" "+r.Path]
	a := errand{method: r.Method, path: fillIn(r.Path, func(k string) string { return url.PathEscape(pick(k)) })}
	a.path = strings.TrimSuffix(a.path, "{$}")
	if query != "" {
		a.path += "?" + fillIn(query, func(k string) string { return url.QueryEscape(pick(k)) })
	}
	switch {
	case r.Method == "GET":
	case p.json != "":
		a.kind, a.body = "application/json", fillIn(p.json, pick)
	case r.Path == "/api/v1/files", r.Path == "/api/v1/reports/files":
		a.kind = "application/octet-stream"
	case strings.HasPrefix(r.Path, "/api/"):
	default:
		a.kind, a.body = "application/x-www-form-urlencoded", fillIn(p.form, func(k string) string { return url.QueryEscape(pick(k)) })
	}
	return a
}

// unknownID is an id of a kind that nothing has.
func unknownID(kind string) string {
	if id := unknownCaseThing(kind); id != "" {
		return id
	}
	if id := unknownIntelThing(kind); id != "" {
		return id
	}
	if id := unknownDeviceThing(kind); id != "" {
		return id
	}
	switch kind {
	case "short":
		return "TOPIC-" + ids.Random(4) + "-" + ids.Random(4)
	case "path":
		return "x/" + ids.Random(8)
	case "token":
		return ids.New("token")
	case "session":
		return ids.New("sess")
	case "id":
		return ids.New("relabel")
	}
	return ids.New(kind)
}

// pool is the ids of a kind: those that some subject may see, and those hidden
// from all of them.
func (w *town) pool(kind string, hidden bool) (list []string) {
	from := map[string]map[string]string{"room": w.rooms, "topic": w.topics, "post": w.posts, "file": w.files, "org": w.orgs, "person": w.people,
		"circle": w.circles, "relabel": w.relabels, "id": w.relabels, "session": w.sessions, "token": w.tokens}[kind]
	// In the order of names: ids are new in each run, and a seed shall choose alike.
	for _, name := range slices.Sorted(maps.Keys(from)) {
		id, shade := from[name], strings.HasPrefix(name, "shade")
		switch kind {
		case "org", "person":
			shade = false // members know one another
		case "session", "token":
			shade = slices.Contains([]string{"sam", "una", "vic"}, name)
		}
		if shade == hidden && id != "" {
			list = append(list, id)
		}
	}
	switch kind {
	case "short":
		for _, name := range slices.Sorted(maps.Keys(w.topics)) {
			if strings.HasPrefix(name, "shade") == hidden {
				list = append(list, ids.Short(w.topics[name]))
			}
		}
		for _, id := range w.caseThings("case", hidden) {
			list = append(list, ids.Short(id))
		}
	case "path":
		if !hidden {
			list = append(list, "0/000", "0/x000/000", "data/000", "cordon.css", "app.css", "app.js")
		}
	}
	return slices.Concat(list, w.caseThings(kind, hidden), w.intelThings(kind, hidden), w.deviceThings(kind, hidden))
}

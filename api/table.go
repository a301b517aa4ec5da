package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
)

// line is an operation in the table of [Server.Routes].
type line struct {
	method, path string
	access       httpkit.Access
	right        policy.Right
	scope        policy.Scope // what a token must have
	id           string       // the operation's id in OpenAPI
	summary      string
}

// route is an operation's handler.
type route struct {
	line
	server *Server
	params []string // names in the path, each a kind of id
	serve  func(c *call, w http.ResponseWriter)
}

// table gathers the routes and describes them.
type table struct {
	server *Server
	huma   huma.API
	last   func(http.ResponseWriter, *http.Request) // what huma made of the operation just registered
	group  string
	routes []httpkit.Route
	spec   []byte
	page   []byte
}

// HandleFunc takes a handler from huma; the pattern is the line's.
func (t *table) HandleFunc(_ string, h func(http.ResponseWriter, *http.Request)) { t.last = h }

// ServeHTTP completes what huma wants of a mux. Requests never come this way.
func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// maxBody is the longest JSON body in bytes.
const maxBody = 1 << 20

// version is the version of the API's description.
const version = "1.0.0"

func begin(s *Server) *table {
	t := &table{server: s}
	config := huma.DefaultConfig("Cordon", version)
	config.Info.Description = "Members of this community share with those who need to know, at once, and can prove it. " +
		"Everything is answered as you may see it; what you may not see is answered like what does not exist. " +
		"Make a token on your account page and send it as `Authorization: Bearer cordon_pat_…`."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema links: they repeat the Host header
	config.RejectUnknownQueryParameters = true
	json := huma.Format{
		Marshal: huma.DefaultJSONFormat.Marshal,
		Unmarshal: func(data []byte, v any) error {
			return strictjson.UnmarshalLimits(data, strictjson.Limits{Bytes: maxBody}, v)
		},
	}
	config.Formats = map[string]huma.Format{"application/json": json, "json": json}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", BearerFormat: "cordon_pat_…", Description: "An API token of yours, with the scopes read and write."},
		"session": {Type: "apiKey", In: "cookie", Name: "cordon", Description: "The browser's session (over TLS the cookie is __Host-cordon); from this site's own pages only."},
	}
	config.Servers = []*huma.Server{{URL: s.Origin}}
	t.huma = humago.New(t, config)
	return t
}

// tag begins a group of operations.
func (t *table) tag(name string) func(line) line {
	t.huma.OpenAPI().Tags = append(t.huma.OpenAPI().Tags, &huma.Tag{Name: name})
	return func(l line) line { t.group = name; return l }
}

// operation describes a line.
func (t *table) operation(l line) huma.Operation {
	op := huma.Operation{Method: l.method, Path: described(l.path), OperationID: l.id, Summary: l.summary, Tags: []string{t.group}, MaxBodyBytes: maxBody + 1, BodyReadTimeout: 30 * time.Second,
		Security: []map[string][]string{{"token": {string(l.scope)}}, {"session": {}}}}
	switch l.access {
	case httpkit.Anonymous:
		op.Security = []map[string][]string{{}} // nothing that is shown is looked at
	case httpkit.Open:
		op.Security = append([]map[string][]string{{}}, op.Security...)
	}
	return op
}

// schemaOf is the description of a type.
func (t *table) schemaOf(v any) *huma.Schema {
	return t.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}

var param = regexp.MustCompile(`\{([a-z]+)\}`)

func (t *table) add(l line, stream bool, serve func(*call, http.ResponseWriter)) {
	r := &route{line: l, server: t.server, serve: serve}
	for _, m := range param.FindAllStringSubmatch(l.path, -1) {
		r.params = append(r.params, m[1])
	}
	t.routes = append(t.routes, httpkit.Route{Method: l.method, Path: l.path, Access: l.access, Right: l.right, Handler: r, Stream: stream})
}

// read adds an operation that reads: c.view is the one snapshot in which the
// asker was found and everything is read.
func read[I, O any](t *table, l line, fn func(*call, *I) (*O, error)) {
	inner := register(t, l, fn, nil)
	t.add(l, false, func(c *call, w http.ResponseWriter) { c.read(w, inner) })
}

// act adds an operation that writes, in transactions of its own, or reads what a
// body describes. detail may complete its description.
func act[I, O any](t *table, l line, fn func(*call, *I) (*O, error)) {
	inner := register(t, l, fn, func(op *huma.Operation) {
		switch any(*new(O)).(type) {
		case interface{ isNew() }:
			op.DefaultStatus = http.StatusCreated
		case relabelOut:
			op.Responses = map[string]*huma.Response{"202": {Description: "The looser label waits for a second person",
				Content: map[string]*huma.MediaType{"application/json": {Schema: t.huma.OpenAPI().Components.Schemas.Schema(relabelDoneType, true, "")}}}}
		}
	})
	t.add(l, false, func(c *call, w http.ResponseWriter) { c.act(w, inner) })
}

type callKey struct{}

func register[I, O any](t *table, l line, fn func(*call, *I) (*O, error), more func(*huma.Operation)) http.HandlerFunc {
	op := t.operation(l)
	if more != nil {
		more(&op)
	}
	refusal := &huma.Response{Description: "What is wrong and how to mend it (RFC 9457)",
		Content: map[string]*huma.MediaType{problemType: {Schema: t.huma.OpenAPI().Components.Schemas.Schema(problemGoType, true, "")}}}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = refusal
	huma.Register(t.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c := ctx.Value(callKey{}).(*call)
		out, err := fn(c, in)
		if err != nil {
			c.err = err // answered by the one function that answers errors
			return nil, &problem{Status: http.StatusInternalServerError}
		}
		return out, nil
	})
	return t.last
}

// raw adds an operation whose answer or input is not JSON.
func (t *table) raw(l line, describe func(*table, *huma.Operation), serve func(*call, http.ResponseWriter)) {
	op := t.operation(l)
	op.Responses = map[string]*huma.Response{}
	for _, m := range param.FindAllStringSubmatch(l.path, -1) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: m[1], In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	}
	describe(t, &op)
	op.Responses["default"] = &huma.Response{Description: "What is wrong and how to mend it (RFC 9457)",
		Content: map[string]*huma.MediaType{problemType: {Schema: t.huma.OpenAPI().Components.Schemas.Schema(problemGoType, true, "")}}}
	t.huma.OpenAPI().AddOperation(&op)
	t.add(l, l.id == "stream", serve)
}

func (t *table) finish() *table {
	spec, err := json.MarshalIndent(t.huma.OpenAPI(), "", " ")
	if err != nil {
		panic("api: the description cannot be written: " + err.Error()) // it is made of this package's own types
	}
	t.spec = append(spec, '\n')
	t.page = t.renderPage()
	return t
}

func specDoc(_ *table, op *huma.Operation) { document(op, "application/json", "The description") }
func pageDoc(_ *table, op *huma.Operation) { document(op, "text/html", "The page") }

func document(op *huma.Operation, media, what string) {
	op.Responses["200"] = &huma.Response{Description: what, Content: map[string]*huma.MediaType{media: {}}}
}

func (c *call) openAPI(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(c.table.spec)
}

// location is the address of a thing in this API.
func location(kind, id string) string { return "/api/v1/" + strings.ToLower(kind) + "/" + id }

// described is a pattern's path as OpenAPI writes it.
func described(path string) string { return strings.TrimSuffix(path, "{$}") }

// operationOf finds an operation in a description, or nil.
func operationOf(doc *huma.OpenAPI, method, path string) *huma.Operation {
	item := doc.Paths[described(path)]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete}[method]
}

package api

import (
	"bytes"
	"html/template"
	"net/http"
)

var page = template.Must(template.New("api").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The API of this community</title></head>
<body>
<main>
<h1>The API of this community</h1>
<p>Send an API token of yours, made on your <a href="/account">account page</a>, as <code>Authorization: Bearer cordon_pat_…</code>.
Everything is answered as you may see it. The whole description, for programs, is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>
{{range .}}<section>
<h2>{{.Name}}</h2>
<dl>
{{range .Lines}}<dt><code>{{.Method}} {{.Path}}</code></dt><dd>{{.Summary}}</dd>
{{end}}</dl>
</section>
{{end}}</main>
</body>
</html>
`))

// renderPage lists the operations from the description.
func (t *table) renderPage() []byte {
	type row struct{ Method, Path, Summary string }
	type group struct {
		Name  string
		Lines []row
	}
	var groups []*group
	byName := map[string]*group{}
	doc := t.huma.OpenAPI()
	for _, tag := range doc.Tags {
		byName[tag.Name] = &group{Name: tag.Name}
		groups = append(groups, byName[tag.Name])
	}
	for _, r := range t.routes {
		op := operationOf(doc, r.Method, r.Path)
		g := byName[op.Tags[0]]
		g.Lines = append(g.Lines, row{r.Method, r.Path, op.Summary})
	}
	var b bytes.Buffer
	if err := page.Execute(&b, groups); err != nil {
		panic("api: the page cannot be written: " + err.Error()) // it is made of this package's own lines
	}
	return b.Bytes()
}

func (c *call) page(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(c.table.page)
}

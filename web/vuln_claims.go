package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

// The limits of what a page draws and lists of claims: a Linux vulnerability has
// thousands.
const (
	rulersShown   = 6
	rulerRows     = 8
	rulerVersions = 14
	claimsShown   = 300
)

// claimRow is a claim with the record that makes it.
type claimRow struct {
	vuln.Claim
	name, source string
}

// claimsView is what is said of versions: rulers for what can be put in an order, and
// everything in words.
type claimsView struct {
	rulers []ui.VersionRuler
	rows   []claimRow
	left   int // things that are not drawn
	all    int // claims
}

// newClaims gathers the claims of all records. What is withdrawn says nothing.
func newClaims(u vulns.Vulnerability) (x claimsView) {
	by := map[string][]claimRow{}
	var order []string
	for _, r := range u.Records {
		if !r.Withdrawn.IsZero() {
			continue
		}
		source := vulnSourceWords(r.Source) + " " + r.Record.ID
		if r.Document != "" {
			source = r.Document
		}
		for _, k := range r.Claims {
			row := claimRow{k, claimName(k), source}
			x.rows = append(x.rows, row)
			key := k.Range.Scheme + "\x00" + row.name
			if by[key] == nil {
				order = append(order, key)
			}
			by[key] = append(by[key], row)
		}
	}
	x.all = len(x.rows)
	// Devices first: they are what the community is here for.
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(claimRank(by[a][0]), claimRank(by[b][0])) })
	slices.SortStableFunc(x.rows, func(a, b claimRow) int {
		return cmp.Or(cmp.Compare(claimRank(a), claimRank(b)), strings.Compare(a.name, b.name))
	})
	for _, key := range order {
		r, ok := rulerOf(by[key], len(x.rulers))
		switch {
		case !ok:
		case len(x.rulers) > 0 && slices.Equal(x.rulers[len(x.rulers)-1].Versions, r.Versions) && len(x.rulers[len(x.rulers)-1].Rows)+len(r.Rows) <= 2*rulerRows:
			last := &x.rulers[len(x.rulers)-1] // several things of one maker with the same versions
			last.Rows, last.Finding = append(last.Rows, r.Rows...), ""
			last.Label = "Versions"
		case len(x.rulers) == rulersShown:
			x.left++
		default:
			x.rulers = append(x.rulers, r)
		}
	}
	x.rows = x.rows[:min(len(x.rows), claimsShown)]
	return x
}

func claimRank(r claimRow) int {
	switch r.Kind {
	case vuln.Device:
		return 0
	case vuln.Name:
		return 1
	case vuln.PURL:
		return 2
	}
	return 3
}

// claimName is the thing that a claim speaks of.
func claimName(k vuln.Claim) string {
	name := strings.TrimSpace(k.Vendor + " " + k.Product)
	if name == "" {
		name = k.Key
	}
	if name == "" {
		name = "not named"
	}
	if k.Release != "" {
		name += " (" + k.Release + ")"
	}
	return name
}

// rulerOf puts the versions of one thing in order and what is said of them beside one
// another; not ok if they cannot be ordered, or nothing is said of versions.
func rulerOf(rows []claimRow, n int) (r ui.VersionRuler, ok bool) {
	scheme := rows[0].Range.Scheme
	var points []string
	add := func(vs ...string) {
		for _, v := range vs {
			if v != "" && !slices.ContainsFunc(points, func(p string) bool { return sameVersion(scheme, p, v) }) {
				points = append(points, v)
			}
		}
	}
	r = ui.VersionRuler{ID: "versions-" + string(rune('a'+n)), Label: "Versions of " + rows[0].name}
	shown := rows[:min(len(rows), rulerRows)]
	for _, k := range shown {
		for _, s := range append(slices.Clone(k.Range.Spans), k.Range.Except...) {
			add(s.Low, s.High)
		}
		add(k.Range.Fixed...)
		if len(k.Range.Exact) <= rulerVersions {
			add(k.Range.Exact...)
		} else {
			add(k.Range.Exact[0], k.Range.Exact[len(k.Range.Exact)-1])
		}
		if len(points) > 3*rulerVersions {
			return r, false
		}
	}
	if len(points) == 0 || len(points) > rulerVersions {
		return r, false
	}
	comparable := true
	slices.SortFunc(points, func(a, b string) int {
		n, err := vers.Compare(scheme, a, b)
		comparable = comparable && err == nil
		return n
	})
	if !comparable {
		return r, false
	}
	at := func(v string) int {
		return slices.IndexFunc(points, func(p string) bool { return sameVersion(scheme, p, v) })
	}
	r.Versions = points
	for _, k := range shown {
		r.Rows = append(r.Rows, rulerRow(k, at))
	}
	if len(rows) > len(shown) {
		r.More = ui.Count(len(rows)-len(shown), "more range stands", "more ranges stand") + " in the table of every range."
	}
	affected := 0
	for _, k := range shown {
		if k.Status == vuln.Affected {
			affected++
		}
	}
	r.Finding = rows[0].name + ": " + ui.Count(affected, "affected range", "affected ranges")
	return r, true
}

func sameVersion(scheme, a, b string) bool {
	if a == b {
		return true
	}
	n, err := vers.Compare(scheme, a, b)
	return err == nil && n == 0
}

// rulerRow is one claim on a ruler; at gives a version's place.
func rulerRow(k claimRow, at func(string) int) ui.VersionRow {
	row := ui.VersionRow{Name: k.name, Source: k.source, Words: k.words(), Status: claimStatusWords(k.Status), Note: shortText(k.Remedy, 200)}
	kind := "affected"
	switch k.Status {
	case vuln.NotAffected:
		kind = "cleared"
	case vuln.Fixed:
		kind = "fixed"
	case vuln.Investigating:
		kind = "person"
	}
	span := func(kind string, s vers.Span) {
		seg := ui.VersionSegment{Kind: kind, From: -1, To: -1, Open: s.LowOpen, Shut: !s.HighClosed}
		if s.Low != "" {
			seg.From = at(s.Low)
		}
		if s.High != "" {
			seg.To = at(s.High)
		}
		row.Segments = append(row.Segments, seg)
	}
	if k.Range.All {
		span(kind, vers.Span{})
	}
	for _, s := range k.Range.Spans {
		span(kind, s)
	}
	for _, s := range k.Range.Except {
		span("cleared", s)
	}
	for _, v := range k.Range.Exact {
		if i := at(v); i >= 0 {
			row.Segments = append(row.Segments, ui.VersionSegment{Kind: kind, From: i, To: i})
		}
	}
	if len(k.Range.Plain) > 0 {
		span("person", vers.Span{})
	}
	if kind == "affected" {
		for _, v := range k.Range.Fixed {
			if i := at(v); i >= 0 {
				row.Segments = append(row.Segments, ui.VersionSegment{Kind: "fixed", From: i, To: i})
			}
		}
	}
	return row
}

// words is a claim's range as people read it.
func (k claimRow) words() string {
	var parts []string
	if s := k.Range.String(); s != "" {
		parts = append(parts, s)
	} else if k.Words != "" {
		parts = append(parts, k.Words)
	}
	if k.NeedsPerson() {
		parts = append(parts, "(a person must look)")
	}
	return shortText(strings.Join(parts, " "), 400)
}

// table is everything in words.
func (x claimsView) table() (out [][]ui.Cell) {
	for _, k := range x.rows {
		out = append(out, []ui.Cell{{Text: k.name, Header: true}, {Text: claimStatusWords(k.Status)}, {Text: k.words(), Mono: true}, {Text: shortText(strings.Join(k.Range.Fixed, ", "), 120), Mono: true}, {Text: k.source}, {Text: shortText(k.Remedy, 200)}})
	}
	return out
}

// tableWords says how much of it the table has.
func (x claimsView) tableWords() string {
	if x.all > len(x.rows) {
		return "the first " + ui.Number(len(x.rows)) + " of " + ui.Number(x.all)
	}
	return "all of them"
}

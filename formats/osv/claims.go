package osv

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits of one claim; formats/vers has the same.
const (
	maxVersions = 10_000
	maxVersion  = 256 // bytes
)

// claims says what an entry of "affected" says: one claim for each order of
// versions that its ranges have.
func (a *affected) claims() []vuln.Claim {
	base := vuln.Claim{Kind: vuln.Name, Status: vuln.Affected}
	ecosystem := ""
	if p := a.Package; p != nil {
		base.Vendor, base.Product = vuln.Clip(p.Ecosystem, 256), vuln.Clip(p.Name, 512)
		ecosystem, _, _ = strings.Cut(p.Ecosystem, ":")
		if key, release, ok := purl.FromOSV(p.Ecosystem, p.Name); ok {
			base.Kind, base.Key, base.Release = vuln.PURL, key, release
		} else if u, err := purl.Parse(p.PURL); p.PURL != "" && err == nil {
			base.Kind, base.Key, base.Release = vuln.PURL, u.Key(), u.Distro()
		}
	} else if repo := a.repo(); repo != "" {
		base.Vendor, base.Product = "GIT", vuln.Clip(repo, 512)
	}
	scheme := cmp.Or(ecosystem, "generic")

	var own, semver vers.Range // by the ecosystem's order, by Semantic Versioning
	own.Scheme, semver.Scheme = scheme, "semver"
	var commits []string
	for i := range a.Ranges {
		r := &a.Ranges[i]
		switch r.Type {
		case "GIT":
			commits = append(commits, r.commits())
		case "SEMVER":
			r.add(&semver)
		case "ECOSYSTEM":
			r.add(&own)
		default:
			own.Plain = append(own.Plain, vuln.Clip(fmt.Sprintf("a range of the unknown type %q", r.Type), vuln.MaxWords))
		}
	}
	list := &own
	if len(own.Spans)+len(own.Plain) == 0 && len(semver.Spans)+len(semver.Plain) > 0 {
		list = &semver
	}
	for _, v := range a.Versions {
		if v == "" || len(v) > maxVersion {
			list.Plain = append(list.Plain, vuln.Clip("a version that cannot be compared: "+v, vuln.MaxWords))
			continue
		}
		list.Exact = append(list.Exact, v)
	}

	var out []vuln.Claim
	for _, r := range []*vers.Range{&own, &semver} { // versions may be listed in one, and their fix in the other
		for _, v := range slices.Concat(own.Fixed, semver.Fixed) {
			if !slices.Contains(r.Fixed, v) {
				r.Fixed = append(slices.Clip(r.Fixed), v)
			}
		}
	}
	for _, r := range []vers.Range{own, semver} {
		if len(r.Exact)+len(r.Spans)+len(r.Plain) > 0 {
			out = append(out, chunks(base, r)...)
		}
	}
	if len(out) == 0 {
		c := base
		c.Range.Scheme = scheme
		switch {
		case len(commits) > 0:
			c.Words = vuln.Clip(strings.Join(commits, "; "), vuln.MaxWords)
			c.Range.Plain = []string{c.Words}
		case len(a.Ranges) > 0: // only empty ranges, such as from 1.0 to before 1.0
			c.Range.Plain = []string{"the ranges given are empty"}
		default:
			c.Range.Plain = []string{"no versions are named"}
		}
		out = append(out, c)
	}
	return out
}

// chunks spreads a range over claims within the limits of formats/vers. Each says what
// fixes it: who is told of one of them asks that.
func chunks(base vuln.Claim, r vers.Range) []vuln.Claim {
	var out []vuln.Claim
	r.Fixed, _ = cut(r.Fixed)
	for {
		part := r
		part.Exact, r.Exact = cut(r.Exact)
		part.Spans, r.Spans = cut(r.Spans)
		part.Plain, r.Plain = cut(r.Plain)
		base.Range = part
		out = append(out, base)
		if len(r.Exact)+len(r.Spans)+len(r.Plain) == 0 {
			return out
		}
	}
}

func cut[T any](list []T) (head, tail []T) {
	if len(list) <= maxVersions {
		return list, nil
	}
	return list[:maxVersions], list[maxVersions:]
}

// withoutCommits leaves out claims about commits of packages about which there
// are others: those say in versions what these say in commits.
func withoutCommits(claims []vuln.Claim) []vuln.Claim {
	commits := func(c vuln.Claim) bool { return c.Words != "" }
	if !slices.ContainsFunc(claims, commits) {
		return claims
	}
	type thing struct{ vendor, product string }
	known := map[thing]bool{}
	for _, c := range claims {
		if !commits(c) && !c.NeedsPerson() {
			known[thing{c.Vendor, c.Product}] = true
		}
	}
	return slices.DeleteFunc(claims, func(c vuln.Claim) bool { return commits(c) && known[thing{c.Vendor, c.Product}] })
}

func (a *affected) repo() string {
	for _, r := range a.Ranges {
		if r.Repo != "" {
			return r.Repo
		}
	}
	return ""
}

// commits says a range of commits in words.
func (r *eventRange) commits() string {
	var b strings.Builder
	b.WriteString("commits")
	for _, e := range r.Events {
		switch {
		case e.Introduced == "0":
			b.WriteString(" from the first")
		case e.Introduced != "":
			b.WriteString(" from " + e.Introduced)
		case e.Fixed != "":
			b.WriteString(" until before " + e.Fixed)
		case e.LastAffected != "":
			b.WriteString(" through " + e.LastAffected)
		case e.Limit != "":
			b.WriteString(" on the way to " + e.Limit)
		}
	}
	if r.Repo != "" {
		b.WriteString(" of " + r.Repo)
	}
	return b.String()
}

package cve

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// claims says what a container says of its products: for each of a product's
// names, by vendor and product, by CPE and by package URL, the same versions.
func (k *Container) claims() []vuln.Claim {
	versioned := map[string]bool{} // products with versions that are no commits
	for i := range k.Affected {
		p := &k.Affected[i]
		if slices.ContainsFunc(p.Versions, func(v Version) bool { return !v.commits() }) {
			versioned[p.name()] = true
		}
	}
	var out []vuln.Claim
	for i := range k.Affected {
		p := &k.Affected[i]
		said := p.said(versioned[p.name()])
		for _, name := range p.names() {
			for _, s := range said {
				out = append(out, p.claim(name, s))
			}
		}
		if len(out) > vuln.MaxClaims {
			return out
		}
	}
	for i := range k.Applicability {
		out = append(out, k.Applicability[i].claims()...)
	}
	remedy := vuln.Clip(english(k.Solutions), vuln.MaxRemedy)
	if remedy == "" {
		remedy = vuln.Clip(english(k.Workarounds), vuln.MaxRemedy)
	}
	for i := range out {
		if out[i].Status == vuln.Affected {
			out[i].Remedy = remedy
		}
	}
	return out
}

// name tells products apart, whichever way they are named.
func (p *Product) name() string {
	return strings.Join([]string{p.Vendor, p.Product, p.CollectionURL, p.PackageName, p.PackageURL}, "\x00")
}

// saying is a set of versions of which a product says one thing.
type saying struct {
	status string
	set    vers.Range
}

// said lists what a product's versions and default status come to.
func (p *Product) said(versioned bool) []saying {
	s := p.read()
	var out []saying
	add := func(status string, r vers.Range) {
		for _, part := range parts(r) {
			out = append(out, saying{status, part})
		}
	}
	if len(s.commits) > 0 && empty(s.affected) && empty(s.unaffected) && empty(s.unknown) {
		if versioned { // another entry says in versions what this one says in commits
			return nil
		}
		r := vers.Range{Scheme: genericScheme}
		r.Plain = append(r.Plain, s.commits[:min(len(s.commits), 20)]...)
		add(vuln.Affected, r)
		return out
	}
	except := func(r vers.Range) vers.Range {
		for _, not := range []vers.Range{s.unaffected, s.unknown} {
			r.Except = append(r.Except, not.Spans...)
			r.ExceptExact = append(r.ExceptExact, not.Exact...)
		}
		return r
	}
	switch {
	case p.DefaultStatus == Affected:
		all := except(vers.Range{Scheme: s.affected.Scheme, All: true, Fixed: s.affected.Fixed})
		// What is not affected in words may be any version.
		all.Plain = append(all.Plain, s.unaffected.Plain...)
		if s.unaffected.All {
			all.Plain = append(all.Plain, "the record says of all versions that they are affected and that they are not")
		}
		add(vuln.Affected, all)
		if clear := apart(s.affected, all); !empty(clear) {
			add(vuln.Affected, clear)
		}
	case !empty(s.affected):
		r := s.affected
		exact := r.Exact
		if r = except(r); len(r.Except) > 0 || len(r.ExceptExact) > 0 {
			if clear := apart(vers.Range{Scheme: r.Scheme, Exact: exact}, r); !empty(clear) {
				add(vuln.Affected, clear)
				r.Exact = slices.DeleteFunc(slices.Clone(exact), func(v string) bool { return slices.Contains(clear.Exact, v) })
			}
		}
		if !empty(r) {
			add(vuln.Affected, r)
		}
	case !empty(s.unaffected):
		add(vuln.NotAffected, s.unaffected)
	case p.DefaultStatus == Unaffected && empty(s.unknown):
		add(vuln.NotAffected, vers.Range{Scheme: s.affected.Scheme, All: true})
	case empty(s.unknown):
		add(vuln.Investigating, vers.Range{Scheme: s.affected.Scheme, Plain: []string{"the record does not say which versions"}})
	}
	if !empty(s.unknown) {
		add(vuln.Investigating, s.unknown)
	}
	return out
}

// apart gives of a set what another set's exceptions would take away: single
// versions that are named themselves, and so count before any range.
func apart(set, all vers.Range) vers.Range {
	out := vers.Range{Scheme: set.Scheme}
	except := vers.Range{Scheme: all.Scheme, Spans: all.Except}
	for _, v := range set.Exact {
		if verdict, _ := except.Contains(v); len(all.Except) > 0 && verdict != vers.Outside {
			out.Exact = append(out.Exact, v)
		}
	}
	return out
}

func empty(r vers.Range) bool { return !r.All && len(r.Exact)+len(r.Spans)+len(r.Plain) == 0 }

// parts spreads a set over several within the limits of formats/vers.
func parts(r vers.Range) []vers.Range {
	if len(r.Except) > maxVersions || len(r.ExceptExact) > maxVersions {
		r = vers.Range{Scheme: r.Scheme, Plain: []string{"more exceptions than can be compared"}}
	}
	r.Fixed = r.Fixed[:min(len(r.Fixed), maxVersions)]
	r.Plain = r.Plain[:min(len(r.Plain), 100)]
	var out []vers.Range
	for len(r.Exact) > maxVersions || len(r.Spans) > maxVersions {
		part := r
		part.Exact, r.Exact = cut(r.Exact)
		part.Spans, r.Spans = cut(r.Spans)
		out = append(out, part)
	}
	return append(out, r)
}

func cut[T any](list []T) (head, tail []T) {
	n := min(len(list), maxVersions)
	return list[:n:n], list[n:]
}

// thing is one of a product's names.
type thing struct {
	kind, key, whole string
	versions         []string // that the CPE names give
}

// names lists the names by which a product may be found: its CPE names, its
// package URL, and vendor and product. What is "n/a" is no name.
func (p *Product) names() []thing {
	var out []thing
	at := map[string]int{}
	for _, text := range p.CPEs {
		c, err := cpe.Parse(text)
		if err != nil {
			continue // vendor and product are there all the same
		}
		t := thing{kind: vuln.CPE, key: c.Key()}
		id := t.key
		if narrow(c) {
			t.whole = c.String()
			wide := c
			wide.Version = "*"
			id = wide.String()
		}
		i, known := at[id]
		if !known {
			i = len(out)
			at[id], out = i, append(out, t)
		}
		if concrete(c.Version) && len(out[i].versions) < maxVersions {
			out[i].versions = append(out[i].versions, plainText(c.Version))
		}
	}
	if key, ok := p.packageKey(); ok {
		out = append(out, thing{kind: vuln.PURL, key: key})
	}
	if !nothing(strings.TrimSpace(p.Product)) || p.PackageName != "" && len(out) == 0 {
		out = append(out, thing{kind: vuln.Name})
	}
	return out
}

// claim says of a thing what is said of the product.
func (p *Product) claim(t thing, s saying) vuln.Claim {
	c := vuln.Claim{
		Kind: t.kind, Key: t.key, CPE: t.whole, Status: s.status, Range: s.set,
		Vendor: vuln.Clip(p.Vendor, 256), Product: vuln.Clip(p.Product, 512),
	}
	if nothing(c.Vendor) {
		c.Vendor = ""
	}
	if nothing(c.Product) {
		c.Product = vuln.Clip(p.PackageName, 512)
	}
	if t.kind == vuln.Name && p.PackageName != "" && p.PackageName != p.Product && c.Product != p.PackageName {
		c.Words = vuln.Clip("package "+p.PackageName, vuln.MaxWords)
	}
	if len(p.Platforms) > 0 {
		c.Words = vuln.Clip(strings.TrimPrefix(c.Words+"; on "+strings.Join(p.Platforms[:min(len(p.Platforms), 20)], ", "), "; "), vuln.MaxWords)
	}
	// Where the record has no version but its CPE name has, that one counts.
	if len(t.versions) > 0 && len(s.set.Plain) > 0 && !s.set.All && len(s.set.Exact)+len(s.set.Spans) == 0 {
		c.Range.Exact, c.Range.Plain = t.versions, nil
	}
	return c
}

// packageKey is the look-up key of a product's package, by its package URL or
// by a collection that is known.
func (p *Product) packageKey() (string, bool) {
	if p.PackageURL != "" {
		if u, err := purl.Parse(p.PackageURL); err == nil {
			return u.Key(), true
		}
	}
	if p.PackageName == "" || p.CollectionURL == "" {
		return "", false
	}
	u, err := url.Parse(strings.TrimSpace(p.CollectionURL))
	if err != nil {
		return "", false
	}
	name, ecosystem := p.PackageName, ""
	switch strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), "registry.") {
	case "pypi.org", "pypi.python.org":
		ecosystem = "PyPI"
	case "repo.maven.apache.org", "repo1.maven.org", "search.maven.org", "central.sonatype.com":
		ecosystem = "Maven"
	case "npmjs.com", "npmjs.org":
		ecosystem = "npm"
	case "packagist.org":
		ecosystem = "Packagist"
	case "rubygems.org":
		ecosystem = "RubyGems"
	case "crates.io":
		ecosystem = "crates.io"
	case "nuget.org":
		ecosystem = "NuGet"
	case "hex.pm":
		ecosystem = "Hex"
	case "pub.dev":
		ecosystem = "Pub"
	case "hackage.haskell.org":
		ecosystem = "Hackage"
	case "pkg.go.dev":
		// Here a package is a part of a module, which is named as the vendor.
		ecosystem = "Go"
		switch {
		case p.Vendor == "Go standard library":
			name = "stdlib"
		case p.Vendor == "Go toolchain":
			name = "toolchain"
		case strings.HasPrefix(name, p.Vendor):
			name = p.Vendor
		}
	}
	if ecosystem == "" || ecosystem == "Maven" && !strings.Contains(name, ":") {
		return "", false
	}
	key, _, ok := purl.FromOSV(ecosystem, name)
	return key, ok
}

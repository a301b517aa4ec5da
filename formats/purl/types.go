package purl

import (
	"fmt"
	"strings"
)

// What a type says about its parts (the type definitions of purl-spec). Only
// for Go a namespace is not asked for: its standard library has none.
const (
	lowerNamespace = 1 << iota
	lowerName
	lowerVersion
	lowerSubpath
	needNamespace
	noNamespace
)

var typeRules = map[string]int{
	"alpm":             needNamespace | lowerNamespace | lowerName,
	"apk":              needNamespace | lowerNamespace | lowerName,
	"bazel":            noNamespace,
	"bitbucket":        needNamespace | lowerNamespace | lowerName,
	"bitnami":          noNamespace | lowerName,
	"brew":             lowerNamespace | lowerName,
	"cargo":            noNamespace,
	"chrome-extension": noNamespace | lowerName,
	"cocoapods":        noNamespace,
	"composer":         needNamespace | lowerNamespace | lowerName,
	"conda":            noNamespace,
	"cran":             noNamespace,
	"deb":              needNamespace | lowerNamespace | lowerName,
	"gem":              noNamespace,
	"git":              needNamespace,
	"github":           needNamespace | lowerNamespace | lowerName,
	"hackage":          noNamespace,
	"hex":              lowerNamespace | lowerName,
	"huggingface":      needNamespace | lowerVersion,
	"julia":            noNamespace,
	"luarocks":         lowerNamespace | lowerName,
	"maven":            needNamespace,
	"mlflow":           noNamespace,
	"nuget":            noNamespace,
	"oci":              noNamespace | lowerName | lowerVersion,
	"opam":             noNamespace,
	"otp":              noNamespace | lowerName | lowerSubpath,
	"pub":              noNamespace | lowerName,
	"pypi":             noNamespace | lowerName | lowerVersion,
	"qpkg":             needNamespace | lowerNamespace,
	"rpm":              needNamespace | lowerNamespace,
	"swift":            needNamespace,
	"vcpkg":            noNamespace,
	"vscode-extension": needNamespace | lowerNamespace | lowerName | lowerVersion,
	"yocto":            lowerNamespace,
}

// needQualifier names the qualifier without which a type's names mean nothing.
var needQualifier = map[string]string{"julia": "uuid", "swid": "tag_id"}

// Canonical checks the parts and gives them in the canonical form of the type.
// Types that the specification does not know have no rules of their own.
func Canonical(p PURL) (PURL, error) {
	p.Type = lower(p.Type)
	if err := checkType(p.Type); err != nil {
		return PURL{}, err
	}
	for _, part := range []*string{&p.Namespace, &p.Name, &p.Version, &p.Subpath} {
		if err := checkText(*part); err != nil {
			return PURL{}, err
		}
	}
	p.Namespace, p.Subpath = cleanPath(p.Namespace), cleanPath(p.Subpath)
	if p.Type == "git" { // whose names are paths
		p.Name = cleanPath(p.Name)
	}

	rules := typeRules[p.Type]
	switch {
	case p.Name == "":
		return PURL{}, fmt.Errorf("there is no name")
	case rules&needNamespace != 0 && p.Namespace == "":
		return PURL{}, fmt.Errorf("a name of the type %s needs a namespace", p.Type)
	case rules&noNamespace != 0 && p.Namespace != "":
		return PURL{}, fmt.Errorf("names of the type %s have no namespace", p.Type)
	}
	fold := func(rule int, s *string) {
		if rules&rule != 0 {
			*s = lower(*s)
		}
	}
	fold(lowerNamespace, &p.Namespace)
	fold(lowerName, &p.Name)
	fold(lowerVersion, &p.Version)
	fold(lowerSubpath, &p.Subpath)

	q := make(map[string]string, len(p.Qualifiers))
	for k, v := range p.Qualifiers {
		k = lower(k)
		if err := checkKey(k); err != nil {
			return PURL{}, err
		}
		if err := checkText(v); err != nil {
			return PURL{}, fmt.Errorf("qualifier %q: %w", k, err)
		}
		if v != "" {
			q[k] = v
		}
	}
	p.Qualifiers = q
	if k := needQualifier[p.Type]; k != "" && q[k] == "" {
		return PURL{}, fmt.Errorf("a name of the type %s needs the qualifier %q", p.Type, k)
	}
	return special(p)
}

// special applies the rules that only one type has.
func special(p PURL) (PURL, error) {
	switch p.Type {
	case "cpan":
		if strings.Contains(p.Name, "::") {
			return PURL{}, fmt.Errorf("%q is a module; cpan names are those of distributions", p.Name)
		}
	case "chrome-extension":
		if len(p.Name) != 32 || strings.Trim(p.Name, "abcdefghijklmnop") != "" {
			return PURL{}, fmt.Errorf("the name of a Chrome extension has 32 letters from a to p")
		}
		parts := strings.Split(p.Version, ".")
		if p.Version != "" && (len(parts) > 4 || strings.Trim(p.Version, "0123456789.") != "" || strings.Contains("."+p.Version+".", "..")) {
			return PURL{}, fmt.Errorf("the version of a Chrome extension has one to four numbers")
		}
	case "git":
		// The namespace is the host, the name all of the path.
		p.Namespace, p.Name, _ = strings.Cut(p.Namespace+"/"+p.Name, "/")
		if strings.HasPrefix(p.Namespace, "github") { // GitHub does not tell case apart
			p.Namespace, p.Name = lower(p.Namespace), lower(p.Name)
		}
	case "mlflow":
		if strings.Contains(p.Qualifiers["repository_url"], "azuredatabricks") { // nor does Databricks
			p.Name = lower(p.Name)
		}
	case "pub":
		p.Name = strings.Map(func(r rune) rune {
			if r < 0x80 && isAlnum(byte(r)) {
				return r
			}
			return '_'
		}, p.Name)
	case "pypi":
		p.Name = strings.ReplaceAll(p.Name, "_", "-")
	}
	return p, nil
}

func cleanPath(s string) string {
	if s == "" {
		return s
	}
	var segments []string
	for segment := range strings.SplitSeq(s, "/") {
		if segment != "" && segment != "." && segment != ".." {
			segments = append(segments, segment)
		}
	}
	return strings.Join(segments, "/")
}

func checkType(s string) error {
	if s == "" {
		return fmt.Errorf("there is no type")
	}
	for i := range len(s) {
		c := s[i]
		if !isAlnum(c) && c != '.' && c != '-' && c != '+' || i == 0 && '0' <= c && c <= '9' {
			return fmt.Errorf("%q is not a type: letters, digits, \".\", \"-\", a letter first", s)
		}
	}
	return nil
}

func checkKey(s string) error {
	for i := range len(s) {
		c := s[i]
		if !isAlnum(c) && c != '.' && c != '-' && c != '_' || i == 0 && '0' <= c && c <= '9' {
			return fmt.Errorf("%q is not the name of a qualifier: letters, digits, \".\", \"-\", \"_\", a letter first", s)
		}
	}
	if s == "" {
		return fmt.Errorf("a qualifier has no name")
	}
	return nil
}

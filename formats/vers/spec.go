package vers

import (
	"fmt"
	"slices"
	"strings"
)

// byVersType relates the schemes of the vers specification to ours.
var byVersType = map[string]string{
	"alpine": "Alpine", "apk": "Alpine", "cargo": "crates.io", "composer": "Packagist", "conan": "ConanCenter",
	"cran": "CRAN", "deb": "Debian", "gem": "RubyGems", "generic": "generic", "github": "GitHub Actions",
	"golang": "Go", "hackage": "Hackage", "hex": "Hex", "intdot": "generic", "julia": "Julia",
	"maven": "Maven", "nginx": "semver", "npm": "npm", "nuget": "NuGet", "openssl": "generic",
	"pub": "Pub", "pypi": "PyPI", "rpm": "Red Hat", "semver": "semver", "swift": "SwiftURL",
	"bitnami": "Bitnami", "brew": "Homebrew",
}

// versType is the other way round, where two have one scheme the first by name.
var versType = func() map[string]string {
	m := map[string]string{}
	for t, s := range byVersType {
		if old := m[s]; old == "" || t < old {
			m[s] = t
		}
	}
	m["generic"], m[""], m["semver"], m["Alpine"] = "generic", "generic", "semver", "apk"
	for e, f := range families {
		if m[f] != "" {
			m[e] = m[f]
		}
	}
	return m
}()

// A bound is one constraint of the vers notation.
type bound struct {
	op, version string
}

// ParseVers reads a range in the vers notation: "vers:npm/>=1.0|<2.0",
// "vers:all/*", "vers:generic/1.0|!=1.1". Constraints may stand in any order;
// a scheme that is not known is kept, and its versions only compare as text.
func ParseVers(s string) (Range, error) {
	if len(s) > maxJSON {
		return Range{}, fmt.Errorf("version range: %d bytes are too many", len(s))
	}
	r, err := parseVers(s)
	if err != nil {
		return Range{}, fmt.Errorf("version range %q: %w", clip(s), err)
	}
	return r, nil
}

func parseVers(s string) (Range, error) {
	s = strings.Join(strings.Fields(s), "")
	scheme, rest, ok := strings.Cut(s, "/")
	name, isVers := strings.CutPrefix(strings.ToLower(scheme), "vers:")
	if !ok || !isVers || name == "" {
		return Range{}, fmt.Errorf(`it does not begin with "vers:" and a scheme`)
	}
	r := Range{Scheme: name}
	if known := byVersType[name]; known != "" {
		r.Scheme = known
	}
	if name == "all" || name == "none" {
		r.Scheme = ""
	}
	rest = strings.Trim(rest, "|")
	if rest == "*" && name != "none" {
		r.All = true
		return r, nil
	}
	if rest == "*" {
		r.Except = []Span{{}} // of nothing, all
		return r, nil
	}
	if name == "all" || name == "none" {
		return Range{}, fmt.Errorf(`after "vers:%s/" only "*" may stand`, name)
	}
	bounds, err := readBounds(rest)
	if err != nil {
		return Range{}, err
	}
	err = r.addBounds(bounds)
	return r, err
}

func readBounds(s string) ([]bound, error) {
	var bounds []bound
	seen := map[string]bool{}
	for c := range strings.SplitSeq(s, "|") {
		if len(bounds) == maxItems {
			return nil, fmt.Errorf("there are more than %d constraints", maxItems)
		}
		b := bound{op: "="}
		for _, op := range []string{">=", "<=", "!=", "<", ">", "="} {
			if rest, ok := strings.CutPrefix(c, op); ok {
				b.op, c = op, rest
				break
			}
		}
		var err error
		if b.version, err = unescape(c); err != nil {
			return nil, err
		}
		switch {
		case b.version == "":
			return nil, fmt.Errorf("a constraint has no version")
		case b.version == "*":
			return nil, fmt.Errorf(`"*" must stand alone`)
		case len(b.version) > maxVersion:
			return nil, fmt.Errorf("a version has more than %d bytes", maxVersion)
		case strings.ContainsAny(b.version, "<>=!"):
			return nil, fmt.Errorf("%q is not a version", b.version)
		case seen[b.version]:
			return nil, fmt.Errorf("the version %s stands twice", b.version)
		}
		seen[b.version] = true
		bounds = append(bounds, b)
	}
	return bounds, nil
}

func unescape(s string) (string, error) {
	if !strings.Contains(s, "%") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		var c int
		if i+2 >= len(s) {
			return "", fmt.Errorf("a percent sign is not followed by two hexadecimal digits")
		}
		if n, err := fmt.Sscanf(s[i+1:i+3], "%02x", &c); n != 1 || err != nil || c < ' ' || c > '~' {
			return "", fmt.Errorf("a percent sign is not followed by the code of a printable character")
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

// addBounds turns constraints, signposts on the line of versions, into spans.
func (r *Range) addBounds(bounds []bound) error {
	var posts []bound
	for _, b := range bounds {
		switch b.op {
		case "=":
			r.Exact = append(r.Exact, b.version)
		case "!=":
			r.ExceptExact = append(r.ExceptExact, b.version)
		default:
			posts = append(posts, b)
		}
	}
	if len(posts) == 0 {
		r.All = len(r.Exact) == 0 // "!=1.0" alone: all others
		return nil
	}

	if len(posts) > 1 {
		o := orderOf(r.Scheme)
		if o == nil {
			return fmt.Errorf("its constraints cannot be put in order: the scheme %q is not known", r.Scheme)
		}
		var failed error
		slices.SortStableFunc(posts, func(a, b bound) int {
			c, err := compare(o, a.version, b.version)
			if err != nil && failed == nil {
				failed = err
			}
			return c
		})
		if failed != nil {
			return fmt.Errorf("its constraints cannot be put in order: %w", failed)
		}
	}
	// Of neighbours that point the same way the wider one counts.
	var kept []bound
	for _, b := range posts {
		last := len(kept) - 1
		switch {
		case last >= 0 && b.op[0] == '>' && kept[last].op[0] == '>':
		case last >= 0 && b.op[0] == '<' && kept[last].op[0] == '<':
			kept[last] = b
		default:
			kept = append(kept, b)
		}
	}
	for i := 0; i < len(kept); i++ {
		var s Span
		if b := kept[i]; b.op[0] == '>' {
			s.Low, s.LowOpen = b.version, b.op == ">"
			i++
		}
		if i < len(kept) {
			s.High, s.HighClosed = kept[i].version, kept[i].op == "<="
		}
		r.Spans = append(r.Spans, s)
	}
	return nil
}

// Vers gives the range in the vers notation; not ok if it cannot say it: words
// for a person, excepted spans, nothing named.
func (r Range) Vers() (string, bool) {
	t := versType[r.Scheme]
	if t == "" {
		t = strings.ToLower(r.Scheme)
	}
	if len(r.Plain) > 0 || len(r.Except) > 0 || strings.ContainsAny(t, "/ |") {
		return "", false
	}
	switch some := len(r.Exact)+len(r.Spans) > 0; {
	case r.All && len(r.ExceptExact) == 0:
		return "vers:all/*", true
	case r.All == some:
		return "", false
	}
	var parts []string
	for _, v := range r.Exact {
		parts = append(parts, escape(v))
	}
	for _, v := range r.ExceptExact {
		parts = append(parts, "!="+escape(v))
	}
	for _, s := range r.Spans {
		if s.Low == "" && s.High == "" {
			return "", false
		}
		if s.Low != "" {
			parts = append(parts, ">="[:2-b2i(s.LowOpen)]+escape(s.Low))
		}
		if s.High != "" {
			parts = append(parts, "<="[:1+b2i(s.HighClosed)]+escape(s.High))
		}
	}
	text := "vers:" + t + "/" + strings.Join(parts, "|")
	// Spans that overlap or repeat a version have no such text.
	back, err := ParseVers(text)
	if err != nil || !slices.Equal(back.Spans, r.Spans) || !slices.Equal(back.Exact, r.Exact) {
		return "", false
	}
	return text, true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func escape(s string) string {
	const special = "%|<>=!*, /"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(special, s[i]) >= 0 {
			fmt.Fprintf(&b, "%%%02X", s[i])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

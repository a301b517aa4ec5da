package furnish

import (
	"archive/zip"
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed icsma.zip
var archive []byte

//go:embed advisories.tsv
var placement string

// largest is far above the largest document in the archive (about 123 kB).
const largest = 4 << 20

// document is what the demo shows of a CSAF 2.0 document. It reads an archive that is part of the
// program, so it need not be strict; documents from outside go through formats/csaf.
type document struct {
	Document struct {
		Title    string
		Notes    []struct{ Category, Title, Text string }
		Tracking struct {
			ID      string
			Initial time.Time `json:"initial_release_date"`
			Current time.Time `json:"current_release_date"`
		}
		References []struct{ Category, Summary, URL string }
	}
	Tree struct{ Branches []branch } `json:"product_tree"`

	Vulnerabilities []struct {
		CVE string
		CWE struct{ ID, Name string }

		Notes  []struct{ Category, Text string }
		Scores []struct {
			V3 struct {
				Vector   string  `json:"vectorString"`
				Base     float64 `json:"baseScore"`
				Severity string  `json:"baseSeverity"`
			} `json:"cvss_v3"`
		}
		Remediations []struct{ Category, Details string }
	}
}

type branch struct {
	Category, Name string
	Branches       []branch
}

// names collects the distinct names of a category of branch, in the document's order.
func names(in []branch, category string, so []string) []string {
	for _, b := range in {
		if name := tidy(b.Name); b.Category == category && !slices.Contains(so, name) {
			so = append(so, name)
		}
		so = names(b.Branches, category, so)
	}
	return so
}

// readAdvisories reads the archive and puts each advisory into the room that advisories.tsv names.
func readAdvisories() ([]Advisory, error) {
	where, err := readPlacement(placement)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("opening icsma.zip: %w", err)
	}
	var all []Advisory
	for _, f := range z.File {
		id, isJSON := strings.CutSuffix(f.Name, ".json")
		room, placed := where[id]
		if !isJSON || !placed {
			return nil, fmt.Errorf("icsma.zip has %s, which advisories.tsv gives no room", f.Name)
		}
		delete(where, id)
		a, err := readAdvisory(f)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		a.ID, a.Room = id, room
		all = append(all, a)
	}
	if len(where) > 0 {
		return nil, fmt.Errorf("advisories.tsv names %d advisories that are not in icsma.zip", len(where))
	}
	return all, nil
}

// readPlacement reads lines of id, room and title, separated by tabs.
func readPlacement(table string) (map[string]string, error) {
	where := map[string]string{}
	for line := range strings.Lines(table) {
		if line = strings.TrimSuffix(line, "\n"); line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("advisories.tsv: %q is not an id, a room and a title", line)
		}
		if _, twice := where[fields[0]]; twice {
			return nil, fmt.Errorf("advisories.tsv: %s stands there twice", fields[0])
		}
		where[fields[0]] = fields[1]
	}
	return where, nil
}

func readAdvisory(f *zip.File) (Advisory, error) {
	r, err := f.Open()
	if err != nil {
		return Advisory{}, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return Advisory{}, err
	}
	if len(raw) > largest {
		return Advisory{}, fmt.Errorf("it is larger than %d bytes", largest)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return Advisory{}, err
	}
	a := Advisory{
		Title:    tidy(number.ReplaceAllString(d.Document.Title, "")),
		Released: d.Document.Tracking.Initial.UTC(),
		Updated:  d.Document.Tracking.Current.UTC(),
		Vendors:  names(d.Tree.Branches, "vendor", nil),
		Products: names(d.Tree.Branches, "product_name", nil),
		CSAF:     raw,
	}
	for _, v := range d.Vulnerabilities {
		if v.CVE != "" && !slices.Contains(a.CVEs, v.CVE) {
			a.CVEs = append(a.CVEs, v.CVE)
		}
		for _, s := range v.Scores {
			a.Severity = max(a.Severity, s.V3.Base)
		}
	}
	return a, nil
}

// Limits of the desk's introduction; the attached document has the rest.
const (
	mostProducts     = 8
	mostWeaknesses   = 12
	mostRemediations = 3
	longestRemedy    = 400 // characters
)

// introduction is the desk's first post: what the advisory says, short, in Markdown.
func (a Advisory) introduction() (string, error) {
	var d document
	if err := json.Unmarshal(a.CSAF, &d); err != nil {
		return "", fmt.Errorf("%s: %w", a.ID, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CISA advisory **%s**, released %s", strings.ToUpper(a.ID), a.Released.Format("2 January 2006"))
	if !a.Updated.Truncate(24 * time.Hour).Equal(a.Released.Truncate(24 * time.Hour)) {
		fmt.Fprintf(&b, ", this version %s", a.Updated.Format("2 January 2006"))
	}
	b.WriteString(". The CSAF document is attached.\n")
	for _, n := range d.Document.Notes {
		if n.Category == "summary" && n.Title == "Risk evaluation" {
			fmt.Fprintf(&b, "\n> %s\n", plain(n.Text))
		}
	}
	if len(a.Products) > 0 {
		fmt.Fprintf(&b, "\n**Products** (%s)\n\n", plain(strings.Join(a.Vendors, ", ")))
		few(&b, a.Products, mostProducts, func(p string) string { return "- " + plain(p) })
	}
	if len(d.Vulnerabilities) > 0 {
		b.WriteString("\n**Vulnerabilities**\n\n| CVE | Weakness | CVSS 3 |\n|---|---|---|\n")
		for i, v := range d.Vulnerabilities {
			if i == mostWeaknesses {
				break
			}
			score := "not given"
			if len(v.Scores) > 0 && v.Scores[0].V3.Base > 0 {
				score = fmt.Sprintf("%.1f %s", v.Scores[0].V3.Base, strings.ToLower(v.Scores[0].V3.Severity))
			}
			weakness := strings.TrimSpace(v.CWE.ID + " " + v.CWE.Name)
			fmt.Fprintf(&b, "| %s | %s | %s |\n", plain(cmp.Or(v.CVE, "none assigned")), plain(cmp.Or(weakness, "not given")), score)
		}
		if more := len(d.Vulnerabilities) - mostWeaknesses; more > 0 {
			fmt.Fprintf(&b, "\nand %d more in the document.\n", more)
		}
	}
	if remedies := d.remedies(); len(remedies) > 0 {
		b.WriteString("\n**What it recommends**\n\n")
		few(&b, remedies, mostRemediations, func(r string) string { return "- " + plain(r) })
	}
	if at := d.page(); at != "" {
		fmt.Fprintf(&b, "\nAs published: <%s>\n", at)
	}
	return b.String(), nil
}

// remedies are the distinct recommendations of some substance, shortened.
func (d document) remedies() []string {
	var so []string
	for _, v := range d.Vulnerabilities {
		for _, r := range v.Remediations {
			// A line that ends in a colon introduces a list that CSAF has elsewhere; a bare address or telephone line says nothing.
			text := tidy(r.Details)
			if len(text) < 40 || strings.HasSuffix(text, ":") || strings.HasPrefix(text, "http") {
				continue
			}
			if cut := []rune(text); len(cut) > longestRemedy {
				text = string(cut[:longestRemedy])
				text = text[:max(0, strings.LastIndexByte(text, ' '))] + " …"
			}
			if !slices.Contains(so, text) {
				so = append(so, text)
			}
		}
	}
	return so
}

// few writes a line for each of the first most, and says how many are left.
func few(b *strings.Builder, all []string, most int, line func(string) string) {
	for i, one := range all {
		if i == most {
			fmt.Fprintf(b, "- and %d more in the document\n", len(all)-most)
			return
		}
		fmt.Fprintln(b, line(one))
	}
}

// number is the advisory's number, which older titles repeat.
var number = regexp.MustCompile(`^ICSMA-[0-9A-Z-]+_`)

// tidy mends what the conversion to CSAF did to the text: runs of white space, detached possessives, undecodable bytes.
func tidy(text string) string {
	text = strings.ReplaceAll(text, "\uFFFD", "")
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer(" 's ", "'s ", " ' ", "' ", " .", ".", " ,", ",").Replace(text)
}

// plain makes text safe to stand in Markdown: nothing in it is markup.
func plain(text string) string {
	return markup.Replace(tidy(text))
}

var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `|`, `\|`, `#`, `\#`, `&`, `\&`, `~`, `\~`)

package csaf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxBytes is the largest document that is read.
	MaxBytes = 15 << 20 // CSAF 2.0 §C.1: what a document should not exceed
	maxDepth = 64
	// MaxProducts is the most products of one document.
	MaxProducts = 100_000
)

// ErrNotCSAF says that a JSON text is not a CSAF 2.0 document.
var ErrNotCSAF = errors.New("this is not a CSAF 2.0 document")

// The wire's shape, as far as it is shown; CSAF 2.0 §3.2.
type wireDoc struct {
	Document *struct {
		Category     string `json:"category"`
		CSAFVersion  string `json:"csaf_version"`
		Title        string `json:"title"`
		Lang         string `json:"lang"`
		Distribution struct {
			TLP struct {
				Label string `json:"label"`
			} `json:"tlp"`
		} `json:"distribution"`
		Publisher struct {
			Name           string `json:"name"`
			Category       string `json:"category"`
			Namespace      string `json:"namespace"`
			ContactDetails string `json:"contact_details"`
		} `json:"publisher"`
		Tracking struct {
			ID      string `json:"id"`
			Status  string `json:"status"`
			Version string `json:"version"`
			Initial string `json:"initial_release_date"`
			Current string `json:"current_release_date"`
		} `json:"tracking"`
		Notes      []wireNote `json:"notes"`
		References []wireRef  `json:"references"`
	} `json:"document"`
	Tree struct {
		Branches      []wireBranch  `json:"branches"`
		FullNames     []wireProduct `json:"full_product_names"`
		Relationships []struct {
			Category string      `json:"category"`
			Product  wireProduct `json:"full_product_name"`
			Of       string      `json:"product_reference"`
			On       string      `json:"relates_to_product_reference"`
		} `json:"relationships"`
		Groups []struct {
			ID       string   `json:"group_id"`
			Products []string `json:"product_ids"`
		} `json:"product_groups"`
	} `json:"product_tree"`
	Vulns []wireVuln `json:"vulnerabilities"`
}

type wireNote struct {
	Category string `json:"category"`
	Title    string `json:"title"`
	Text     string `json:"text"`
}

type wireRef struct {
	Category string `json:"category"`
	Summary  string `json:"summary"`
	URL      string `json:"url"`
}

type wireBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Branches []wireBranch `json:"branches"`
	Product  *wireProduct `json:"product"`
}

type wireProduct struct {
	Name   string `json:"name"`
	ID     string `json:"product_id"`
	Helper struct {
		CPE     string   `json:"cpe"`
		PURL    string   `json:"purl"`
		Models  []string `json:"model_numbers"`
		Serials []string `json:"serial_numbers"`
		SKUs    []string `json:"skus"`
	} `json:"product_identification_helper"`
}

type wireVuln struct {
	CVE string `json:"cve"`
	CWE struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"cwe"`
	IDs []struct {
		System string `json:"system_name"`
		Text   string `json:"text"`
	} `json:"ids"`
	Title string     `json:"title"`
	Notes []wireNote `json:"notes"`
	Refs  []wireRef  `json:"references"`
	Flags []struct {
		Label    string   `json:"label"`
		Date     string   `json:"date"`
		Products []string `json:"product_ids"`
		Groups   []string `json:"group_ids"`
	} `json:"flags"`
	Threats []struct {
		Category string   `json:"category"`
		Details  string   `json:"details"`
		Date     string   `json:"date"`
		Products []string `json:"product_ids"`
		Groups   []string `json:"group_ids"`
	} `json:"threats"`
	Scores []struct {
		Products []string  `json:"products"`
		V2       *wireCVSS `json:"cvss_v2"`
		V3       *wireCVSS `json:"cvss_v3"`
	} `json:"scores"`
	Status struct {
		FirstAffected []string `json:"first_affected"`
		Known         []string `json:"known_affected"`
		LastAffected  []string `json:"last_affected"`
		Not           []string `json:"known_not_affected"`
		FirstFixed    []string `json:"first_fixed"`
		Fixed         []string `json:"fixed"`
		Investigated  []string `json:"under_investigation"`
		Recommended   []string `json:"recommended"`
	} `json:"product_status"`
	Remediations []struct {
		Category string   `json:"category"`
		Details  string   `json:"details"`
		URL      string   `json:"url"`
		Date     string   `json:"date"`
		Products []string `json:"product_ids"`
		Groups   []string `json:"group_ids"`
	} `json:"remediations"`
}

type wireCVSS struct {
	Version  string  `json:"version"`
	Vector   string  `json:"vectorString"`
	Base     float64 `json:"baseScore"`
	Severity string  `json:"baseSeverity"`
}

// Parse reads a CSAF 2.0 document. Errors wrap ErrNotCSAF unless the text is
// too large.
func Parse(data []byte) (Doc, error) {
	d, _, err := read(data)
	return d, err
}

// read reads a document, and gives it also as written.
func read(data []byte) (Doc, *wireDoc, error) {
	var w wireDoc
	d, err := readInto(data, &w)
	return d, &w, err
}

func readInto(data []byte, w *wireDoc) (Doc, error) {
	if len(data) > MaxBytes {
		return Doc{}, fmt.Errorf("a CSAF document of %d bytes is over the limit of %d", len(data), MaxBytes)
	}
	if err := checkDepth(data); err != nil {
		return Doc{}, err
	}
	// These refuse names given twice and bad UTF-8; unknown members pass.
	if err := json.Unmarshal(data, w); err != nil {
		return Doc{}, notCSAF(err)
	}
	if w.Document == nil {
		return Doc{}, fmt.Errorf("%w: it has no /document", ErrNotCSAF)
	}
	d := w.Document
	if d.CSAFVersion != "2.0" {
		return Doc{}, fmt.Errorf("%w: /document/csaf_version is not 2.0", ErrNotCSAF)
	}
	if strings.TrimSpace(d.Tracking.ID) == "" || strings.TrimSpace(d.Title) == "" {
		return Doc{}, fmt.Errorf("%w: it has no tracking id or no title", ErrNotCSAF)
	}
	out := Doc{
		ID: d.Tracking.ID, Title: d.Title, Category: d.Category, Lang: d.Lang, Status: d.Tracking.Status, Version: d.Tracking.Version,
		Publisher: Publisher{d.Publisher.Name, d.Publisher.Category, d.Publisher.Namespace, d.Publisher.ContactDetails},
		Notes:     notes(d.Notes), Refs: refs(d.References),
	}
	var err error
	if out.TLP, err = tlp(d.Distribution.TLP.Label); err != nil {
		return Doc{}, err
	}
	if out.Released, err = date(d.Tracking.Initial, "/document/tracking/initial_release_date"); err != nil {
		return Doc{}, err
	}
	if out.Updated, err = date(d.Tracking.Current, "/document/tracking/current_release_date"); err != nil {
		return Doc{}, err
	}
	if err := out.readTree(w); err != nil {
		return Doc{}, err
	}
	for i := range w.Vulns {
		v, err := readVuln(&w.Vulns[i], i)
		if err != nil {
			return Doc{}, err
		}
		out.Vulns = append(out.Vulns, v)
	}
	return out, nil
}

// checkDepth walks the text without recursion, before anything that recurses.
func checkDepth(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := dec.ReadToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return notCSAF(err)
		}
		if dec.StackDepth() > maxDepth {
			return fmt.Errorf("%w: its nesting is deeper than %d at byte %d", ErrNotCSAF, maxDepth, dec.InputOffset())
		}
	}
}

// notCSAF says where the text fails, without repeating any of its values.
func notCSAF(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: its JSON is wrong at byte %d", ErrNotCSAF, syntax.ByteOffset)
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return fmt.Errorf("%w: the value at byte %d is of another kind than expected", ErrNotCSAF, semantic.ByteOffset)
	}
	return ErrNotCSAF
}

// tlp reads CSAF 2.0's TLP 1 label as TLP 2.0. An unknown one is refused: it
// must never be taken for a laxer one.
func tlp(label string) (string, error) {
	switch label {
	case "":
		return "", nil
	case "WHITE", "CLEAR":
		return "CLEAR", nil
	case "GREEN", "AMBER", "RED":
		return label, nil
	}
	return "", fmt.Errorf("%w: /document/distribution/tlp/label is none of WHITE, GREEN, AMBER, RED", ErrNotCSAF)
}

func date(s, at string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %s is not an RFC 3339 date and time", ErrNotCSAF, at)
	}
	return t.UTC(), nil
}

// readTree lists vendors and products of all three parts of a product tree.
func (d *Doc) readTree(w *wireDoc) error {
	vendors := map[string]bool{}
	add := func(p *wireProduct, of Product) error {
		if len(d.Products) == MaxProducts {
			return fmt.Errorf("%w: it has more than %d products", ErrNotCSAF, MaxProducts)
		}
		of.ID, of.Name, of.CPE, of.PURL = p.ID, p.Name, p.Helper.CPE, p.Helper.PURL
		d.Products = append(d.Products, of)
		return nil
	}
	var walk func([]wireBranch, Product) error
	walk = func(branches []wireBranch, above Product) error {
		for i := range branches {
			b, here := &branches[i], above
			switch b.Category {
			case "vendor":
				here.Vendor = b.Name
				if !vendors[b.Name] {
					vendors[b.Name] = true
					d.Vendors = append(d.Vendors, b.Name)
				}
			case "product_name":
				here.Family = b.Name
			case "product_version", "product_version_range":
				here.Version = b.Name
			}
			if b.Product != nil {
				if err := add(b.Product, here); err != nil {
					return err
				}
			}
			if err := walk(b.Branches, here); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(w.Tree.Branches, Product{}); err != nil {
		return err
	}
	for i := range w.Tree.FullNames {
		if err := add(&w.Tree.FullNames[i], Product{}); err != nil {
			return err
		}
	}
	for i := range w.Tree.Relationships {
		if err := add(&w.Tree.Relationships[i].Product, Product{}); err != nil {
			return err
		}
	}
	return nil
}

func readVuln(w *wireVuln, n int) (Vuln, error) {
	s := &w.Status
	v := Vuln{
		CVE: w.CVE, CWE: w.CWE.ID, CWEName: w.CWE.Name, Title: w.Title, Notes: notes(w.Notes), Refs: refs(w.Refs),
		Affected: merge(s.Known, s.FirstAffected, s.LastAffected), NotAffected: merge(s.Not),
		Fixed: merge(s.Fixed, s.FirstFixed), Unknown: merge(s.Investigated),
	}
	for _, score := range w.Scores {
		for _, c := range []*wireCVSS{score.V3, score.V2} {
			if c != nil {
				v.Scores = append(v.Scores, Score{c.Version, c.Vector, c.Base, c.Severity, score.Products})
			}
		}
	}
	for i, r := range w.Remediations {
		out := Remediation{Category: r.Category, Details: r.Details, URL: r.URL, Products: r.Products}
		if r.Date != "" {
			var err error
			if out.Date, err = date(r.Date, fmt.Sprintf("/vulnerabilities/%d/remediations/%d/date", n, i)); err != nil {
				return Vuln{}, err
			}
		}
		v.Remediations = append(v.Remediations, out)
	}
	return v, nil
}

// merge lists ids once each.
func merge(lists ...[]string) []string {
	var out []string
	seen := map[string]bool{}
	for _, list := range lists {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}

func notes(in []wireNote) (out []Note) {
	for _, n := range in {
		out = append(out, Note(n))
	}
	return out
}

func refs(in []wireRef) (out []Reference) {
	for _, r := range in {
		out = append(out, Reference(r))
	}
	return out
}

package devices

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/udi"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// ProductForm is what is said of a product when it is added or changed.
type ProductForm struct {
	Maker       string // "" = the organization's own name
	Name        string
	Models      []string
	Description string
	UDIs        []string // device identifiers; production identifiers are refused
	Catalog     string
	GMDN        []string // codes of five digits
	Codes       []string // FDA product codes, three letters
	Class       string   // 1, 2, 3 or ""
	Premarket   []string // K, DEN, P and H numbers
	Essential   string
	Connectors  []string
	Software    bool
	Vulnerable  bool
	Sustaining  bool
	Implantable bool

	Stage     Stage  // on adding; "" = support. Later it is moved: see [Devices.MoveStage]
	EOL       string // YYYY-MM-DD or ""
	EOS       string
	Announced string

	Label policy.Label // on adding; the zero label is AMBER+STRICT to the own organization. Later: see [Devices.RelabelProduct]
	Key   string       // on adding: idempotency key, may be ""
}

// Form is what a product's form shows.
func (p Product) Form() ProductForm {
	return ProductForm{Maker: p.Maker, Name: p.Name, Models: p.Models, Description: p.Description, UDIs: p.UDIs, Catalog: p.Catalog, GMDN: p.GMDN, Codes: p.Codes, Class: p.Class,
		Premarket: p.Premarket, Essential: p.Essential, Connectors: p.Connectors, Software: p.Software, Vulnerable: p.Vulnerable, Sustaining: p.Sustaining, Implantable: p.Implantable,
		Stage: p.Stage, EOL: p.EOL, EOS: p.EOS, Announced: p.Announced, Label: p.Label}
}

// The limits of what one may say of a product, in characters or entries.
const (
	MaxName      = 200
	MaxModel     = 120
	MaxText      = 4000
	MaxModels    = 500
	MaxUDIs      = 1000
	MaxCodes     = 50
	MaxVersions  = 2000
	MaxAliases   = 100
	MaxDocuments = 200
)

var (
	gmdnCode = regexp.MustCompile(`^[0-9]{5}$`)
	fdaCode  = regexp.MustCompile(`^[A-Z]{3}$`)
	// 510(k), De Novo, PMA with its supplement, humanitarian device exemption.
	premarketNumber = regexp.MustCompile(`^(K[0-9]{6}|DEN[0-9]{6}|P[0-9]{6}(/S[0-9]{1,4})?|H[0-9]{6}(/S[0-9]{1,4})?)$`)
	// A printed UDI of GS1 with a lot, a date or a serial number after its (01).
	printedUDI = regexp.MustCompile(`\(01\)[^\n]*\((10|11|15|16|17|21|235|240)\)`)
	// What begins like a UDI: printed or scanned of GS1, of HIBCC with its second
	// part, of ICCBBA. A telephone number does not.
	likeUDI = regexp.MustCompile(`^(\][A-Za-z]\d)?(\(\d\d\)[A-Za-z0-9]{4}|01\d{14}\d|\*?\+([A-Za-z][A-Za-z0-9]{4,22}/|\$\$?[A-Za-z0-9]{4})|=[/,<>{][A-Za-z0-9]{6}|&,1[A-Za-z0-9]{5})`)
)

// checked checks a form and gives the product that it describes, without ids,
// times and label.
func (f ProductForm) checked(p *check.Problems) (d Product) {
	d.Maker = p.Line("maker", "The maker", f.Maker, MaxName, true)
	d.Name = p.Line("name", "The name", f.Name, MaxName, true)
	if d.Name != "" && names.Fold(d.Name) == "" {
		p.Add("name", "The name has no letter and no digit.")
	}
	if d.Maker != "" && names.Fold(d.Maker) == "" {
		p.Add("maker", "The maker's name has no letter and no digit.")
	}
	d.Models = lines(p, "models", "A model", f.Models, MaxModel, MaxModels)
	d.Description = p.Text("description", "The description", f.Description, MaxText, false)
	for _, s := range f.UDIs {
		if di := checkedUDI(p, "udis", s); di != "" && !slices.Contains(d.UDIs, di) {
			d.UDIs = append(d.UDIs, di)
		}
	}
	if len(d.UDIs) > MaxUDIs {
		p.Add("udis", "At most %d device identifiers fit.", MaxUDIs)
	}
	d.Catalog = p.Line("catalog", "The catalog number", f.Catalog, MaxModel, false)
	d.GMDN = codes(p, "gmdn", f.GMDN, gmdnCode, "is no GMDN code: it has five digits")
	d.Codes = codes(p, "codes", f.Codes, fdaCode, "is no FDA product code: it has three letters")
	d.Premarket = codes(p, "premarket", f.Premarket, premarketNumber, "is no premarket number: write K, DEN, P or H and six digits, and a supplement as P123456/S001")
	d.Class = f.Class
	if f.Class != "" {
		p.OneOf("class", "The class", f.Class, "1", "2", "3")
	}
	d.Essential = p.Text("essential", "The essential performance", f.Essential, MaxText, false)
	for _, c := range f.Connectors {
		if !slices.Contains(Connectors(), c) {
			p.Add("connectors", "%q is no way to connect that is known. Choose from %s.", cut(c, 40), strings.Join(Connectors(), ", "))
		} else if !slices.Contains(d.Connectors, c) {
			d.Connectors = append(d.Connectors, c)
		}
	}
	d.Software, d.Vulnerable, d.Sustaining, d.Implantable = f.Software, f.Vulnerable, f.Sustaining, f.Implantable
	if d.Stage = f.Stage; d.Stage == "" {
		d.Stage = Support
	}
	if !slices.Contains(Stages(), d.Stage) {
		p.Add("stage", "The stage must be one of development, support, limited_support, eos, decommissioned.")
	}
	d.EOL = day(p, "eol", "The end of life", f.EOL)
	d.EOS = day(p, "eos", "The end of support", f.EOS)
	d.Announced = day(p, "announced", "The day of the announcement", f.Announced)
	if d.Announced != "" && d.EOS == "" {
		p.Add("eos", "Say which end of support was announced.")
	}
	for _, t := range []struct{ field, text string }{{"name", d.Name}, {"models", strings.Join(d.Models, "\n")}, {"description", d.Description}, {"catalog", d.Catalog}, {"essential", d.Essential}} {
		noProduction(p, t.field, t.text)
	}
	return d
}

// noProduction refuses texts that hold what identifies a single unit or lot
// a UDI, printed or scanned, with more than its device identifier.
func noProduction(p *check.Problems, field, s string) {
	found := printedUDI.MatchString(s)
	for _, w := range strings.Fields(s) {
		if w = strings.Trim(w, `"'.,;`); found || !likeUDI.MatchString(w) {
			continue
		}
		_, err := udi.Parse(w)
		found = err != nil && strings.Contains(err.Error(), "is a production identifier")
	}
	if found {
		p.Add(field, "This holds a lot or serial number, or a date of production. Those have no place here: give the device identifier only.")
	}
}

func lines(p *check.Problems, field, what string, in []string, max, most int) (out []string) {
	for _, s := range in {
		if s = p.Line(field, what, s, max, false); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) > most {
		p.Add(field, "%d were given; at most %d fit.", len(out), most)
	}
	return out
}

func codes(p *check.Problems, field string, in []string, form *regexp.Regexp, wrong string) (out []string) {
	for _, s := range in {
		if s = strings.ToUpper(strings.TrimSpace(s)); s == "" || slices.Contains(out, s) {
			continue
		}
		if !form.MatchString(s) {
			p.Add(field, "%q %s.", cut(s, 40), wrong)
			continue
		}
		out = append(out, s)
	}
	if len(out) > MaxCodes {
		p.Add(field, "%d were given; at most %d fit.", len(out), MaxCodes)
	}
	return out
}

// keeper is for whom the viewer keeps products: the own organization as the maker,
// or, for the desk, makers that are no members.
type keeper struct {
	org  string // the maker's organization, or ""
	kept string
	name string // of the own organization
}

// MayAddProducts reports whether the viewer may add products: a named recipient of
// a manufacturer or vendor, or of the desk's organization.
func (x *Devices) MayAddProducts(v *db.View) bool {
	_, err := x.keeper(v)
	return err == nil
}

func (x *Devices) keeper(v *db.View) (k keeper, err error) {
	who := v.Viewer()
	if !who.May(policy.MayPost) || !who.SignedIn() {
		return k, fault.Forbiddenf("You may not add products.")
	}
	if err := recipient(who); err != nil {
		return k, err
	}
	switch {
	case who.Kind == policy.Manufacturer || who.Kind == policy.Vendor:
		return keeper{who.Org, who.Org, who.OrgName}, nil
	case who.May(policy.MayTriage):
		return keeper{"", who.Org, who.OrgName}, nil
	}
	return k, fault.Forbiddenf("Manufacturers and vendors keep their own products; the desk keeps those of makers that are no members.")
}

// recipient says whether the viewer acts for the own organization: what belongs to
// it is for its named recipients.
func recipient(who policy.Viewer) error {
	if !who.Principals().Has(policy.OfOrg(who.Org)) {
		return fault.Forbiddenf("You are not a named recipient of your organization. Ask its officer.")
	}
	return nil
}

// MayChange reports whether the viewer may change a product, its versions, aliases,
// documents and stage: a named recipient of the organization that keeps it.
func (x *Devices) MayChange(v *db.View, p Product) bool { return x.mayChange(v, p) == nil }

func (x *Devices) mayChange(v *db.View, p Product) error {
	who := v.Viewer()
	if !who.May(policy.MayPost) || !who.SignedIn() {
		return fault.Forbiddenf("You may not change products.")
	}
	if who.Org != p.Kept {
		return fault.Forbiddenf("This product is kept by another organization. Only it changes it.")
	}
	if p.Org == "" && !who.May(policy.MayTriage) {
		return fault.Forbiddenf("Products of makers that are no members are kept by the desk.")
	}
	return recipient(who)
}

// others are the members that keep their products themselves, by the folded names of
// makers, without the viewer's own organization.
func (x *Devices) others(v *db.View) (map[string]string, error) {
	all, err := x.members.Makers(v)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for id, name := range all {
		if id != v.Viewer().Org {
			out[names.Vendor(name)] = name
		}
	}
	return out, nil
}

// notAnothers refuses a maker that is another member.
func notAnothers(p *check.Problems, others map[string]string, maker string) {
	if name, ok := others[names.Vendor(maker)]; ok {
		p.Add("maker", "%s is a member and keeps its products itself.", name)
	}
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

package matching

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/vulns"
)

// Verdict is what a rule says of a subject and a claim.
type Verdict string

// The verdicts. There is none for "not affected because nothing matched".
const (
	Affected      Verdict = "affected"
	Investigating Verdict = "under_investigation"
	Person        Verdict = "needs a person"
	Cleared       Verdict = "cleared" // the source names this very version as not affected or fixed
)

// How is by what a subject was recognized, the surest first.
type How string

// The ways to recognize a subject (R-084: exact identifier, model and version, alias).
const (
	ByPURL  How = "package URL"
	ByCPE   How = "CPE"
	ByUDI   How = "device identifier"
	ByName  How = "name"
	ByModel How = "model"
	ByAlias How = "alias"
)

// judged is a claim's answer about one subject.
type judged struct {
	verdict Verdict
	how     How
	why     string
}

// part is a component, taken apart once for all claims on it.
type part struct {
	devices.Part
	u    purl.PURL
	key  string // of u; "" = it has no package URL
	what string // for the reason
}

func partOf(p devices.Part) *part {
	out := &part{Part: p, what: strings.TrimSpace(p.Name + " " + p.Version)}
	if p.PURL != "" {
		if u, err := purl.Parse(p.PURL); err == nil {
			out.u, out.key = u, u.Key()
		}
	}
	return out
}

// judgePart compares a component with a claim that was looked up by one of its keys.
// ok is false if the claim is about something else.
func judgePart(p *part, c vulns.Claim) (j judged, ok bool) {
	what, u, version := p.what, p.u, p.Version
	switch {
	case c.Kind == vuln.PURL:
		if p.key == "" || p.key != c.Key {
			return j, false
		}
		if u.Version != "" {
			version = u.Version
			if e := u.Qualifiers["epoch"]; e != "" && e != "0" && u.Type == "rpm" { // sources write it before the version
				version = e + ":" + version
			}
		}
		j.how = ByPURL
		if c.Release != "" {
			switch distro := u.Distro(); {
			case distro == "":
				return judged{Person, ByPURL, fmt.Sprintf("%s is named for release %s of its distribution, and the package URL does not say which release this is.", what, c.Release)}, true
			case !sameRelease(distro, c.Release):
				return j, false
			}
		}
	case c.Kind == vuln.CPE && c.Key != "" && hasCPE(p, c, &version):
		j.how = ByCPE
	case c.Kind == vuln.CPE || c.Kind == vuln.Name:
		// By name, which is for parts that have no better identifier.
		if c.Kind == vuln.CPE && len(p.CPE) > 0 {
			return j, false
		}
		vendor, product := vendorOf(c)
		if names.Fold(product) == "" || names.Fold(product) != names.Fold(p.Name) {
			return j, false
		}
		j.how = ByName
		switch agree(vendor, product, p, u) {
		case no:
			return j, false
		case perhaps:
			j, ok := inVersion(j, c, p, what, version)
			if ok && j.verdict != Cleared {
				j.verdict = Person
				j.why = fmt.Sprintf("%s is called like %s, and it is not said on both sides who makes it. The source names %s.", what, strings.TrimSpace(vendor+" "+product), rangeWords(c))
			}
			return j, ok && j.verdict == Person
		}
	default:
		return j, false
	}
	return inVersion(j, c, p, what, version)
}

// inVersion asks whether the version of a component is in the claim's range.
func inVersion(j judged, c vulns.Claim, p *part, what, version string) (judged, bool) {
	if version == "" {
		return judged{Person, j.how, fmt.Sprintf("The SBOM gives no version of %s. The source names %s.", p.Name, rangeWords(c))}, true
	}
	return inRange(j, c, what, version, nil)
}

// inRange asks whether the version, or any model, is in the claim's range.
func inRange(j judged, c vulns.Claim, what, version string, models []string) (judged, bool) {
	verdict, reason := vers.Unknown, "the version is not known"
	if version != "" || c.Range.All {
		verdict, reason = c.Range.Contains(version)
	}
	for _, m := range models { // advisories list models where others have versions
		if verdict == vers.Inside {
			break
		}
		if slices.ContainsFunc(c.Range.Exact, func(e string) bool { return names.Fold(e) == names.Fold(m) }) {
			verdict, reason = vers.Inside, "the model "+m+" is in the list"
		}
	}
	if verdict == vers.Unknown && version != "" && slices.ContainsFunc(c.Range.Plain, func(e string) bool { return names.Fold(e) == names.Fold(version) }) {
		verdict, reason = vers.Inside, version+" is named in these words"
	}
	if verdict == vers.Outside {
		return j, false
	}
	found := fmt.Sprintf("found by its %s", j.how)
	if verdict == vers.Unknown {
		j.verdict = Person
		j.why = fmt.Sprintf("%s, %s: the source names %s, and no rule can tell whether that is this one (%s).", what, found, rangeWords(c), reason)
		return j, c.Status != vuln.NotAffected && c.Status != vuln.Fixed // a word that helps nobody
	}
	switch c.Status {
	case vuln.Affected, "":
		j.verdict = Affected
		j.why = fmt.Sprintf("%s, %s: %s is affected; %s.", what, found, rangeWords(c), reason)
	case vuln.Investigating:
		j.verdict = Investigating
		j.why = fmt.Sprintf("%s, %s: %s is being looked into; %s.", what, found, rangeWords(c), reason)
	default:
		j.verdict = Cleared
		j.why = fmt.Sprintf("%s, %s: the source says that %s is %s.", what, found, rangeWords(c), strings.ReplaceAll(c.Status, "_", " "))
	}
	return j, true
}

// rangeWords is the claim's range as a person reads it.
func rangeWords(c vulns.Claim) string {
	if len(c.Range.Plain) > 0 {
		return "“" + strings.Join(c.Range.Plain, "”, “") + "”"
	}
	if s := c.Range.String(); s != "" {
		return s
	}
	return "no versions"
}

// hasCPE reports whether the component has the CPE of the claim. The version is then
// the one of that CPE, if it says one.
func hasCPE(p *part, c vulns.Claim, version *string) bool {
	for _, s := range p.CPE {
		have, err := cpe.Parse(s)
		if err != nil || have.Key() != c.Key {
			continue
		}
		if want, err := cpe.Parse(c.CPE); err == nil && c.CPE != "" && (differ(want.TargetSW, have.TargetSW) || differ(want.TargetHW, have.TargetHW) || differ(want.SwEdition, have.SwEdition)) {
			continue
		}
		if v := have.Version; v != "*" && v != "-" && v != "" {
			if *version = v; have.Update != "*" && have.Update != "-" && have.Update != "" {
				*version += have.Update
			}
		}
		return true
	}
	return false
}

// differ reports whether two fields of CPEs both say something, and not the same.
func differ(a, b string) bool {
	open := func(s string) bool { return s == "" || s == "*" || s == "-" }
	return !open(a) && !open(b) && !strings.EqualFold(a, b)
}

func vendorOf(c vulns.Claim) (vendor, product string) {
	vendor, product = c.Vendor, c.Product
	if c.Kind == vuln.CPE {
		if part := strings.SplitN(c.Key, ":", 4); len(part) == 4 {
			vendor, product = part[2], part[3]
		}
	}
	return strings.ReplaceAll(vendor, "_", " "), strings.ReplaceAll(product, "_", " ")
}

type agreement int

const (
	no agreement = iota
	perhaps
	yes
)

// common are words in names of firms and projects that tell nothing about which.
var common = map[string]bool{"software": true, "foundation": true, "project": true, "group": true, "systems": true, "technologies": true, "technology": true, "team": true, "community": true,
	"open": true, "source": true, "international": true, "the": true, "of": true, "and": true, "solutions": true, "labs": true, "international business": true}

// agree reports whether the vendor of a claim can be who supplies the component.
// Makers of one well-known product are often called like it (openssl:openssl), and
// then the product's name says enough; not so of a package of an ecosystem, where
// anybody may take a name. Such a package is known by its package URL, and by its name
// only if it says itself who supplies it, and a distribution's never: its versions
// hold corrections that their numbers do not tell.
func agree(vendor, product string, p *part, u purl.PURL) agreement {
	v := names.Vendor(vendor)
	if v == "n a" {
		v = ""
	}
	who := p.Supplier
	switch {
	case u.Type == "deb" || u.Type == "rpm" || u.Type == "apk" || u.Type == "alpm":
		return no
	case u.Ecosystem() != "" && u.Type != "github": // that names a place, whose owner says little
		if v == "" || who == "" {
			return no
		}
	default:
		if who == "" {
			who = cmp.Or(u.Namespace, p.Group)
		}
		switch {
		case v == "":
			return perhaps
		case v == names.Fold(product):
			return yes
		case who == "":
			return perhaps
		}
	}
	w := names.Vendor(who)
	if v == w || strings.HasPrefix(v, w+" ") || strings.HasPrefix(w, v+" ") {
		return yes
	}
	words := strings.Fields(w)
	for _, t := range strings.Fields(v) {
		if !common[t] && len(t) > 2 && slices.Contains(words, t) {
			return yes
		}
	}
	return no
}

// sameRelease compares a distribution's release as a package URL has it
// ("debian-11", "alpine-3.18.4") with one of a claim ("11", "v3.18").
func sameRelease(distro, release string) bool {
	if i := strings.LastIndexByte(distro, '-'); i >= 0 {
		distro = distro[i+1:]
	}
	release = strings.TrimPrefix(release, "v")
	distro = strings.TrimPrefix(distro, "v")
	return distro == release || strings.HasPrefix(distro, release+".") || strings.HasPrefix(release, distro+":")
}

// device is what is compared with claims about devices.
type device struct {
	what    string // for the reason: maker, name and version
	version string
	models  []string
}

// judgeDevice compares a device with a claim that was looked up by one of its names.
func judgeDevice(d device, how How, c vulns.Claim) (judged, bool) {
	if c.Kind == vuln.PURL {
		return judged{}, false
	}
	return inRange(judged{how: how}, c, d.what, d.version, d.models)
}

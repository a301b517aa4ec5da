package purl

import "strings"

// byType names the OSV ecosystem of the types that have one of their own.
var byType = map[string]string{
	"bitnami": "Bitnami", "brew": "Homebrew", "cargo": "crates.io", "composer": "Packagist",
	"conan": "ConanCenter", "cran": "CRAN", "gem": "RubyGems", "github": "GitHub Actions",
	"golang": "Go", "hackage": "Hackage", "hex": "Hex", "julia": "Julia", "maven": "Maven",
	"npm": "npm", "nuget": "NuGet", "opam": "opam", "pub": "Pub", "pypi": "PyPI",
	"swift": "SwiftURL", "bioconductor": "Bioconductor", "vscode-extension": "VSCode",
}

// byDistro names the OSV ecosystem of "type/namespace" for distributions.
var byDistro = map[string]string{
	"deb/debian": "Debian", "deb/ubuntu": "Ubuntu", "deb/echo": "Echo",
	"apk/alpine": "Alpine", "apk/wolfi": "Wolfi", "apk/chainguard": "Chainguard",
	"apk/alpaquita": "Alpaquita", "apk/minimos": "MinimOS",
	"apk/bellsoft-hardened-containers": "BellSoft Hardened Containers",
	"rpm/almalinux":                    "AlmaLinux", "rpm/redhat": "Red Hat", "rpm/rocky-linux": "Rocky Linux",
	"rpm/suse": "SUSE", "rpm/opensuse": "openSUSE", "rpm/mageia": "Mageia",
	"rpm/openeuler": "openEuler", "rpm/azurelinux": "Azure Linux",
}

// namespaceAlias gives the namespace that OSV uses for those that SBOM tools
// write otherwise.
var namespaceAlias = map[string]string{
	"rpm/rocky": "rocky-linux", "rpm/rockylinux": "rocky-linux", "rpm/rhel": "redhat",
	"rpm/red-hat": "redhat", "rpm/alma": "almalinux", "rpm/opensuse-leap": "opensuse",
	"rpm/opensuse-tumbleweed": "opensuse", "rpm/sles": "suse", "rpm/azl": "azurelinux",
}

// toType and toDistro are the tables above, the other way round.
var toType, toDistro = invert(byType), invert(byDistro)

func invert(m map[string]string) map[string]string {
	n := make(map[string]string, len(m))
	for k, v := range m {
		n[v] = k
	}
	return n
}

// Ecosystem is the name that OSV has for the package's ecosystem, without a
// release; "" where OSV has none (generic parts, types it does not know).
func (p PURL) Ecosystem() string {
	if e := byType[p.Type]; e != "" {
		return e
	}
	namespace := p.Namespace
	if a := namespaceAlias[p.Type+"/"+namespace]; a != "" {
		namespace = a
	}
	return byDistro[p.Type+"/"+namespace]
}

// codenames are the releases that distributions also call by a word.
var codenames = map[string]string{
	"debian/wheezy": "7", "debian/jessie": "8", "debian/stretch": "9", "debian/buster": "10",
	"debian/bullseye": "11", "debian/bookworm": "12", "debian/trixie": "13", "debian/forky": "14",
	"ubuntu/trusty": "14.04", "ubuntu/xenial": "16.04", "ubuntu/bionic": "18.04",
	"ubuntu/focal": "20.04", "ubuntu/jammy": "22.04", "ubuntu/noble": "24.04",
}

// Distro is the distribution and release that the qualifiers name, in lower
// case: "debian-11" from distro=debian-11, distro=bullseye or distro=11; "" if
// they name none.
func (p PURL) Distro() string {
	d := lower(strings.TrimSpace(p.Qualifiers["distro"]))
	if d == "" {
		return ""
	}
	name := p.Namespace
	if before, after, ok := strings.Cut(d, "-"); ok && after != "" {
		if n := codenames[before+"/"+after]; n != "" {
			return before + "-" + n
		}
		return d
	}
	if n := codenames[name+"/"+d]; n != "" {
		return name + "-" + n
	}
	if d[0] >= '0' && d[0] <= '9' && name != "" {
		return name + "-" + d
	}
	return d
}

// Release is the release alone: "11" of "debian-11"; "" if the qualifiers name
// none. It compares with what FromOSV gives.
func (p PURL) Release() string {
	d := p.Distro()
	i := strings.LastIndexByte(d, '-')
	if d == "" || i < 0 {
		return ""
	}
	return release(p.Ecosystem(), d[i+1:])
}

// FromOSV gives the key of a package as OSV names it, and the distribution's
// release if the ecosystem names one ("Debian:11" gives "11"; Alpine's and
// Ubuntu's are cut to two numbers). It is not ok for ecosystems whose names are
// no packages.
func FromOSV(ecosystem, name string) (key, rel string, ok bool) {
	if name == "" || len(name) > maxBytes || len(ecosystem) > maxBytes {
		return "", "", false
	}
	eco, suffix, _ := strings.Cut(ecosystem, ":")
	p := PURL{Name: name}
	switch {
	case toDistro[eco] != "":
		p.Type, p.Namespace, _ = strings.Cut(toDistro[eco], "/")
		rel = release(eco, suffix)
	case eco == "Maven":
		p.Type = "maven"
		p.Namespace, p.Name, ok = strings.Cut(name, ":")
		if !ok {
			return "", "", false
		}
	case eco == "OSS-Fuzz" || eco == "GHC":
		p.Type = "generic"
	case eco == "kubernetes":
		// Its ranges count Kubernetes releases; only that module does so too.
		p.Type = "generic"
		if name == "k8s.io/kubernetes" {
			p.Type = "golang"
		}
		p.splitName()
	case toType[eco] != "":
		p.Type = toType[eco]
		if typeRules[p.Type]&noNamespace == 0 {
			if p.Type == "swift" {
				p.Name = strings.TrimSuffix(strings.TrimPrefix(p.Name, "https://"), ".git")
			}
			p.splitName()
		}
	default:
		return "", "", false
	}
	if p.Type == "julia" { // OSV names the package without its uuid, and the key has none
		return p.Key(), rel, checkText(name) == nil
	}
	p, err := Canonical(p)
	if err != nil {
		return "", "", false
	}
	return p.Key(), rel, true
}

// splitName takes what is before the last slash as the namespace.
func (p *PURL) splitName() {
	if i := strings.LastIndexByte(p.Name, '/'); i >= 0 {
		p.Namespace, p.Name = p.Name[:i], p.Name[i+1:]
	}
}

// release brings a release to the form in which SBOMs and OSV can be compared:
// major and minor for Alpine and Ubuntu, else the major number.
func release(ecosystem, s string) string {
	keep := 1
	if ecosystem == "Alpine" || ecosystem == "Ubuntu" {
		keep = 2
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ':' || r == ' ' || r == '-' }) {
		part = strings.TrimPrefix(part, "v")
		if part == "" || part[0] < '0' || part[0] > '9' {
			continue // Ubuntu:Pro:18.04:LTS, Red Hat:enterprise_linux:8::appstream
		}
		if ecosystem == "openSUSE" || ecosystem == "SUSE" || ecosystem == "openEuler" {
			return part
		}
		numbers := strings.Split(part, ".")
		return strings.Join(numbers[:min(keep, len(numbers))], ".")
	}
	return lower(strings.TrimSpace(s))
}

package devices

import (
	"time"

	"github.com/cordon-isao/cordon/policy"
)

// Product is a medical device as its maker, or the desk, describes it (domain §8,
// Device). It is not a unit: serial and lot numbers have no place here.
type Product struct {
	ID       string
	At       time.Time
	Changed  time.Time
	Revision int64
	Org      string // the maker's organization; "" if the maker is not a member
	Kept     string // the organization that keeps this record
	Label    policy.Label

	Maker       string // as written
	Name        string // brand name
	Models      []string
	Description string
	UDIs        []string // device identifiers (DI), of any agency
	Catalog     string
	GMDN        []string // codes
	Codes       []string // FDA product codes
	Class       string   // 1, 2, 3, or "" if not known
	Premarket   []string // K, DEN, P and H numbers
	Essential   string   // essential performance, in the maker's words
	Connectors  []string // of Connectors
	Software    bool     // it has software that its maker validated, installed or authorized
	Vulnerable  bool     // it has characteristics that could be vulnerable to threats
	Sustaining  bool     // life-supporting or life-sustaining
	Implantable bool

	Stage     Stage
	EOL       string // end of life, YYYY-MM-DD, or ""
	EOS       string // end of support
	Announced string // when the end of support was announced

	Source    string // typed, csv, gudid or csaf
	SourceRef string // of that source: a file's name, a GUDID key, a tracking id
}

// Connectors are the ways in which a device can be connected; each of them is, by
// FDA's reading, an ability to connect to the internet (R-033; premarket guidance 2026,
// section on 524B).
func Connectors() []string {
	return []string{"wifi", "bluetooth", "cellular", "ethernet", "usb", "serial", "radio", "inductive", "cloud"}
}

// Cyber reports whether the product is a cyber device: software, an ability to
// connect, and characteristics that could be vulnerable, all three (R-033; FD&C Act
// §524B(c)).
func (p Product) Cyber() bool { return p.Software && len(p.Connectors) > 0 && p.Vulnerable }

// Title is how the product is called where its maker must be told too.
func (p Product) Title() string { return p.Maker + " " + p.Name }

// Version is a version of a product that was released.
type Version struct {
	ID       string
	Product  string
	At       time.Time
	Name     string
	Released string // YYYY-MM-DD, or ""
	EOS      string // end of support of this version
	UDI      string // its own device identifier, if it has one
	Note     string
}

// Alias is another name of a product, with its provenance: where it is known from.
type Alias struct {
	ID      string
	Product string
	At      time.Time
	Maker   string
	Name    string
	Why     string
}

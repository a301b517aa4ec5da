package vex

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The statuses of a product.
const (
	NotAffected   = "not_affected"
	Affected      = "affected"
	Fixed         = "fixed"
	Investigating = "under_investigation"
)

// Statuses are all statuses.
func Statuses() []string { return []string{NotAffected, Affected, Fixed, Investigating} }

// Justifications are the reasons why a product is not affected; OpenVEX and
// CSAF have the same five (CISA, "Vulnerability Exploitability eXchange Status
// Justifications", 2022).
func Justifications() []string {
	return []string{
		"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
	}
}

// Statement says whether products are affected by a vulnerability.
type Statement struct {
	Vulnerability string    `json:"vulnerability"` // CVE-…, GHSA-…
	Aliases       []string  `json:"aliases,omitempty"`
	Products      []Product `json:"products"`
	Status        string    `json:"status"`
	Justification string    `json:"justification,omitempty"` // one of Justifications, of not_affected
	Impact        string    `json:"impact,omitempty"`        // why not affected, in words
	Action        string    `json:"action,omitempty"`        // what to do, of affected
	Notes         string    `json:"notes,omitempty"`
	At            time.Time `json:"at,omitzero"` // when it was said, or last changed
	Author        string    `json:"author,omitempty"`
}

// Product is what a statement is about: at least one of ID, PURL, CPE, Name or
// Ref says which.
type Product struct {
	Ref     string `json:"ref,omitempty"` // within its document: a bom-ref, a product_id
	ID      string `json:"id,omitempty"`  // an IRI, as OpenVEX has it
	PURL    string `json:"purl,omitempty"`
	CPE     string `json:"cpe,omitempty"`
	Vendor  string `json:"vendor,omitempty"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`

	// Part is a part of the product, by package URL, CPE name or id, to which
	// alone the statement applies: of the product as a whole it says nothing.
	Part string `json:"part,omitempty"`
}

// Limits of one statement.
const (
	MaxText     = 32 << 10 // bytes of a text
	MaxProducts = 10_000
	MaxAliases  = 200
)

// Check tells what is wrong with a statement (OpenVEX v0.2.0; CSAF 2.0 §4.5):
// not_affected needs a justification or an impact, affected needs an action.
func (s Statement) Check() error {
	switch {
	case strings.TrimSpace(s.Vulnerability) == "":
		return fmt.Errorf("a statement names no vulnerability")
	case !slices.Contains(Statuses(), s.Status):
		return fmt.Errorf("the statement on %s has the status %q, which is none of %s", s.Vulnerability, s.Status, strings.Join(Statuses(), ", "))
	case len(s.Products) == 0:
		return fmt.Errorf("the statement on %s names no product", s.Vulnerability)
	case len(s.Products) > MaxProducts:
		return fmt.Errorf("the statement on %s names %d products; the limit is %d", s.Vulnerability, len(s.Products), MaxProducts)
	case len(s.Aliases) > MaxAliases:
		return fmt.Errorf("the statement on %s has %d aliases; the limit is %d", s.Vulnerability, len(s.Aliases), MaxAliases)
	case s.Justification != "" && !slices.Contains(Justifications(), s.Justification):
		return fmt.Errorf("the statement on %s has the justification %q, which is none of %s", s.Vulnerability, s.Justification, strings.Join(Justifications(), ", "))
	case s.Justification != "" && s.Status != NotAffected:
		return fmt.Errorf("the statement on %s has a justification; only a product that is not affected has one", s.Vulnerability)
	case s.Status == NotAffected && s.Justification == "" && strings.TrimSpace(s.Impact) == "":
		return fmt.Errorf("the statement on %s says not affected without saying why: give a justification or an impact statement", s.Vulnerability)
	case s.Status == Affected && strings.TrimSpace(s.Action) == "":
		return fmt.Errorf("the statement on %s says affected without saying what to do: give an action statement", s.Vulnerability)
	}
	for i, p := range s.Products {
		if p == (Product{Vendor: p.Vendor, Version: p.Version, Part: p.Part}) {
			return fmt.Errorf("product %d of the statement on %s has no identifier and no name", i+1, s.Vulnerability)
		}
	}
	for _, text := range []struct{ name, value string }{{"impact", s.Impact}, {"action", s.Action}, {"notes", s.Notes}} {
		if len(text.value) > MaxText {
			return fmt.Errorf("the %s of the statement on %s has %d bytes; the limit is %d", text.name, s.Vulnerability, len(text.value), MaxText)
		}
	}
	return nil
}

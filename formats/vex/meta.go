package vex

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Meta is what a document says of itself.
type Meta struct {
	ID        string    // within the namespace, or an IRI
	Author    string    // who says it
	Role      string    // what the author is: vendor, coordinator, …
	Namespace string    // the author's own https URL
	At        time.Time // of this version
	Version   int       // from 1
	TLP       string    // CLEAR, GREEN, AMBER, AMBER+STRICT, RED or empty

	// History is when the versions before this one were made, the first first;
	// only CSAF tells it. Versions that are missing have this one's time.
	History []time.Time
}

// Limits of a document.
const (
	MaxBytes      = 15 << 20 // CSAF 2.0 §C.1
	MaxStatements = 100_000
	maxNamed      = 200_000 // products of all statements of a document
)

var labels = []string{"", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}

func (m Meta) check() error {
	switch u, err := url.Parse(m.Namespace); {
	case strings.TrimSpace(m.ID) == "" || strings.TrimSpace(m.Author) == "":
		return fmt.Errorf("a VEX document needs an id and an author")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Errorf("the namespace of a VEX document must be an https URL")
	case m.At.IsZero() || m.At.Year() > 9999:
		return fmt.Errorf("a VEX document needs a time")
	case m.Version < 1 || m.Version > 10_000:
		return fmt.Errorf("the version of a VEX document must be from 1 to 10,000, and is %d", m.Version)
	case len(m.History) >= m.Version:
		return fmt.Errorf("the VEX document of version %d has a history of %d versions before it", m.Version, len(m.History))
	case !slices.Contains(labels, m.TLP):
		return fmt.Errorf("the VEX document's label is none of CLEAR, GREEN, AMBER, AMBER+STRICT, RED")
	}
	return nil
}

// checkAll checks statements as a document's.
func checkAll(m Meta, statements []Statement) error {
	if err := m.check(); err != nil {
		return err
	}
	return checkStatements(m.Author, statements)
}

func checkStatements(author string, statements []Statement) error {
	if len(statements) == 0 {
		return fmt.Errorf("a VEX document needs a statement")
	}
	if len(statements) > MaxStatements {
		return fmt.Errorf("the VEX document has %d statements; the limit is %d", len(statements), MaxStatements)
	}
	named := 0
	for i, s := range statements {
		if err := s.Check(); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
		if s.Author != "" && s.Author != author {
			return fmt.Errorf("statement %d, on %s, is another author's than the document; a document has one author", i+1, s.Vulnerability)
		}
		if s.At.Year() > 9999 {
			return fmt.Errorf("statement %d, on %s, has a time that cannot be written", i+1, s.Vulnerability)
		}
		if named += len(s.Products); named > maxNamed {
			return fmt.Errorf("the VEX document names more than %d products", maxNamed)
		}
	}
	return nil
}

// stamp writes a time in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func readTime(s, at string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not an RFC 3339 date and time", at)
	}
	return t.UTC(), nil
}

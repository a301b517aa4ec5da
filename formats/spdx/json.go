package spdx

import (
	"errors"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

// jsonReader reads SPDX 2 and 3 in JSON.
type jsonReader struct {
	core
	*scan.JSON
	three *graph // SPDX 3
}

func readJSON(in io.Reader, c core) (sbom.Document, error) {
	r := &jsonReader{core: c}
	r.JSON = scan.NewJSON(in, scan.Limits{Bytes: c.lim.Bytes, Depth: c.lim.Depth, Text: c.lim.Text},
		"spdxVersion", "name", "documentNamespace", "creationInfo", "created", "creators", "packages", "relationships",
		"documentDescribes", "versionInfo", "supplier", "originator", "checksums", "algorithm", "checksumValue", "externalRefs",
		"referenceType", "referenceLocator", "licenseConcluded", "licenseDeclared", "primaryPackagePurpose", "validUntilDate",
		"spdxElementId", "relatedSpdxElement", "relationshipType", "@context", "@graph", "software_packageVersion",
		"software_packageUrl", "suppliedBy", "originatedBy", "externalIdentifier", "verifiedUsing")
	r.fail = r.Errorf
	r.document = "SPDXRef-DOCUMENT"
	if r.Kind() != '{' && r.Kind() != 0 {
		return sbom.Document{}, errors.New("the document is JSON, but no object: SPDX is one")
	}
	if err := r.Object(r.top); err != nil {
		return sbom.Document{}, err
	}
	if err := r.End(); err != nil {
		return sbom.Document{}, err
	}
	if r.three != nil {
		if err := r.three.finish(); err != nil {
			return sbom.Document{}, err
		}
		return r.doc, nil
	}
	if r.doc.Spec == "" {
		return sbom.Document{}, errors.New(`the document does not say that it is SPDX: neither "spdxVersion" (SPDX 2) nor "@graph" (SPDX 3) is there`)
	}
	if err := r.end(); err != nil {
		return sbom.Document{}, err
	}
	return r.doc, nil
}

// into puts the next string at p.
func (r *jsonReader) into(p *string) (err error) {
	*p, err = r.String()
	return err
}

func (r *jsonReader) top(name string) error {
	switch name {
	case "spdxVersion":
		s, err := r.String()
		if err != nil {
			return err
		}
		if r.three != nil {
			return r.fail("the document is SPDX 2 and SPDX 3 at once")
		}
		return r.setVersion(s)
	case "SPDXID":
		return r.into(&r.document)
	case "name":
		return r.into(&r.doc.Name)
	case "documentNamespace":
		return r.into(&r.doc.Serial)
	case "creationInfo":
		return r.Object(func(name string) error {
			switch name {
			case "created":
				s, err := r.String()
				if err != nil || s == "" {
					return err
				}
				return r.setCreated(s)
			case "creators":
				return r.Array(func(int) error {
					s, err := r.String()
					if err != nil {
						return err
					}
					return r.addCreator(s)
				})
			}
			return r.Skip(name)
		})
	case "packages":
		return r.Array(func(int) error { return r.pkg() })
	case "relationships":
		return r.Array(func(int) error {
			var from, kind, to string
			err := r.Object(func(name string) error {
				switch name {
				case "spdxElementId":
					return r.into(&from)
				case "relationshipType":
					return r.into(&kind)
				case "relatedSpdxElement":
					return r.into(&to)
				}
				return r.Skip(name)
			})
			if err != nil {
				return err
			}
			return r.relationship(from, kind, to)
		})
	case "documentDescribes":
		return r.Array(func(int) error {
			s, err := r.String()
			r.describe(r.document, s)
			return err
		})
	case "@graph":
		if r.doc.Spec != "" {
			return r.fail("the document is SPDX 2 and SPDX 3 at once")
		}
		r.three = newGraph(r)
		return r.Array(func(int) error { return r.three.element() })
	case "@context":
		if r.Kind() == '"' {
			s, err := r.String()
			if err == nil && !strings.Contains(s, "spdx.org/rdf/3") {
				return r.fail("the @context %s is not that of SPDX 3", scan.Quote(s))
			}
			return err
		}
	}
	return r.Skip(name)
}

func (r *jsonReader) pkg() error {
	p := &pkg{}
	if err := r.Object(func(name string) error { return r.member(p, name) }); err != nil {
		return err
	}
	return r.finish(p)
}

func (r *jsonReader) member(p *pkg, name string) (err error) {
	switch name {
	case "SPDXID":
		return r.into(&p.Ref)
	case "name":
		return r.into(&p.Name)
	case "versionInfo":
		s, err := r.String()
		p.Version = said(s)
		return err
	case "supplier":
		s, err := r.String()
		p.Supplier, _ = who(s)
		return err
	case "originator":
		s, err := r.String()
		p.originator, _ = who(s)
		return err
	case "description":
		p.Description, err = r.Text(maxDescription)
	case "summary":
		p.summary, err = r.Text(maxDescription)
	case "comment":
		return r.note(p)
	case "annotations":
		return r.Array(func(int) error {
			return r.Object(func(name string) error {
				if name == "comment" {
					return r.note(p)
				}
				return r.Skip(name)
			})
		})
	case "licenseConcluded":
		return r.into(&p.concluded)
	case "licenseDeclared":
		return r.into(&p.declared)
	case "primaryPackagePurpose":
		s, err := r.String()
		p.Type = purpose(s)
		return err
	case "validUntilDate":
		return r.into(&p.validUntil)
	case "checksums":
		return r.Array(func(int) error {
			var alg, value string
			err := r.Object(func(name string) error {
				switch name {
				case "algorithm":
					return r.into(&alg)
				case "checksumValue":
					return r.into(&value)
				}
				return r.Skip(name)
			})
			if err != nil {
				return err
			}
			return r.addHash(p, alg, value)
		})
	case "externalRefs":
		return r.Array(func(int) error {
			var kind, locator string
			err := r.Object(func(name string) error {
				switch name {
				case "referenceType":
					return r.into(&kind)
				case "referenceLocator":
					return r.into(&locator)
				}
				return r.Skip(name)
			})
			p.addReference(kind, locator)
			return err
		})
	default:
		return r.Skip(name)
	}
	return err
}

func (r *jsonReader) note(p *pkg) error {
	s, err := r.Text(maxDescription)
	if s != "" && len(p.notes) < 100 {
		p.notes = append(p.notes, s)
	}
	return err
}

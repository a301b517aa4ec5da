package cyclonedx

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

// jsonReader reads the JSON encoding.
type jsonReader struct {
	core
	*scan.JSON
	head bool // bomFormat was there
}

func readJSON(in io.Reader, c core) (sbom.Document, error) {
	r := &jsonReader{core: c}
	r.JSON = scan.NewJSON(in, scan.Limits{Bytes: c.lim.Bytes, Depth: c.lim.Depth, Text: c.lim.Text},
		"bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies", "vulnerabilities",
		"timestamp", "tools", "authors", "component", "supplier", "manufacturer", "manufacture", "bom-ref", "type", "name", "group",
		"publisher", "author", "purl", "cpe", "hashes", "alg", "content", "licenses", "license", "expression", "description",
		"properties", "value", "versionRange", "isExternal", "ref", "dependsOn", "id", "references", "analysis", "state",
		"justification", "response", "detail", "affects", "versions", "range", "status", "recommendation")
	r.fail = r.Errorf
	if r.Kind() != '{' && r.Kind() != 0 {
		return sbom.Document{}, errors.New("the document is JSON, but no object: CycloneDX is one")
	}
	if err := r.Object(r.top); err != nil {
		return sbom.Document{}, err
	}
	if err := r.End(); err != nil {
		return sbom.Document{}, err
	}
	if !r.head {
		return sbom.Document{}, errors.New(`the document does not say that it is CycloneDX: "bomFormat": "CycloneDX" is missing`)
	}
	if err := r.done(); err != nil {
		return sbom.Document{}, err
	}
	return r.doc, nil
}

// read gives the next string to set, unless it is null.
func (r *jsonReader) read(set func(string) error) error {
	if r.Kind() == 'n' {
		return r.Skip("")
	}
	s, err := r.String()
	if err != nil {
		return err
	}
	return set(s)
}

// into puts the next string at p.
func (r *jsonReader) into(p *string) (err error) {
	*p, err = r.String()
	return err
}

func (r *jsonReader) top(name string) error {
	switch name {
	case "bomFormat":
		return r.read(func(s string) error {
			if r.head = s == "CycloneDX"; !r.head {
				return r.fail("bomFormat is %s; CycloneDX is wanted", scan.Quote(s))
			}
			return nil
		})
	case "specVersion":
		return r.read(r.setSpec)
	case "serialNumber":
		return r.read(r.setSerial)
	case "version":
		if r.Kind() == '"' {
			return r.fail("a number is wanted, there is a string")
		}
		n, err := r.Int()
		r.doc.Version = strconv.FormatInt(n, 10)
		return err
	case "metadata":
		return r.Object(r.metadata)
	case "components":
		_, err := r.components("#/components")
		return err
	case "dependencies":
		return r.Array(func(int) error { return r.dependency() })
	case "vulnerabilities":
		return r.Array(func(int) error { return r.vulnerability() })
	}
	return r.Skip(name)
}

func (r *jsonReader) metadata(name string) error {
	switch name {
	case "timestamp":
		return r.read(r.setCreated)
	case "tools":
		if r.Kind() == '[' {
			return r.tools()
		}
		return r.Object(func(name string) error { // 1.5: tools are components and services
			if name == "components" || name == "services" {
				return r.tools()
			}
			return r.Skip(name)
		})
	case "authors":
		return r.Array(func(int) error {
			s, err := r.named()
			if err != nil {
				return err
			}
			return r.addAuthor(s)
		})
	case "component":
		if r.Kind() == 'n' {
			return r.Skip("")
		}
		c, err := r.component("#/metadata/component")
		if err != nil {
			return err
		}
		r.root(c)
		return nil
	case "supplier":
		s, err := r.named()
		if s != "" {
			r.doc.Supplier = s
		}
		return err
	case "manufacturer": // 1.6: of the document, who is an author then
		s, err := r.named()
		if err != nil {
			return err
		}
		return r.addAuthor(s)
	case "manufacture": // until 1.5: of the component
		s, err := r.named()
		if r.doc.Supplier == "" {
			r.doc.Supplier = s
		}
		return err
	case "licenses":
		return r.licenses(&component{})
	}
	return r.Skip(name)
}

func (r *jsonReader) tools() error {
	return r.Array(func(int) error {
		var vendor, tool, version string
		err := r.Object(func(name string) error {
			switch name {
			case "vendor", "group", "publisher":
				if vendor != "" {
					return r.Skip(name)
				}
				return r.into(&vendor)
			case "name":
				return r.into(&tool)
			case "version":
				return r.into(&version)
			}
			return r.Skip(name)
		})
		if err != nil {
			return err
		}
		return r.addTool(vendor, tool, version)
	})
}

// named reads a person or organization: its name, else its address.
func (r *jsonReader) named() (string, error) {
	var who, mail string
	err := r.Object(func(name string) error {
		switch name {
		case "name":
			return r.into(&who)
		case "email":
			return r.into(&mail)
		}
		return r.Skip(name)
	})
	if who == "" {
		who = mail
	}
	return who, err
}

// components reads a list of components and gives their refs, if they are
// nested in another: those at the top hang from nothing.
func (r *jsonReader) components(path string) ([]string, error) {
	var refs []string
	err := r.Array(func(i int) error {
		c, err := r.component(path + "/" + strconv.Itoa(i))
		if err != nil {
			return err
		}
		if path != "#/components" {
			refs = append(refs, c.Ref)
		}
		return nil
	})
	return refs, err
}

func (r *jsonReader) component(path string) (*component, error) {
	if r.Kind() == 'n' {
		return nil, r.fail("an object is wanted, there is null")
	}
	c := &component{path: path}
	err := r.Object(func(name string) error { return r.member(c, name) })
	if err != nil {
		return nil, err
	}
	return c, r.finish(c)
}

func (r *jsonReader) member(c *component, name string) (err error) {
	switch name {
	case "bom-ref":
		return r.read(func(s string) error { return r.setRef(c, s) })
	case "type":
		return r.read(func(s string) error { return r.setType(c, s) })
	case "name":
		return r.into(&c.Name)
	case "group":
		return r.into(&c.Group)
	case "version":
		return r.into(&c.Version)
	case "versionRange":
		s, err := r.String()
		c.hasRange = s != ""
		return err
	case "isExternal":
		c.external = r.Kind() == 't'
		return r.Skip(name)
	case "supplier":
		c.Supplier, err = r.named()
	case "manufacturer":
		c.manufacturer, err = r.named()
	case "publisher":
		return r.into(&c.publisher)
	case "author":
		return r.into(&c.author)
	case "authors":
		return r.Array(func(i int) error {
			s, err := r.named()
			if c.author == "" {
				c.author = s
			}
			return err
		})
	case "purl":
		return r.into(&c.PURL)
	case "cpe":
		return r.read(func(s string) error { c.addCPE(s); return nil })
	case "description":
		c.Description, err = r.Text(maxDescription)
	case "hashes":
		return r.Array(func(int) error {
			var alg, content string
			err := r.Object(func(name string) error {
				switch name {
				case "alg":
					return r.into(&alg)
				case "content":
					return r.into(&content)
				}
				return r.Skip(name)
			})
			if err != nil {
				return err
			}
			return r.addHash(c, alg, content)
		})
	case "licenses":
		return r.licenses(c)
	case "properties":
		return r.properties(c)
	case "releaseNotes":
		return r.Object(func(name string) error {
			if name == "properties" {
				return r.properties(c)
			}
			return r.Skip(name)
		})
	case "components":
		c.children, err = r.components(c.path + "/components")
	default:
		return r.Skip(name)
	}
	return err
}

func (r *jsonReader) licenses(c *component) error {
	return r.Array(func(int) error {
		var id, title, expression string
		license := false
		err := r.Object(func(name string) error {
			switch name {
			case "license":
				license = true
				return r.Object(func(name string) error {
					switch name {
					case "id":
						return r.into(&id)
					case "name":
						return r.into(&title)
					case "properties":
						return r.properties(&component{})
					case "text":
						return r.attachment()
					}
					return r.Skip(name)
				})
			case "expression":
				return r.into(&expression)
			}
			return r.Skip(name)
		})
		if err != nil {
			return err
		}
		return r.addLicense(c, id, title, expression, license)
	})
}

// attachment passes over a text, of which only the encoding is looked at.
func (r *jsonReader) attachment() error {
	return r.Object(func(name string) error {
		if name == "encoding" {
			return r.read(r.checkEncoding)
		}
		return r.Skip(name)
	})
}

func (r *core) checkEncoding(s string) error {
	if s != "base64" {
		return r.fail("%s is no encoding of an attachment; base64 is", scan.Quote(s))
	}
	return nil
}

func (r *jsonReader) properties(c *component) error {
	return r.Array(func(int) error {
		var key, value string
		named := false
		err := r.Object(func(name string) (err error) {
			switch name {
			case "name":
				named = true
				return r.into(&key)
			case "value":
				value, err = r.Text(r.lim.Text)
				return err
			}
			return r.Skip(name)
		})
		switch {
		case err != nil:
			return err
		case !named && r.doc.Spec >= "1.6":
			return r.fail("a property has no name")
		}
		r.addProperty(c, key, value)
		return nil
	})
}

func (r *jsonReader) dependency() error {
	var from string
	var on []string
	err := r.Object(func(name string) error {
		switch name {
		case "ref":
			return r.into(&from)
		case "dependsOn":
			return r.Array(func(int) error {
				s, err := r.String()
				if err != nil {
					return err
				}
				on, err = r.dependOn(from, on, s)
				return err
			})
		}
		return r.Skip(name)
	})
	switch {
	case err != nil:
		return err
	case from == "":
		return r.fail("a dependency has no ref")
	}
	return r.depends(from, on)
}

func (r *jsonReader) vulnerability() error {
	v := &vulnerability{}
	err := r.Object(func(name string) (err error) {
		switch name {
		case "id":
			return r.into(&v.id)
		case "references":
			return r.Array(func(i int) error {
				return r.Object(func(name string) error {
					if name != "id" || i >= 200 {
						return r.Skip(name)
					}
					s, err := r.String()
					v.aliases = append(v.aliases, s)
					return err
				})
			})
		case "recommendation":
			v.recommendation, err = r.Text(r.lim.Text)
		case "workaround":
			v.workaround, err = r.Text(r.lim.Text)
		case "updated":
			return r.into(&v.updated)
		case "analysis":
			return r.Object(func(name string) error { return r.analysis(v, name) })
		case "affects":
			return r.Array(func(int) error { return r.affected(v) })
		default:
			return r.Skip(name)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.say(v)
}

func (r *jsonReader) analysis(v *vulnerability, name string) (err error) {
	switch name {
	case "state":
		return r.into(&v.state)
	case "justification":
		return r.into(&v.justification)
	case "response":
		v.response, err = r.Strings(100)
	case "detail":
		v.detail, err = r.Text(r.lim.Text)
	case "firstIssued":
		return r.into(&v.first)
	case "lastUpdated":
		return r.into(&v.last)
	default:
		return r.Skip(name)
	}
	return err
}

func (r *jsonReader) affected(v *vulnerability) error {
	var a affected
	err := r.Object(func(name string) error {
		switch name {
		case "ref":
			return r.into(&a.ref)
		case "versions":
			return r.Array(func(i int) error {
				var one affectedVersion
				if i >= maxAffects {
					return r.fail("there are more than %d versions", maxAffects)
				}
				err := r.Object(func(name string) error {
					switch name {
					case "version", "range":
						return r.into(&one.version)
					case "status":
						return r.into(&one.status)
					}
					return r.Skip(name)
				})
				one.version = strings.TrimSpace(one.version)
				a.versions = append(a.versions, one)
				return err
			})
		}
		return r.Skip(name)
	})
	if err != nil {
		return err
	}
	return r.addAffected(v, a)
}

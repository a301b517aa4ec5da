package cyclonedx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

const (
	nameSpace     = "http://cyclonedx.org/schema/bom/"
	maxAttributes = 64
)

// xmlReader reads the XML encoding. Its methods are called with an element
// whose start tag was read, and consume it to its end tag.
type xmlReader struct {
	core
	in    *scan.Meter
	dec   *xml.Decoder
	space string // the name space of the document
	path  []string
}

func readXML(in io.Reader, c core) (sbom.Document, error) {
	r := &xmlReader{core: c, in: &scan.Meter{R: in, All: c.lim.Bytes}}
	r.dec = xml.NewDecoder(r.in)
	r.fail = r.errorf
	if err := r.document(); err != nil {
		return sbom.Document{}, err
	}
	if err := r.done(); err != nil {
		return sbom.Document{}, err
	}
	return r.doc, nil
}

func (r *xmlReader) errorf(format string, args ...any) error {
	line, _ := r.dec.InputPos()
	return &scan.Error{Path: "/" + strings.Join(r.path, "/"), Line: line, Reason: fmt.Sprintf(format, args...)}
}

// broken turns an error of the decoder into a sentence.
func (r *xmlReader) broken(err error) error {
	line, _ := r.dec.InputPos()
	e := &scan.Error{Line: line, Err: err}
	if len(r.path) > 0 {
		e.Path = "/" + strings.Join(r.path, "/")
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, scan.ErrTooLarge):
		e.Path, e.Reason = "", fmt.Sprintf("the document has more than %d bytes", r.lim.Bytes)
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason = "the document ends in the middle"
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "entity"):
		e.Reason = "there is an entity that is not one of XML's five; none can be declared"
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "UTF-8"):
		e.Reason = "there is text that is not UTF-8"
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"):
		e.Reason = "the document ends in the middle"
	case errors.As(err, &syntax):
		e.Reason = "this is not well-formed XML: " + scan.Printable(syntax.Msg)
	case strings.Contains(err.Error(), "encoding"):
		e.Reason = "the document must be in UTF-8 and say so, or not say anything"
	default:
		e.Reason = "the document could not be read: " + scan.Printable(err.Error())
	}
	return e
}

// token reads the next start tag, end tag or text, and refuses what may not
// stand in the document (T-54).
func (r *xmlReader) token() (xml.Token, error) {
	for {
		t, err := r.dec.Token()
		if err != nil {
			return nil, r.broken(err)
		}
		r.in.Allow(r.dec.InputOffset())
		switch t := t.(type) {
		case xml.Directive:
			return nil, r.errorf("there is a document type or another declaration, which is never read")
		case xml.ProcInst:
			if t.Target != "xml" || r.dec.InputOffset() > 1024 || len(r.path) > 0 || r.space != "" {
				return nil, r.errorf("there is a processing instruction, which is never followed")
			}
		case xml.StartElement:
			if len(r.path) >= r.lim.Depth {
				return nil, r.errorf("nesting is deeper than %d", r.lim.Depth)
			}
			r.path = append(r.path, t.Name.Local)
			if strings.Contains(t.Name.Space, "XInclude") {
				return nil, r.errorf("there is an XInclude, which is never followed")
			}
			if len(t.Attr) > maxAttributes {
				return nil, r.errorf("an element has more than %d attributes", maxAttributes)
			}
			for i, a := range t.Attr {
				for _, b := range t.Attr[:i] {
					if a.Name == b.Name {
						return nil, r.errorf("the attribute %s is given twice", scan.Quote(a.Name.Local))
					}
				}
			}
			return t, nil
		case xml.EndElement:
			r.path = r.path[:len(r.path)-1]
			return t, nil
		case xml.CharData:
			if !utf8.Valid(t) {
				return nil, r.errorf("there is text that is not UTF-8")
			}
			return t, nil
		}
	}
}

func (r *xmlReader) document() error {
	for {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return r.errorf("there is text before the first element")
			}
		case xml.StartElement:
			if err := r.bom(t); err != nil {
				return err
			}
			return r.end()
		}
	}
}

// end says that nothing but comments may follow.
func (r *xmlReader) end() error {
	for {
		t, err := r.dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.broken(err)
		}
		r.in.Allow(r.dec.InputOffset())
		switch t := t.(type) {
		case xml.Comment:
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return r.errorf("something follows the document")
			}
		default:
			return r.errorf("something follows the document")
		}
	}
}

// single are the elements that are read and may stand only once in their
// parent: the second could be read in two ways.
var single = map[string]bool{
	"metadata": true, "components": true, "dependencies": true, "vulnerabilities": true, "timestamp": true, "tools": true,
	"authors": true, "supplier": true, "manufacturer": true, "manufacture": true, "licenses": true, "hashes": true,
	"properties": true, "name": true, "group": true, "versionRange": true, "publisher": true, "purl": true, "cpe": true,
	"description": true, "releaseNotes": true, "id": true, "text": true, "recommendation": true, "workaround": true,
	"updated": true, "analysis": true, "affects": true, "state": true, "justification": true, "responses": true,
	"detail": true, "firstIssued": true, "lastUpdated": true, "ref": true, "versions": true, "range": true, "status": true,
}

// children calls child for every element of the document's name space in the
// one that was opened; child must consume it. Others are passed over.
func (r *xmlReader) children(child func(e xml.StartElement) error) error {
	var seen []string
	for {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			name := t.Name.Local
			if t.Name.Space != r.space {
				if err := r.skip(); err != nil {
					return err
				}
				continue
			}
			if single[name] || name == "version" && r.path[len(r.path)-2] != "versions" {
				if slices.Contains(seen, name) {
					return r.errorf("the element is given twice")
				}
				seen = append(seen, name)
			}
			if err := child(t); err != nil {
				return err
			}
		}
	}
}

func (r *xmlReader) skip() error {
	for depth := len(r.path); len(r.path) >= depth; {
		if _, err := r.token(); err != nil {
			return err
		}
	}
	return nil
}

// text reads the text of the element that was opened.
func (r *xmlReader) text() (string, error) { return r.beginning(0) }

// beginning reads at most most bytes of the text; 0 is the limit of a text,
// beyond which there is an error.
func (r *xmlReader) beginning(most int) (string, error) {
	var b []byte
	for {
		t, err := r.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if s := strings.TrimSpace(string(b)); most > 0 {
				return scan.Cut(s, most), nil
			} else {
				return s, nil
			}
		case xml.StartElement:
			if t.Name.Space == r.space {
				return "", r.errorf("text is wanted, there is an element")
			}
			if err := r.skip(); err != nil {
				return "", err
			}
		case xml.CharData:
			if most == 0 && len(b)+len(t) > r.lim.Text {
				return "", r.errorf("a text has more than %d bytes", r.lim.Text)
			}
			if most == 0 || len(b) <= 4*most {
				b = append(b, t...)
			}
		}
	}
}

// into puts the text at p.
func (r *xmlReader) into(p *string) (err error) {
	*p, err = r.text()
	return err
}

// read gives the text to set.
func (r *xmlReader) read(set func(string) error) error {
	s, err := r.text()
	if err != nil {
		return err
	}
	return set(s)
}

func attribute(e xml.StartElement, name string) (string, bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

func (r *xmlReader) bom(e xml.StartElement) error {
	spec, ok := strings.CutPrefix(e.Name.Space, nameSpace)
	if e.Name.Local != "bom" || !ok {
		return r.errorf("the first element is %s in the name space %s; CycloneDX begins with bom in %s1.6 or another version", scan.Quote(e.Name.Local), scan.Quote(e.Name.Space), nameSpace)
	}
	r.space = e.Name.Space
	if err := r.setSpec(spec); err != nil {
		return err
	}
	if s, ok := attribute(e, "serialNumber"); ok {
		if err := r.setSerial(s); err != nil {
			return err
		}
	}
	if s, ok := attribute(e, "version"); ok {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63)
		if err != nil {
			return r.errorf("the version %s of the document is no whole number", scan.Quote(s))
		}
		r.doc.Version = strconv.FormatUint(n, 10)
	}
	return r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "metadata":
			return r.metadata()
		case "components":
			_, err := r.components("#/components")
			return err
		case "dependencies":
			return r.children(func(e xml.StartElement) error {
				if e.Name.Local == "dependency" {
					return r.dependency(e)
				}
				return r.skip()
			})
		case "vulnerabilities":
			return r.children(func(e xml.StartElement) error {
				if e.Name.Local == "vulnerability" {
					return r.vulnerability()
				}
				return r.skip()
			})
		}
		return r.skip()
	})
}

func (r *xmlReader) metadata() error {
	return r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "timestamp":
			return r.read(r.setCreated)
		case "tools":
			return r.tools()
		case "authors":
			return r.children(func(xml.StartElement) error {
				s, err := r.named()
				if err != nil {
					return err
				}
				return r.addAuthor(s)
			})
		case "component":
			c, err := r.component(e, "#/metadata/component")
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
		case "manufacturer":
			s, err := r.named()
			if err != nil {
				return err
			}
			return r.addAuthor(s)
		case "manufacture":
			s, err := r.named()
			if r.doc.Supplier == "" {
				r.doc.Supplier = s
			}
			return err
		case "licenses":
			return r.licenses(&component{})
		}
		return r.skip()
	})
}

func (r *xmlReader) tools() error {
	return r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "components", "services":
			return r.tools()
		case "tool", "component", "service":
		default:
			return r.skip()
		}
		var vendor, tool, version string
		err := r.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "vendor", "group", "publisher":
				if vendor != "" {
					return r.skip()
				}
				return r.into(&vendor)
			case "name":
				return r.into(&tool)
			case "version":
				return r.into(&version)
			}
			return r.skip()
		})
		if err != nil {
			return err
		}
		return r.addTool(vendor, tool, version)
	})
}

// named reads a person or organization: its name, else its address.
func (r *xmlReader) named() (string, error) {
	var who, mail string
	depth := len(r.path)
	for {
		t, err := r.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if len(r.path) < depth {
				if who == "" {
					who = mail
				}
				return who, nil
			}
		case xml.StartElement:
			switch {
			case t.Name.Space == r.space && t.Name.Local == "name" && who == "":
				err = r.into(&who)
			case t.Name.Space == r.space && t.Name.Local == "email" && mail == "":
				err = r.into(&mail)
			default:
				err = r.skip()
			}
			if err != nil {
				return "", err
			}
		}
	}
}

func (r *xmlReader) components(path string) ([]string, error) {
	var refs []string
	i := 0
	err := r.children(func(e xml.StartElement) error {
		if e.Name.Local != "component" {
			return r.errorf("a component is wanted")
		}
		c, err := r.component(e, path+"/"+strconv.Itoa(i))
		if err != nil {
			return err
		}
		i++
		if path != "#/components" {
			refs = append(refs, c.Ref)
		}
		return nil
	})
	return refs, err
}

func (r *xmlReader) component(e xml.StartElement, path string) (*component, error) {
	c := &component{path: path}
	if s, ok := attribute(e, "bom-ref"); ok {
		if err := r.setRef(c, s); err != nil {
			return nil, err
		}
	}
	if s, ok := attribute(e, "type"); ok {
		if err := r.setType(c, s); err != nil {
			return nil, err
		}
	}
	s, _ := attribute(e, "isExternal")
	c.external = s == "true" || s == "1"
	// The end of the component is consumed when it is checked; its name must
	// still be in the path of an error.
	here := slices.Clone(r.path)
	if err := r.children(func(e xml.StartElement) error { return r.member(c, e) }); err != nil {
		return nil, err
	}
	outside := r.path
	r.path = here
	if err := r.finish(c); err != nil {
		return nil, err
	}
	r.path = outside
	return c, nil
}

func (r *xmlReader) member(c *component, e xml.StartElement) (err error) {
	switch e.Name.Local {
	case "name":
		return r.into(&c.Name)
	case "group":
		return r.into(&c.Group)
	case "version":
		return r.into(&c.Version)
	case "versionRange":
		s, err := r.text()
		c.hasRange = s != ""
		return err
	case "supplier":
		c.Supplier, err = r.named()
	case "manufacturer":
		c.manufacturer, err = r.named()
	case "publisher":
		return r.into(&c.publisher)
	case "author":
		return r.into(&c.author)
	case "authors":
		return r.children(func(xml.StartElement) error {
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
		c.Description, err = r.beginning(maxDescription)
	case "hashes":
		return r.children(func(e xml.StartElement) error {
			if e.Name.Local != "hash" {
				return r.skip()
			}
			alg, _ := attribute(e, "alg")
			return r.read(func(s string) error { return r.addHash(c, alg, s) })
		})
	case "licenses":
		return r.licenses(c)
	case "properties":
		return r.properties(c)
	case "releaseNotes":
		return r.children(func(e xml.StartElement) error {
			if e.Name.Local == "properties" {
				return r.properties(c)
			}
			return r.skip()
		})
	case "components":
		c.children, err = r.components(c.path + "/components")
	default:
		return r.skip()
	}
	return err
}

func (r *xmlReader) licenses(c *component) error {
	return r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "expression":
			return r.read(func(s string) error { return r.addLicense(c, "", "", s, false) })
		case "expression-detailed": // 1.7
			s, _ := attribute(e, "expression")
			if err := r.addLicense(c, "", "", s, false); err != nil {
				return err
			}
			return r.skip()
		case "license":
		default:
			return r.skip()
		}
		var id, title string
		err := r.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "id":
				return r.into(&id)
			case "name":
				return r.into(&title)
			case "properties":
				return r.properties(&component{})
			case "text":
				if s, ok := attribute(e, "encoding"); ok {
					if err := r.checkEncoding(s); err != nil {
						return err
					}
				}
			}
			return r.skip()
		})
		if err != nil {
			return err
		}
		return r.addLicense(c, id, title, "", true)
	})
}

func (r *xmlReader) properties(c *component) error {
	return r.children(func(e xml.StartElement) error {
		if e.Name.Local != "property" {
			return r.skip()
		}
		name, ok := attribute(e, "name")
		if !ok {
			return r.errorf("a property has no name")
		}
		value, err := r.beginning(r.lim.Text)
		r.addProperty(c, name, value)
		return err
	})
}

func (r *xmlReader) dependency(e xml.StartElement) error {
	from, _ := attribute(e, "ref")
	if from == "" {
		return r.errorf("a dependency has no ref")
	}
	var on []string
	err := r.children(func(e xml.StartElement) error {
		if e.Name.Local != "dependency" {
			return r.skip() // provides
		}
		s, _ := attribute(e, "ref")
		var err error
		if on, err = r.dependOn(from, on, s); err != nil {
			return err
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	return r.depends(from, on)
}

func (r *xmlReader) vulnerability() error {
	v := &vulnerability{}
	err := r.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case "id":
			return r.into(&v.id)
		case "references":
			return r.children(func(xml.StartElement) error {
				return r.children(func(e xml.StartElement) error {
					if e.Name.Local != "id" || len(v.aliases) >= 200 {
						return r.skip()
					}
					s, err := r.text()
					v.aliases = append(v.aliases, s)
					return err
				})
			})
		case "recommendation":
			v.recommendation, err = r.beginning(r.lim.Text)
		case "workaround":
			v.workaround, err = r.beginning(r.lim.Text)
		case "updated":
			return r.into(&v.updated)
		case "analysis":
			return r.children(func(e xml.StartElement) error { return r.analysis(v, e) })
		case "affects":
			return r.children(func(e xml.StartElement) error {
				if e.Name.Local != "target" {
					return r.skip()
				}
				return r.target(v)
			})
		default:
			return r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.say(v)
}

func (r *xmlReader) analysis(v *vulnerability, e xml.StartElement) (err error) {
	switch e.Name.Local {
	case "state":
		return r.into(&v.state)
	case "justification":
		return r.into(&v.justification)
	case "responses":
		return r.children(func(xml.StartElement) error {
			s, err := r.text()
			if len(v.response) < 100 {
				v.response = append(v.response, s)
			}
			return err
		})
	case "detail":
		v.detail, err = r.beginning(r.lim.Text)
	case "firstIssued":
		return r.into(&v.first)
	case "lastUpdated":
		return r.into(&v.last)
	default:
		return r.skip()
	}
	return err
}

func (r *xmlReader) target(v *vulnerability) error {
	var a affected
	err := r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "ref":
			return r.into(&a.ref)
		case "versions":
			return r.children(func(xml.StartElement) error {
				if len(a.versions) >= maxAffects {
					return r.errorf("there are more than %d versions", maxAffects)
				}
				var one affectedVersion
				err := r.children(func(e xml.StartElement) error {
					switch e.Name.Local {
					case "version", "range":
						return r.into(&one.version)
					case "status":
						return r.into(&one.status)
					}
					return r.skip()
				})
				a.versions = append(a.versions, one)
				return err
			})
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	return r.addAffected(v, a)
}

package misp

import (
	"path"
	"strconv"
	"strings"
)

func finishArtifact(a *assembly) {
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "payload_bin" || !isBase64(at.Data) || a.main.get("payload_bin") != nil {
			continue
		}
		a.used[i] = true
		a.main.set("payload_bin", at.Data)
		if at.ToIDS && len(at.Data) <= maxPatternData {
			a.term([]string{"payload_bin"}, false, quote(at.Data))
		}
	}
}

// finishFile adds a file's folder, its content and, from an object that it
// refers to or is, what is known of it as a Windows executable.
func finishFile(a *assembly) {
	folder := "path"
	if a.object.Name == "lnk" {
		folder = "fullpath"
	}
	if at := a.one(folder); at != nil {
		d := observable("directory", a.part(at))
		d.set("path", at.Value)
		a.others = append(a.others, d)
		a.main.set("parent_directory_ref", d.text("id"))
		if at.ToIDS {
			a.term([]string{"parent_directory_ref", "path"}, false, quote(at.Value))
		}
	}
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "malware-sample" || !isBase64(at.Data) || a.main.get("content_ref") != nil {
			continue
		}
		a.used[i] = true
		art := sampleArtifact(at, a.part(at))
		name, sum, two := strings.Cut(at.Value, "|")
		two = two && validHash("MD5", sum)
		if two {
			art.set("hashes", record{{"MD5", sum}})
		}
		art.set("x_misp_filename", name)
		a.content(art)
		if at.ToIDS {
			terms := sampleTerms(at, "file:content_ref")
			terms = append(terms, "file:content_ref.x_misp_filename = "+quote(name))
			if two {
				terms = append(terms, "file:content_ref.hashes.MD5 = "+quote(sum))
			}
			a.terms = append(a.terms, "("+strings.Join(terms, " AND ")+")")
		}
	}
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "attachment" || !isBase64(at.Data) || a.main.get("content_ref") != nil {
			continue
		}
		a.used[i] = true
		art := observable("artifact", a.part(at))
		art.set("payload_bin", at.Data)
		art.set("x_misp_filename", at.Value)
		a.content(art)
		if at.ToIDS && len(at.Data) <= maxPatternData {
			a.term([]string{"content_ref", "payload_bin"}, false, quote(at.Data))
		}
	}
	if a.object.Name == "pe" {
		a.executable(a)
		return
	}
	for _, r := range a.object.References {
		if other := a.find(r.Target); other != nil && other.Name == "pe" && !r.Deleted {
			pe := &assembly{object: other, id: a.id, used: make([]bool, len(other.Attributes)), find: a.find}
			for i := range other.Attributes {
				pe.used[i] = other.Attributes[i].Deleted || other.Attributes[i].Value == ""
			}
			a.merged = append(a.merged, other)
			a.executable(pe)
			break
		}
	}
}

func (a *assembly) content(art record) {
	a.others = append(a.others, art)
	a.main.set("content_ref", art.text("id"))
}

// executable writes the windows-pebinary-ext (STIX 2.1 §6.7.6) of the pe object
// under construction in pe, which may be a itself.
func (a *assembly) executable(pe *assembly) {
	const where = "file:extensions.'windows-pebinary-ext'."
	var ext record
	kind := "unknown" // the extension demands one
	if at := pe.one("type"); at != nil {
		kind = at.Value
		if at.ToIDS {
			a.terms = append(a.terms, where+"pe_type = "+quote(kind))
		}
	}
	ext.set("pe_type", kind)
	if at := pe.one("imphash"); at != nil {
		ext.set("imphash", at.Value)
		if at.ToIDS {
			a.terms = append(a.terms, where+"imphash = "+quote(at.Value))
		}
	}
	if at := pe.peek("number-sections"); at != nil {
		if n, ok := integer(at.Value); ok && n >= 0 {
			pe.one("number-sections")
			ext.set("number_of_sections", n)
		}
	}
	if at := pe.peek("entrypoint-address"); at != nil {
		if n, ok := integer(at.Value); ok && n >= 0 {
			pe.one("entrypoint-address")
			ext.set("optional_header", record{{"address_of_entry_point", n}})
		}
	}
	var sections []record
	for _, r := range pe.object.References {
		other := a.find(r.Target)
		if other == nil || other.Name != "pe-section" || r.Deleted {
			continue
		}
		if s := a.section(other, where+"sections["+strconv.Itoa(len(sections))+"]."); s != nil {
			sections = append(sections, s)
			a.merged = append(a.merged, other)
		}
	}
	ext.set("sections", sections)
	if pe == a && a.main.get("name") == nil {
		for _, relation := range []string{"original-filename", "internal-filename"} {
			if at := pe.peek(relation); at != nil && a.main.get("name") == nil {
				a.main.set("name", at.Value)
			}
		}
	}
	pe.rest(&ext, "x_misp_", "file:extensions.'windows-pebinary-ext'")
	for _, t := range pe.terms {
		t = strings.Replace(t, "'windows-pebinary-ext':", "'windows-pebinary-ext'.", 1)
		if pe != a {
			a.terms = append(a.terms, t)
		}
	}
	if pe == a {
		for i, t := range a.terms {
			a.terms[i] = strings.Replace(t, "'windows-pebinary-ext':", "'windows-pebinary-ext'.", 1)
		}
	}
	a.main.in([]string{"extensions", "windows-pebinary-ext"}, ext)
}

var fileHashFields = fields(fileHashes)

func (a *assembly) section(o *Object, where string) record {
	s := &assembly{object: o, used: make([]bool, len(o.Attributes))}
	name := s.one("name")
	if name == nil || name.Value == "" || o.Deleted {
		return nil // STIX demands a name
	}
	r := record{{"name", name.Value}}
	if name.ToIDS {
		a.terms = append(a.terms, where+"name = "+quote(name.Value))
	}
	if at := s.peek("size-in-bytes"); at != nil {
		if n, ok := integer(at.Value); ok && n >= 0 {
			s.one("size-in-bytes")
			r.set("size", n)
		}
	}
	if at := s.peek("entropy"); at != nil {
		if f, ok := float(at.Value); ok {
			s.one("entropy")
			r.set("entropy", f)
		}
	}
	for _, f := range fileHashFields {
		if at := s.peek(f.relation); at != nil && validHash(f.path[1], at.Value) {
			s.one(f.relation)
			r.in(f.path, at.Value)
			if at.ToIDS {
				a.terms = append(a.terms, where+patternPath(f.path)+" = "+quote(at.Value))
			}
		}
	}
	s.rest(&r, "x_misp_", "")
	return r
}

var mimeTypes = map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".bmp": "image/bmp", ".svg": "image/svg+xml", ".webp": "image/webp", ".tif": "image/tiff", ".tiff": "image/tiff"}

func finishImage(a *assembly) {
	at := a.one("attachment")
	if at == nil {
		return
	}
	if !isBase64(at.Data) {
		if a.main.get("name") == nil {
			a.main.set("name", at.Value)
		}
		return
	}
	if a.main.get("name") == nil {
		a.main.set("name", at.Value)
	}
	art := observable("artifact", a.part(at))
	mime := mimeTypes[strings.ToLower(path.Ext(at.Value))]
	art.set("mime_type", mime)
	art.set("payload_bin", at.Data)
	art.set("x_misp_filename", at.Value)
	if at.ToIDS {
		if len(at.Data) <= maxPatternData {
			a.terms = append(a.terms, "file:content_ref.payload_bin = "+quote(at.Data))
		}
		if mime != "" {
			a.terms = append(a.terms, "file:content_ref.mime_type = "+quote(mime))
		}
		a.terms = append(a.terms, "file:content_ref.x_misp_filename = "+quote(at.Value))
	}
	if u := a.one("url"); u != nil {
		art.set("x_misp_url", u.Value)
		if u.ToIDS {
			a.terms = append(a.terms, "file:content_ref.x_misp_url = "+quote(u.Value))
		}
	}
	a.content(art)
}

func finishProcess(a *assembly) {
	if at := a.one("image"); at != nil {
		f := observable("file", a.part(at))
		f.set("name", at.Value)
		a.others = append(a.others, f)
		a.main.set("image_ref", f.text("id"))
		if at.ToIDS {
			a.terms = append(a.terms, "process:image_ref.name = "+quote(at.Value))
		}
	}
	image, command := a.one("parent-image"), a.one("parent-command-line")
	pid, name := a.peek("parent-pid"), a.one("parent-process-name")
	if pid != nil {
		if n, ok := integer(pid.Value); !ok || n < 0 {
			pid = nil
		} else {
			a.one("parent-pid")
		}
	}
	if image != nil || command != nil || pid != nil || name != nil {
		id := derive(a.id, "parent")
		if pid != nil {
			id = a.part(pid)
		}
		parent := observable("process", id)
		if pid != nil {
			n, _ := integer(pid.Value)
			parent.set("pid", n)
			if pid.ToIDS {
				a.terms = append(a.terms, "process:parent_ref.pid = "+pid.Value)
			}
		}
		if command != nil {
			parent.set("command_line", command.Value)
			if command.ToIDS {
				a.terms = append(a.terms, "process:parent_ref.command_line = "+quote(command.Value))
			}
		}
		if image != nil {
			f := observable("file", a.part(image))
			f.set("name", image.Value)
			a.others = append(a.others, f)
			parent.set("image_ref", f.text("id"))
			if image.ToIDS {
				a.terms = append(a.terms, "process:parent_ref.image_ref.name = "+quote(image.Value))
			}
		}
		if name != nil {
			parent.set("x_misp_process_name", name.Value)
		}
		a.others = append(a.others, parent)
		a.main.set("parent_ref", parent.text("id"))
	}
	var children []string
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "child-pid" {
			continue
		}
		n, ok := integer(at.Value)
		if !ok || n < 0 {
			continue
		}
		a.used[i] = true
		child := observable("process", a.part(at))
		child.set("pid", n)
		a.others = append(a.others, child)
		children = append(children, child.text("id"))
	}
	a.main.set("child_refs", children)
}

func finishRegistry(a *assembly) {
	var values []record
	value := func(v *assembly) {
		var r record
		where := "windows-registry-key:values[" + strconv.Itoa(len(values)) + "]."
		for _, f := range [][2]string{{"name", "name"}, {"data", "data"}, {"data-type", "data_type"}} {
			at := v.peek(f[0])
			if at == nil || f[1] == "data_type" && !strings.HasPrefix(at.Value, "REG_") {
				continue
			}
			v.one(f[0])
			r.set(f[1], at.Value)
			if at.ToIDS {
				a.terms = append(a.terms, where+f[1]+" = "+quote(at.Value))
			}
		}
		if len(r) > 0 {
			values = append(values, r)
		}
	}
	value(a)
	for _, ref := range a.object.References {
		if other := a.find(ref.Target); other != nil && other.Name == "registry-key-value" && !ref.Deleted && !other.Deleted {
			value(&assembly{object: other, used: make([]bool, len(other.Attributes))})
			a.merged = append(a.merged, other)
		}
	}
	a.main.set("values", values)
}

// finishLocation: MISP gives the radius in kilometres, STIX wants metres.
func finishLocation(a *assembly) {
	if a.main.get("latitude") == nil || a.main.get("longitude") == nil {
		if a.main.get("latitude") != nil || a.main.get("longitude") != nil {
			for i := range a.main {
				if n := a.main[i].name; n == "latitude" || n == "longitude" {
					a.main[i].name = "x_misp_" + n
				}
			}
		}
		return
	}
	if at := a.peek("accuracy-radius"); at != nil {
		if f, ok := float(at.Value); ok && f >= 0 {
			a.one("accuracy-radius")
			a.main.set("precision", f*1000)
		}
	}
}

func finishVulnerability(a *assembly) {
	for _, at := range a.all("id") {
		if a.main.get("name") == nil {
			a.main.set("name", at.Value)
		}
		source := "cve"
		if !isCVE(at.Value) {
			source = "misp"
		}
		a.reference(source, at.Value)
	}
	for _, at := range a.all("references") {
		a.link(at.Value)
	}
}

// finishScript: a script that is marked malicious is malware, any other a tool.
func finishScript(a *assembly) {
	if at := a.peek("state"); at == nil || at.Value != "Malicious" {
		return
	}
	for i := range a.main {
		switch a.main[i].name {
		case "type":
			a.main[i].value = "malware"
		case "id":
			a.main[i].value = "malware--" + a.id
		}
	}
	a.main.set("is_family", false)
	var languages []string
	for _, at := range a.all("language") {
		languages = append(languages, at.Value)
	}
	a.main.set("implementation_languages", languages)
}

// person names an individual and gathers how to reach them.
func person(full string, contacts ...string) func(*assembly) {
	return func(a *assembly) {
		name := ""
		if at := a.one(full); at != nil {
			name = at.Value
		} else {
			var parts []string
			for _, relation := range []string{"first-name", "middle-name", "last-name"} {
				if at := a.one(relation); at != nil {
					parts = append(parts, at.Value)
				}
			}
			name = strings.Join(parts, " ")
		}
		a.main.set("name", name)
		a.main.set("identity_class", "individual")
		contact(a, contacts)
	}
}

func organization(contacts ...string) func(*assembly) {
	return func(a *assembly) {
		a.main.set("identity_class", "organization")
		contact(a, contacts)
	}
}

func contact(a *assembly, relations []string) {
	var parts []string
	for _, relation := range relations {
		var values []string
		for _, at := range a.all(relation) {
			values = append(values, at.Value)
		}
		if len(values) > 0 {
			parts = append(parts, relation+": "+strings.Join(values, "; "))
		}
	}
	a.main.set("contact_information", strings.Join(parts, " / "))
}

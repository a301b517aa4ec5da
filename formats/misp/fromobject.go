package misp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object reads a MISP object out of an indicator, observed data or domain
// object: as it was kept for MISP, or, of other converters' objects that name a
// template, what the template's table can read back. false when it is none.
func (r *reader) object(o, observed *stixObject) bool {
	name := o.label("name")
	kept, ok := o.m["x_misp_object"]
	if !ok && name == "" {
		return false
	}
	ids := []string{o.id}
	if observed != nil && observed != o {
		ids = append(ids, observed.id)
		observed.used = true
	}
	var objects []Object
	if ok {
		b, err := json.Marshal(kept, json.Deterministic(true))
		if err != nil {
			return false
		}
		if _, list := kept.([]any); list {
			err = decode(b, &objects, "")
		} else {
			objects = make([]Object, 1)
			err = decode(b, &objects[0], "")
		}
		if err != nil || len(objects) == 0 {
			r.skip(o, "what was kept of the MISP object cannot be read")
			return false
		}
		r.restoreData(objects, o, observed)
	} else {
		back, ok := r.rebuild(name, o, observed)
		if !ok {
			return false
		}
		objects = []Object{back}
	}
	for i := range objects {
		for j := range objects[i].Attributes {
			if objects[i].Attributes[j].Timestamp == "" {
				objects[i].Attributes[j].Timestamp = objects[i].Timestamp
			}
		}
	}
	r.tighten(&objects[0], o)
	for _, id := range ids {
		r.objectOf[id] = len(r.event.Objects)
	}
	r.event.Objects = append(r.event.Objects, objects...)
	return true
}

// tighten gives an object that is marked stricter than its event and its own
// tags a tag that says so: MISP tags attributes, not objects.
func (r *reader) tighten(object *Object, o *stixObject) {
	label := r.marking(o)
	own, _ := object.TLP()
	if own == unknownTLP {
		own = "AMBER+STRICT"
	}
	if tlpRank[label] <= tlpRank[r.tlp] || tlpRank[label] <= tlpRank[own] {
		return
	}
	for i := range object.Attributes {
		object.Attributes[i].Tags = append(object.Attributes[i].Tags, Tag{Name: "tlp:" + strings.ToLower(label)})
	}
}

// restoreData puts attachments back, which are kept once: in an artifact or in
// the property of their relation.
func (r *reader) restoreData(objects []Object, o, observed *stixObject) {
	for i := range objects {
		for j := range objects[i].Attributes {
			a := &objects[i].Attributes[j]
			if a.Data != "" || a.UUID == "" {
				continue
			}
			if u, ok := cleanUUID(a.UUID); ok {
				if art := r.find("artifact--" + u); art != nil {
					a.Data = art.text("payload_bin")
					continue
				}
			}
			name := propertyName("x_misp_", a.Relation, a.Type)
			for _, holder := range append([]*stixObject{o}, r.observables(observed)...) {
				if m, ok := holder.m[name].(map[string]any); ok && m["value"] == a.Value {
					a.Data, _ = m["data"].(string)
				}
			}
		}
	}
}

// relationTypes are the attribute types of relations whose type is not text.
var relationTypes = map[string]string{
	"domain": "domain", "hostname": "hostname", "ip": "ip-dst", "ip-src": "ip-src", "ip-dst": "ip-dst", "port": "port", "src-port": "port", "dst-port": "port",
	"hostname-dst": "hostname", "hostname-src": "hostname", "host": "hostname", "url": "url", "uri": "uri", "method": "http-method",
	"filename": "filename", "FileName": "filename", "FileSize": "size-in-bytes", "size-in-bytes": "size-in-bytes", "MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SSDEEP": "ssdeep", "TLSH": "tlsh",
	"asn": "AS", "src-as": "AS", "dst-as": "AS", "subnet-announced": "ip-src", "key": "regkey", "mime_type": "mime-type", "mimetype": "mime-type", "cpe": "cpe",
	"from": "email-src", "to": "email-dst", "cc": "email-dst", "bcc": "email-dst", "subject": "email-subject", "message-id": "email-message-id", "email-body": "email-body",
	"from-display-name": "email-src-display-name", "to-display-name": "email-dst-display-name", "cc-display-name": "email-dst-display-name", "bcc-display-name": "email-dst-display-name",
	"reply-to": "email-reply-to", "x-mailer": "email-x-mailer", "attachment": "email-attachment", "mime-boundary": "email-mime-boundary",
	"image": "filename", "parent-image": "filename", "references": "link", "reference": "link", "ref": "link", "link": "link", "website": "link",
	"related-weakness": "weakness", "cvss-score": "float", "latitude": "float", "longitude": "float", "altitude": "float", "accuracy-radius": "float", "entropy": "float",
	"yara": "yara", "sigma": "sigma", "suricata": "suricata", "snort": "snort", "comment": "comment", "user-agent": "text", "e-mail": "email-src", "phone-number": "phone-number",
	"first-name": "first-name", "last-name": "last-name", "certificate": "sha1",
}

// rebuild reads an object back by its template's table, for what the MISP
// project's converter made. Custom properties become relations of type text.
func (r *reader) rebuild(name string, o, observed *stixObject) (Object, bool) {
	t, known := templates[name]
	if !known {
		return Object{}, false
	}
	out := Object{UUID: o.uuid, Name: name, MetaCategory: o.label("meta-category"), Timestamp: timestamp(o.text("modified"))}
	tags := r.tags(o, false)
	add := func(relation, kind, value, data string) {
		if value == "" || slices.ContainsFunc(out.Attributes, func(a Attribute) bool { return a.Relation == relation && a.Value == value }) {
			return
		}
		if kind == "" {
			if kind = relationTypes[relation]; kind == "" {
				kind = "text"
				if _, own := kinds[relation]; own {
					kind = relation
				}
			}
		}
		out.Attributes = append(out.Attributes, Attribute{
			UUID: derive(o.id, relation, value), Type: kind, Relation: relation, Value: value, Data: data, Tags: tags,
			ToIDS: o.typ == "indicator" && t.rule == "",
		})
	}
	switch {
	case t.rule != "":
		for _, f := range t.fields {
			if f.path[0] != "url" {
				add(f.relation, "", o.text(f.path[0]), "")
			}
		}
		for _, u := range externalURLs(o) {
			for _, f := range t.fields {
				if f.path[0] == "url" {
					add(f.relation, "link", u, "")
				}
			}
		}
		r.readBack(name, template{}, observableFacts(o, func(string) *stixObject { return nil }), "", add)
		if len(out.Attributes) > 0 {
			out.Attributes[0].ToIDS = true
		}
	case t.domain:
		r.readBack(name, t, observableFacts(o, func(string) *stixObject { return nil }), o.typ, add)
		if t.object == "identity" && t.finish != nil {
			contactFacts(o.text("contact_information"), add)
			if !slices.ContainsFunc(t.fields, func(f field) bool { return f.relation == "name" }) {
				add("full-name", "full-name", o.text("name"), "")
			}
		}
		if m, ok := o.m["precision"].(float64); ok && name == "geolocation" {
			add("accuracy-radius", "float", strconv.FormatFloat(m/1000, 'f', -1, 64), "")
		}
		if name == "script" {
			for _, v := range o.list("implementation_languages") {
				add("language", "", v, "")
			}
		}
		for _, u := range externalURLs(o) {
			add("references", "link", u, "")
		}
		for _, id := range externalIDs(o) {
			add("id", "text", strings.TrimPrefix(id, "CAPEC-"), "")
		}
	default:
		found, _, _ := patternFacts(o.text("pattern"))
		if objects := r.observables(observed); len(objects) > 0 {
			if name == "process" { // the others are its parents and children
				objects = slices.DeleteFunc(slices.Clone(objects), func(x *stixObject) bool { return x.uuid != o.uuid })
			}
			found = append(r.factsOf(objects), found...)
		}
		if d := found.get("file:content_ref.payload_bin"); d != "" && !strings.HasPrefix(name, "pe") {
			relation, value := "attachment", found.get("file:content_ref.x_misp_filename")
			if found.get("file:content_ref.decryption_key") != "" {
				relation, value = "malware-sample", value+"|"+found.get("file:content_ref.hashes.MD5")
			}
			add(relation, relation, value, d)
		}
		if d := found.get("artifact:payload_bin"); d != "" && name == "artifact" {
			add("payload_bin", "attachment", o.uuid, d)
		}
		protocolFacts(name, found, add)
		r.readBack(name, t, found, t.object, add)
	}
	return out, len(out.Attributes) > 0
}

// backRelations are the relations of what templates build by other means than
// their table.
var backRelations = map[string][]field{
	"domain-ip":          whole("domain=domain-name:value ip=domain-name:resolves_to_refs.value"),
	"asn":                whole("asn=autonomous-system:number"),
	"email":              whole("from=email-message:from_ref.value from-display-name=email-message:from_ref.display_name to=email-message:to_refs.value to-display-name=email-message:to_refs.display_name cc=email-message:cc_refs.value cc-display-name=email-message:cc_refs.display_name bcc=email-message:bcc_refs.value bcc-display-name=email-message:bcc_refs.display_name reply-to=email-message:additional_header_fields.Reply-To reply-to=email-message:additional_header_fields.reply_to x-mailer=email-message:additional_header_fields.X-Mailer x-mailer=email-message:additional_header_fields.x_mailer attachment=email-message:body_multipart.body_raw_ref.name email-body=email-message:body"),
	"file":               whole("path=file:parent_directory_ref.path"),
	"lnk":                whole("path=file:parent_directory_ref.path"),
	"process":            whole("image=process:image_ref.name child-pid=process:child_refs.pid parent-pid=process:parent_ref.pid parent-command-line=process:parent_ref.command_line parent-image=process:parent_ref.image_ref.name parent-process-name=process:parent_ref.x_misp_process_name"),
	"http-request":       whole("ip-src=network-traffic:src_ref.value ip-dst=network-traffic:dst_ref.value method=network-traffic:extensions.http-request-ext.request_method uri=network-traffic:extensions.http-request-ext.request_value content-type=network-traffic:extensions.http-request-ext.request_header.Content-Type user-agent=network-traffic:extensions.http-request-ext.request_header.User-Agent host=domain-name:value"),
	"ip-port":            whole("ip-src=network-traffic:src_ref.value ip-dst=network-traffic:dst_ref.value"),
	"netflow":            whole("ip-src=network-traffic:src_ref.value ip-dst=network-traffic:dst_ref.value src-as=network-traffic:src_ref.belongs_to_refs.number dst-as=network-traffic:dst_ref.belongs_to_refs.number tcp-flags=network-traffic:extensions.tcp-ext.src_flags_hex"),
	"network-connection": whole("ip-src=network-traffic:src_ref.value ip-dst=network-traffic:dst_ref.value"),
	"network-socket":     whole("ip-src=network-traffic:src_ref.value ip-dst=network-traffic:dst_ref.value address-family=network-traffic:extensions.socket-ext.address_family socket-type=network-traffic:extensions.socket-ext.socket_type"),
	"registry-key":       whole("name=windows-registry-key:values.name data=windows-registry-key:values.data data-type=windows-registry-key:values.data_type"),
	"registry-key-value": whole("name=windows-registry-key:values.name data=windows-registry-key:values.data data-type=windows-registry-key:values.data_type"),
	"organization":       whole("role=identity:roles"),
}

// whole reads relation=path, separated by spaces, where the path stays one.
func whole(text string) []field {
	var out []field
	for _, part := range strings.Fields(text) {
		relation, path, _ := strings.Cut(part, "=")
		out = append(out, field{relation: relation, path: []string{path}})
	}
	return out
}

// nameRelations are the relations of a destination that is a name.
var nameRelations = map[string]string{"ip-port": "domain", "network-connection": "hostname-dst", "network-socket": "hostname-dst", "http-request": "host"}

// protocolFacts reads the protocols of network traffic, which templates tell in
// different relations and capitals.
func protocolFacts(name string, found facts, add func(relation, kind, value, data string)) {
	if name != "netflow" && name != "network-connection" && name != "network-socket" {
		return
	}
	for _, f := range found {
		if f.path != "network-traffic:protocols" {
			continue
		}
		relation, p := "protocol", strings.ToUpper(f.value)
		switch {
		case name == "network-connection":
			relation = "layer7-protocol"
			switch p {
			case "IP", "IPV4", "IPV6", "ICMP", "ARP":
				relation = "layer3-protocol"
			case "TCP", "UDP":
				relation = "layer4-protocol"
			}
		case name == "netflow" && p == "TCP" && found.get("network-traffic:extensions.tcp-ext.src_flags_hex") != "":
			continue
		}
		add(relation, "", p, "")
	}
	for _, state := range []string{"listening", "blocking"} {
		if found.get("network-traffic:extensions.socket-ext.is_"+state) == "true" {
			add("state", "", state, "")
		}
	}
}

// contactFacts takes apart what contact wrote.
func contactFacts(text string, add func(relation, kind, value, data string)) {
	for _, part := range strings.Split(text, " / ") {
		if relation, values, ok := strings.Cut(part, ": "); ok {
			for _, v := range strings.Split(values, "; ") {
				add(relation, "", v, "")
			}
		}
	}
}

func (r *reader) readBack(name string, t template, found facts, object string, add func(relation, kind, value, data string)) {
	taken := map[string]bool{} // several relations may share a property: the first has it
	for _, f := range t.fields {
		path := object + ":" + strings.Join(f.path, ".")
		if taken[path] {
			continue
		}
		seenRelation := false
		for _, x := range found {
			if x.path != path || seenRelation && f.kind != 'l' {
				continue
			}
			kind := ""
			if f.kind == 't' {
				kind = "datetime"
			}
			add(f.relation, kind, x.value, "")
			seenRelation, taken[path] = true, true
		}
	}
	for _, f := range backRelations[name] {
		for _, x := range found {
			if x.path != f.path[0] {
				continue
			}
			v := x.value
			if strings.HasSuffix(x.path, "number") {
				v = "AS" + v
			}
			relation := f.relation
			if strings.HasSuffix(x.path, "dst_ref.value") {
				if _, ip := addressType(v); !ip {
					relation = nameRelations[name]
				}
			}
			if relation != "" {
				add(relation, "", v, "")
			}
		}
	}
	for i, x := range found {
		_, custom, is := strings.Cut(x.path, ":x_misp_")
		if !is {
			continue
		}
		name, part, parts := strings.Cut(custom, ".")
		relation := strings.ReplaceAll(name, "_", "-")
		switch {
		case !parts:
			add(relation, "", x.value, "")
		case part == "value": // an attachment; its data come before it
			attached := ""
			if i > 0 && found[i-1].path == strings.TrimSuffix(x.path, "value")+"data" {
				attached = found[i-1].value
			}
			add(relation, "attachment", x.value, attached)
		}
	}
}

func externalURLs(o *stixObject) []string { return externals(o, "url") }
func externalIDs(o *stixObject) []string  { return externals(o, "external_id") }

func externals(o *stixObject, name string) []string {
	var out []string
	refs, _ := o.m["external_references"].([]any)
	for _, x := range refs {
		if m, ok := x.(map[string]any); ok {
			if s, ok := m[name].(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func (r *reader) customObject(o *stixObject) {
	var object Object
	o.own("x_misp_object", &object)
	object.UUID = firstText(object.UUID, o.uuid)
	object.Name = firstText(object.Name, o.text("x_misp_name"))
	object.MetaCategory = firstText(object.MetaCategory, o.text("x_misp_meta_category"))
	object.Comment = firstText(object.Comment, o.text("x_misp_comment"))
	if object.Timestamp == "" {
		if _, ours := o.m["x_misp_object"]; !ours {
			object.Timestamp = timestamp(o.text("modified"))
		}
	}
	if !o.own("x_misp_attributes", &object.Attributes) || object.Name == "" {
		r.skip(o, "it has no name or no attributes")
		return
	}
	for i := range object.Attributes {
		if object.Attributes[i].Timestamp == "" {
			object.Attributes[i].Timestamp = object.Timestamp
		}
	}
	r.tighten(&object, o)
	r.objectOf[o.id] = len(r.event.Objects)
	r.event.Objects = append(r.event.Objects, object)
}

func firstText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// domains reads domain objects: attributes and objects that are told by them,
// clusters of galaxies, and notes.
func (r *reader) domains() {
	where := map[string]bool{}
	for _, o := range r.all {
		if o.typ == "sighting" {
			for _, id := range o.list("where_sighted_refs") {
				where[id] = true
			}
		}
		where[o.text("created_by_ref")] = true
		where[o.text("x_misp_author_ref")] = true
	}
	for _, o := range r.all {
		switch {
		case o.used:
		case o.m["x_misp_galaxy"] != nil && o.typ != "relationship":
			r.clusters = append(r.clusters, o)
		case o.typ == "x-misp-object", o.typ == "x-misp-attribute", strings.HasPrefix(o.typ, "x-misp-object-"), o.typ == "indicator", o.typ == "observed-data":
		case o.label("name") != "" && r.object(o, nil):
		case (o.typ == "vulnerability" || o.typ == "campaign") && o.label("type") != "":
			a := r.base(o)
			a.Type, a.Value, a.Comment = o.label("type"), o.text("name"), o.text("description")
			a.ToIDS = strings.EqualFold(o.label("to_ids"), "true")
			finishAttribute(o, &a)
			r.addAttribute(a, o.id)
		case o.typ == "identity" && where[o.id] && o.label("galaxy-type") == "":
		case galaxyProperties[o.typ] != nil && o.typ != "*":
			r.clusters = append(r.clusters, o)
		case o.typ == "note":
			r.event.Reports = append(r.event.Reports, EventReport{UUID: o.uuid, Name: o.text("abstract"), Content: o.text("content"), Timestamp: timestamp(o.text("modified"))})
		case o.typ == "report", o.typ == "grouping":
			content := o.text("description")
			if content == "" {
				r.skip(o, "an event has one report; of further ones only the description is kept, and this has none")
				continue
			}
			r.event.Reports = append(r.event.Reports, EventReport{UUID: o.uuid, Name: o.text("name"), Content: content, Timestamp: timestamp(o.text("modified"))})
		case o.typ == "relationship", o.typ == "sighting", o.typ == "opinion", o.typ == "marking-definition":
		case plainObservables[o.typ], o.typ == "artifact", o.typ == "directory", o.typ == "process", o.typ == "software", o.typ == "user-account":
		default:
			r.skip(o, "MISP has nothing for objects of this type")
		}
	}
}

// cluster makes a galaxy with one cluster of a domain object.
func (r *reader) cluster(o *stixObject) Galaxy {
	var own struct {
		Galaxy  Galaxy        `json:"Galaxy"`
		Cluster GalaxyCluster `json:"GalaxyCluster"`
	}
	if o.own("x_misp_galaxy", &own) {
		g := own.Galaxy
		g.Name, g.Type = o.label("galaxy-name"), o.label("galaxy-type")
		if d := o.text("description"); own.Cluster.Description == "" && d != g.Description {
			own.Cluster.Description = d
		}
		g.Clusters = []GalaxyCluster{own.Cluster}
		return g
	}
	typ := firstText(o.label("galaxy-type"), "stix-2.1-"+o.typ)
	name := "STIX 2.1 " + strings.ReplaceAll(titled(strings.ReplaceAll(o.typ, "-", " ")), " Of ", " of ")
	if o.typ == "identity" && o.text("identity_class") == "class" {
		typ, name = "sector", "Sector"
	}
	g := Galaxy{Name: firstText(o.label("galaxy-name"), name), Type: typ}
	c := GalaxyCluster{UUID: o.uuid, Type: typ, Value: o.text("name"), Description: o.text("description")}
	var meta record
	listed := func(name string, values []string) {
		if len(values) > 0 {
			b := appendValue(nil, values)
			meta.set(name, jsontext.Value(b))
		}
	}
	if ids := externalIDs(o); len(ids) == 1 {
		meta.set("external_id", ids[0])
		if o.label("galaxy-type") != "" && strings.HasPrefix(o.label("galaxy-type"), "mitre-") {
			c.Value += " - " + ids[0]
		}
	} else {
		listed("external_id", ids)
	}
	listed("refs", externalURLs(o))
	var chain []string
	phases, _ := o.m["kill_chain_phases"].([]any)
	for _, p := range phases {
		if m, ok := p.(map[string]any); ok {
			name, _ := m["kill_chain_name"].(string)
			phase, _ := m["phase_name"].(string)
			chain = append(chain, name+":"+phase)
		}
	}
	listed("kill_chain", chain)
	listed("synonyms", o.list("aliases"))
	if f, ok := o.m["is_family"].(bool); ok && o.label("galaxy-type") == "" {
		meta.set("is_family", f)
	}
	properties := map[string]bool{}
	for _, table := range []string{"*", o.typ} {
		for _, p := range galaxyProperties[table] {
			properties[p] = p != "aliases"
		}
	}
	for _, name := range o.names() {
		key, custom := strings.CutPrefix(name, "x_misp_")
		if !custom && !properties[name] {
			continue
		}
		if s := o.text(name); s != "" {
			meta.set(key, s)
		} else {
			listed(key, o.list(name))
		}
	}
	if len(meta) > 0 {
		c.Meta = appendRecord(nil, meta)
	}
	g.Clusters = []GalaxyCluster{c}
	return g
}

// links reads relationships, sightings and opinions, and hangs the clusters
// where they belong.
func (r *reader) links() {
	isCluster := map[string]*stixObject{}
	for _, o := range r.clusters {
		isCluster[o.id] = o
	}
	r.attached = map[string]bool{}
	for _, o := range r.all {
		switch o.typ {
		case "relationship":
			r.relationship(o, isCluster)
		case "sighting", "opinion":
			r.sighting(o)
		}
	}
	for _, o := range r.clusters {
		if r.inReport == nil && !r.attached[o.id] || r.inReport[o.id] || r.inReport != nil && !r.attached[o.id] {
			addCluster(&r.event.Galaxies, r.cluster(o))
		}
	}
}

// addCluster puts a cluster to those of its galaxy.
func addCluster(to *[]Galaxy, g Galaxy) {
	for i := range *to {
		if have := &(*to)[i]; have.Type == g.Type && have.Name == g.Name && have.UUID == g.UUID {
			have.Clusters = append(have.Clusters, g.Clusters...)
			return
		}
	}
	*to = append(*to, g)
}

// part finds the attribute that a STIX id stands for: the one named in the
// custom property when it stands for an object.
func (r *reader) part(id string, o *stixObject) *Attribute {
	if i, ok := r.attributeOf[id]; ok {
		return &r.event.Attributes[i]
	}
	i, ok := r.objectOf[id]
	want := o.text("x_misp_attribute_uuid")
	if !ok || want == "" {
		return nil
	}
	for ; i < len(r.event.Objects); i++ { // those taken in follow
		for j := range r.event.Objects[i].Attributes {
			if a := &r.event.Objects[i].Attributes[j]; a.UUID == want {
				return a
			}
		}
	}
	return nil
}

func (r *reader) relationship(o *stixObject, isCluster map[string]*stixObject) {
	kind, source, target := o.text("relationship_type"), o.text("source_ref"), o.text("target_ref")
	if _, ours := o.m["x_misp_reference"]; ours {
		return // kept with its object
	}
	if kind == "based-on" && strings.HasPrefix(target, "observed-data--") {
		return
	}
	if cluster := isCluster[target]; cluster != nil {
		if a := r.part(source, o); a != nil {
			addCluster(&a.Galaxies, r.cluster(cluster))
			r.attached[target] = true
			return
		}
	}
	i, ok := r.objectOf[source]
	_, to := r.objectOf[target]
	_, toAttribute := r.attributeOf[target]
	if ok && (to || toAttribute) {
		_, uuid := splitID(target)
		r.event.Objects[i].References = append(r.event.Objects[i].References, ObjectReference{
			UUID: o.uuid, ObjectUUID: r.event.Objects[i].UUID, Target: uuid, Relationship: kind, Comment: o.text("description"), Timestamp: timestamp(o.text("modified")),
		})
		return
	}
	r.skip(o, "MISP has references from objects to objects and attributes, and clusters of attributes, only")
}

func (r *reader) sighting(o *stixObject) {
	of := o.text("sighting_of_ref")
	s := Sighting{UUID: o.uuid, Type: "0", Source: o.text("x_misp_source"), Date: timestamp(firstText(o.text("last_seen"), o.text("modified")))}
	times, who := 1, ""
	if o.typ == "opinion" {
		if refs := o.list("object_refs"); len(refs) > 0 {
			of = refs[0]
		}
		if o.text("opinion") != "strongly-disagree" {
			r.skip(o, "MISP has only the opinion that something is a false positive")
			return
		}
		s.Type, who = "1", o.text("x_misp_author_ref")
	} else {
		if n, ok := o.m["count"].(float64); ok && n > 1 {
			times = int(min(n, 1000))
			if n > 1000 {
				r.skip(o, "of more than 1000 sightings 1000 are kept")
			}
		}
		if refs := o.list("where_sighted_refs"); len(refs) > 0 {
			who = refs[0]
		}
	}
	if o.m["x_misp_no_date"] != nil {
		s.Date = ""
	}
	if org := r.find(who); org != nil {
		s.Org = &Org{UUID: org.uuid, Name: org.text("name")}
	}
	a := r.part(of, o)
	if a == nil {
		r.skip(o, "MISP has sightings of attributes only")
		return
	}
	for i := range times {
		if i > 0 {
			s.UUID = derive(o.id, "sighting", strconv.Itoa(i))
		}
		a.Sightings = append(a.Sightings, s)
	}
}

package misp

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// galaxyTypes maps galaxy types to STIX domain objects.
var galaxyTypes = map[string]string{
	"mitre-attack-pattern": "attack-pattern", "mitre-enterprise-attack-attack-pattern": "attack-pattern", "mitre-mobile-attack-attack-pattern": "attack-pattern", "mitre-pre-attack-attack-pattern": "attack-pattern", "mitre-ics-techniques": "attack-pattern",
	"mitre-course-of-action": "course-of-action", "mitre-enterprise-attack-course-of-action": "course-of-action", "mitre-mobile-attack-course-of-action": "course-of-action",
	"mitre-intrusion-set": "intrusion-set", "mitre-enterprise-attack-intrusion-set": "intrusion-set", "mitre-mobile-attack-intrusion-set": "intrusion-set", "mitre-ics-groups": "intrusion-set", "microsoft-activity-group": "intrusion-set",
	"mitre-malware": "malware", "mitre-enterprise-attack-malware": "malware", "mitre-mobile-attack-malware": "malware", "mitre-ics-software": "malware", "ransomware": "malware", "malpedia": "malware", "banker": "malware", "botnet": "malware", "backdoor": "malware", "rat": "malware", "stealer": "malware", "android": "malware", "exploit-kit": "tool",
	"mitre-tool": "tool", "mitre-enterprise-attack-tool": "tool", "mitre-mobile-attack-tool": "tool", "tool": "tool", "tds": "tool",
	"threat-actor": "threat-actor", "360net-threat-actor": "threat-actor", "branded-vulnerability": "vulnerability",
	"country": "location", "region": "location", "sector": "identity",
}

// galaxyProperties maps what a cluster's meta holds to STIX properties, for the
// types that have them; * is any type.
var galaxyProperties = map[string]map[string]string{
	"*":                {"first_seen": "first_seen", "last_seen": "last_seen", "objective": "objective"},
	"attack-pattern":   {"synonyms": "aliases"},
	"campaign":         {"synonyms": "aliases"},
	"intrusion-set":    {"synonyms": "aliases", "goals": "goals", "resource_level": "resource_level", "primary_motivation": "primary_motivation", "secondary_motivations": "secondary_motivations"},
	"threat-actor":     {"synonyms": "aliases", "roles": "roles", "goals": "goals", "sophistication": "sophistication", "resource_level": "resource_level", "primary_motivation": "primary_motivation", "labels": "threat_actor_types", "threat_actor_types": "threat_actor_types", "secondary_motivations": "secondary_motivations", "personal_motivations": "personal_motivations"},
	"malware":          {"synonyms": "aliases", "labels": "malware_types", "malware_types": "malware_types", "capabilities": "capabilities", "architecture_execution_envs": "architecture_execution_envs", "implementation_languages": "implementation_languages"},
	"tool":             {"synonyms": "aliases", "labels": "tool_types", "tool_types": "tool_types", "tool_version": "tool_version"},
	"location":         {"administrative_area": "administrative_area", "country": "country", "region": "region", "city": "city"},
	"identity":         {"sectors": "sectors", "roles": "roles", "contact_information": "contact_information", "identity_class": "identity_class"},
	"course-of-action": {},
	"vulnerability":    {},
}

// oneValue are the properties that hold one text; the others hold lists.
var oneValue = map[string]bool{"first_seen": true, "last_seen": true, "objective": true, "resource_level": true, "primary_motivation": true, "sophistication": true, "tool_version": true, "administrative_area": true, "country": true, "region": true, "city": true, "contact_information": true, "identity_class": true}

// seenTypes have first_seen and last_seen; only campaigns have an objective.
var seenTypes = []string{"campaign", "intrusion-set", "malware", "threat-actor"}

// domainType says which domain object a galaxy's clusters become.
func domainType(galaxy string) (typ string, ok bool) {
	if typ, ok = galaxyTypes[galaxy]; ok {
		return typ, true
	}
	for _, prefix := range []string{"stix-2.1-", "stix-2.0-"} {
		if t, is := strings.CutPrefix(galaxy, prefix); is {
			_, ok = galaxyProperties[t]
			return t, ok
		}
	}
	return "", false
}

// convertCluster makes the domain object of a cluster. Clusters are shared
// between events, so nothing of an event may be in it: its times are the epoch,
// for a cluster's own are not in the format.
func convertCluster(g *Galaxy, c *GalaxyCluster) (o record, ok bool) {
	galaxyType := g.Type
	if galaxyType == "" {
		galaxyType = c.Type
	}
	typ, ok := domainType(galaxyType)
	if !ok || c.Value == "" {
		return nil, false
	}
	names, meta := []string(nil), map[string]jsontext.Value(nil)
	if len(c.Meta) > 0 && c.Meta.Kind() == '{' {
		names, meta = members(c.Meta)
	}
	slices.Sort(names)
	o = record{{"type", typ}, {"spec_version", "2.1"}, {"id", typ + "--" + idFor(c.UUID, galaxyType, c.Value)}, {"created", epoch}, {"modified", epoch}}
	externals := texts(meta["external_id"])
	name := c.Value
	for _, id := range externals {
		if cut, had := strings.CutSuffix(name, " - "+id); had {
			name = cut
		}
	}
	description := c.Description
	switch typ {
	case "location":
		if galaxyType == "region" {
			if _, rest, two := strings.Cut(name, " - "); two {
				name = rest
			}
			o.set("region", strings.ReplaceAll(strings.ToLower(name), " ", "-"))
		} else {
			if iso := texts(meta["ISO"]); len(iso) > 0 {
				o.set("country", iso[0])
				name = titled(name)
			}
			if description != "" && galaxyType == "country" {
				description = c.Value
			}
		}
		if !strings.HasPrefix(galaxyType, "stix-") {
			description = strings.Trim(g.Description+" | "+description, " |")
		}
	case "identity":
		if galaxyType == "sector" {
			o.set("identity_class", "class")
			if description == "" {
				description = g.Description
			}
		}
	case "malware":
		family := false
		if v := texts(meta["is_family"]); len(v) == 1 {
			family, _ = truth(v[0])
		}
		o.set("is_family", family)
	}
	o.set("name", name)
	o.set("description", description)
	var refs []record
	for _, id := range externals {
		refs = append(refs, record{{"source_name", sourceOf(typ, id)}, {"external_id", id}})
	}
	var rest record
	for _, key := range names {
		values := texts(meta[key])
		property, mapped := galaxyProperties[typ][key]
		if !mapped {
			property, mapped = galaxyProperties["*"][key]
			mapped = mapped && (property == "objective" && typ == "campaign" || property != "objective" && slices.Contains(seenTypes, typ))
		}
		switch {
		case len(values) == 0 || key == "external_id" || key == "is_family" && typ == "malware":
		case key == "refs":
			for _, u := range values {
				refs = append(refs, record{{"source_name", "url"}, {"url", u}})
			}
		case key == "aliases" && typ == "vulnerability":
			for _, v := range values {
				if isCVE(v) {
					refs = append(refs, record{{"source_name", "cve"}, {"external_id", v}})
				}
			}
		case key == "kill_chain" && (typ == "attack-pattern" || typ == "malware" || typ == "tool"):
			var phases []record
			for _, v := range values {
				if i := strings.LastIndexByte(v, ':'); i > 0 && i < len(v)-1 {
					chain, _, _ := strings.Cut(v[:i], ":")
					phases = append(phases, record{{"kill_chain_name", chain}, {"phase_name", v[i+1:]}})
				}
			}
			o.set("kill_chain_phases", phases)
		case mapped && property == "aliases":
			values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == name })
			o.set(property, values)
		case mapped && (property == "first_seen" || property == "last_seen"):
			if t, ok := instant(values[0]); ok {
				o.set(property, moment(t))
			}
		case mapped && oneValue[property]:
			if o.get(property) == nil {
				o.set(property, values[0])
			}
		case mapped:
			o.set(property, values)
		case meta[key].Kind() == '[':
			rest.set(propertyName("x_misp_", key, ""), values)
		default:
			rest.set(propertyName("x_misp_", key, ""), values[0])
		}
	}
	if typ == "identity" && o.get("identity_class") == nil {
		o.set("identity_class", "class")
	}
	if (typ == "location") && o.get("country") == nil && o.get("region") == nil {
		return nil, false // STIX demands one of them or coordinates
	}
	labels := []string{`misp:galaxy-name="` + g.Name + `"`, `misp:galaxy-type="` + galaxyType + `"`}
	if g.Name == "" {
		labels = labels[1:]
	}
	o.set("labels", labels)
	o.set("external_references", refs)
	o = append(o, rest...)
	// What the object cannot say: how the cluster is called among its own, and
	// its meta as it stands.
	own := struct {
		Galaxy struct {
			UUID        string `json:"uuid,omitzero"`
			Description string `json:"description,omitzero"`
		} `json:"Galaxy"`
		Cluster GalaxyCluster `json:"GalaxyCluster"`
	}{Cluster: *c}
	own.Cluster.Extra = nil
	if o.text("description") == c.Description {
		own.Cluster.Description = ""
	}
	own.Galaxy.UUID, own.Galaxy.Description = g.UUID, g.Description
	if b, err := json.Marshal(own, json.Deterministic(true)); err == nil {
		o.set("x_misp_galaxy", jsontext.Value(b))
	}
	return o, true
}

const epoch = "1970-01-01T00:00:00.000Z"

// sourceOf names the catalogue an external id is of.
func sourceOf(typ, id string) string {
	switch {
	case strings.HasPrefix(id, "CAPEC-"):
		return "capec"
	case isCVE(id), typ == "vulnerability":
		return "cve"
	}
	return "mitre-attack"
}

// titled writes the first letter of each word large.
func titled(s string) string {
	b := []byte(s)
	for i := range b {
		if (i == 0 || b[i-1] == ' ') && 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// texts reads a JSON string, number, truth value or list of them.
func texts(v jsontext.Value) []string {
	var out []string
	d := jsontext.NewDecoder(bytes.NewBuffer(v))
	for len(v) > 0 {
		t, err := d.ReadToken()
		if err != nil {
			break
		}
		switch t.Kind() {
		case '"', '0', 't', 'f':
			if d.StackDepth() <= 1 && t.String() != "" {
				out = append(out, t.String())
			}
		case '{': // meta has no deeper values that STIX could hold
			return nil
		}
	}
	return out
}

package intel

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/stix/pattern"
)

// plainValue is a value that can be looked for by itself.
type plainValue struct {
	Type  iocs.Type
	Value string
}

// takes reports whether an object belongs into the export. What is acted on by
// machines holds nothing that is over, unless the search asks for just that.
func (r ExportRequest) takes(o Object, now time.Time) bool {
	if r.Format != ExportList && !r.Format.Rules() {
		return true
	}
	if o.Revoked && r.Query.Revoked == nil || o.Expired(now) && r.Query.Expired == nil {
		return false
	}
	if r.Format.Rules() {
		return o.Type == "indicator" && o.PatternType == string(r.Format)
	}
	return len(r.listed(o)) > 0
}

// listed are the values of an object that go into a list.
func (r ExportRequest) listed(o Object) (vs []plainValue) {
	for _, v := range plainValues(o.Object) {
		if r.Values == "" || v.Type == r.Values {
			vs = append(vs, v)
		}
	}
	return vs
}

// plainValues are the values that an object stands for: of an observable its own,
// of an indicator those of which one alone meets its pattern. Of a pattern that
// asks for more than a value there are none: looking for its parts would find what
// it does not mean.
func plainValues(o stix.Object) (vs []plainValue) {
	add := func(typ, path, value string) {
		t, ok := plainPaths[typ+":"+path]
		if !ok {
			return
		}
		if t, value, err := iocs.Parse(t, value); err == nil && !strings.ContainsAny(value, "\r\n") {
			vs = append(vs, plainValue{t, value})
		}
	}
	switch {
	case o.Type == "indicator" && o.PatternType == "stix":
		p, err := pattern.Parse(o.Pattern)
		if err != nil {
			return nil
		}
		all, ok := p.Any()
		if !ok {
			return nil
		}
		for _, c := range all {
			before := len(vs)
			if add(c.Type, c.Path, c.Value); len(vs) == before {
				return nil // a part that no list can say: the rest would be another pattern
			}
		}
	case o.IsSCO():
		var s struct {
			Value  string            `json:"value"`
			Name   string            `json:"name"`
			Key    string            `json:"key"`
			Number *int64            `json:"number"`
			Hashes map[string]string `json:"hashes"`
		}
		if err := json.Unmarshal(o.Raw, &s); err != nil {
			return nil // a custom type's own idea of these names
		}
		add(o.Type, "value", s.Value)
		if o.Type == "mutex" || o.Type == "file" && len(s.Hashes) == 0 {
			add(o.Type, "name", s.Name)
		}
		add(o.Type, "key", s.Key)
		if s.Number != nil {
			add(o.Type, "number", strconv.FormatInt(*s.Number, 10))
		}
		for _, name := range sorted(s.Hashes) {
			add(o.Type, hashPath(name), s.Hashes[name])
		}
	}
	return vs
}

// plainPaths are the properties whose values lists know.
var plainPaths = map[string]iocs.Type{
	"ipv4-addr:value": iocs.IPv4, "ipv6-addr:value": iocs.IPv6, "domain-name:value": iocs.Domain, "url:value": iocs.URL, "email-addr:value": iocs.Email,
	"mac-addr:value": iocs.MAC, "autonomous-system:number": iocs.ASN, "mutex:name": iocs.Mutex, "windows-registry-key:key": iocs.Registry, "file:name": iocs.FileName,
	"file:hashes.MD5": iocs.MD5, "file:hashes.'SHA-1'": iocs.SHA1, "file:hashes.'SHA-224'": iocs.SHA224, "file:hashes.'SHA-256'": iocs.SHA256,
	"file:hashes.'SHA-384'": iocs.SHA384, "file:hashes.'SHA-512'": iocs.SHA512,
}

// hashPath is the path of a hash as patterns write it.
func hashPath(name string) string {
	if strings.Contains(name, "-") {
		name = "'" + name + "'"
	}
	return "hashes." + name
}

package stix

import (
	"errors"
	"strings"
	"testing"
)

// TestRules: each rule of the standard refuses what breaks it, at its place and
// for its reason; "" as a reason means that the object is accepted (T-55).
func TestRules(t *testing.T) {
	obj := func(typ string) string { return typ + "--" + u2 }
	relation := func(members string) string {
		return made("relationship", `"relationship_type":"uses","source_ref":"`+obj("malware")+`"`+comma(members))
	}
	observed := `"first_observed":"2026-01-02T00:00:00Z","last_observed":"2026-01-02T00:00:00Z","number_observed":1`
	pattern := `"pattern":"x","pattern_type":"yara","valid_from":"2026-01-02T00:00:00Z"`
	for _, c := range []struct{ name, raw, pointer, reason string }{
		// §2, §3: what every object has.
		{"no type", `{"id":"` + obj("tool") + `"}`, "", "type is missing"},
		{"type is a number", `{"type":7}`, "/type", "not the name of a type"},
		{"type in capitals", strings.Replace(made("tool", `"name":"x"`), `"tool"`, `"Tool"`, 1), "/type", "not the name of a type"},
		{"type with two hyphens", made("x--y", ""), "/type", "not the name of a type"},
		{"type unknown", made("pump", ""), "/type", "pump is not a type of STIX 2.1"},
		{"type defined by a property extension only", made("pump", `"extensions":{"extension-definition--`+u1+`":{"extension_type":"property-extension"}}`), "/type", "not a type"},
		{"type defined by its extension", made("pump", `"extensions":{"extension-definition--`+u1+`":{"extension_type":"new-sdo"}}`), "", ""},
		{"a bundle", `{"type":"bundle","id":"` + obj("bundle") + `"}`, "/type", "a bundle where an object should be"},
		{"no id", `{"type":"url","value":"x"}`, "", "id is missing"},
		{"id of another type", strings.Replace(made("tool", `"name":"x"`), `"tool--`, `"malware--`, 1), "/id", "id is of the type malware"},
		{"id without a UUID", strings.Replace(made("tool", `"name":"x"`), u1, "1", 1), "/id", "not an identifier"},
		{"id of no variant", strings.Replace(made("tool", `"name":"x"`), "-9b59-", "-1b59-", 1), "/id", "not an identifier"},
		{"id of version 0", strings.Replace(made("tool", `"name":"x"`), "-41ef-", "-01ef-", 1), "/id", "not an identifier"},
		{"id of version 7", strings.Replace(made("tool", `"name":"x"`), "-41ef-", "-71ef-", 1), "", ""},
		{"STIX 2.0", strings.Replace(made("tool", `"name":"x"`), `"spec_version":"2.1",`, "", 1), "", "this is STIX 2.0"},
		{"STIX 2.0, said", strings.Replace(made("tool", `"name":"x"`), `"2.1"`, `"2.0"`, 1), "/spec_version", "this is STIX 2.0"},
		{"STIX 2.2", strings.Replace(made("tool", `"name":"x"`), `"2.1"`, `"2.2"`, 1), "/spec_version", "neither STIX 2.1 nor 2.0"},
		{"spec_version is a number", strings.Replace(made("tool", `"name":"x"`), `"2.1"`, `2.1`, 1), "/spec_version", "not a string"},
		{"an observable of 2.0", seen("url", `"value":"x","spec_version":"2.0"`), "/spec_version", "this is STIX 2.0"},
		{"no created", strings.Replace(made("tool", `"name":"x"`), `"created"`, `"x_created"`, 1), "", "created is missing"},
		{"no modified", strings.Replace(made("tool", `"name":"x"`), `"modified"`, `"x_modified"`, 1), "", "modified is missing"},
		{"created in seconds", strings.Replace(made("tool", `"name":"x"`), `05.000Z","m`, `05Z","m`, 1), "/created", "less exact than milliseconds"},
		{"modified in tenths", strings.Replace(made("tool", `"name":"x"`), `05.000Z","n`, `05.0Z","n`, 1), "/modified", "less exact than milliseconds"},
		{"modified before created", strings.Replace(made("tool", `"name":"x"`), `"modified":"2026`, `"modified":"2025`, 1), "/modified", "before created"},
		{"created with an offset", strings.Replace(made("tool", `"name":"x"`), `05.000Z`, `05.000+00:00`, 1), "/created", "not a timestamp"},
		{"created is null", strings.Replace(made("tool", `"name":"x"`), `"2026-01-02T03:04:05.000Z"`, `null`, 1), "/created", "not a string"},
		{"created_by_ref to a tool", made("tool", `"name":"x","created_by_ref":"`+obj("tool")+`"`), "/created_by_ref", "of the type tool, not of identity"},
		{"revoked in words", made("tool", `"name":"x","revoked":"true"`), "/revoked", "neither true nor false"},
		{"confidence 101", made("tool", `"name":"x","confidence":101`), "/confidence", "from 0 to 100"},
		{"confidence -1", made("tool", `"name":"x","confidence":-1`), "/confidence", "from 0 to 100"},
		{"confidence 1.5", made("tool", `"name":"x","confidence":1.5`), "/confidence", "not a whole number"},
		{"confidence 1e1", made("tool", `"name":"x","confidence":1e1`), "/confidence", "not a whole number"},
		{"confidence 0", made("tool", `"name":"x","confidence":0`), "", ""},
		{"lang", made("tool", `"name":"x","lang":"e n"`), "/lang", "not a language code"},
		{"labels empty", made("tool", `"name":"x","labels":[]`), "/labels", "the list is empty"},
		{"labels a string", made("tool", `"name":"x","labels":"a"`), "/labels", "not a list"},
		{"labels of numbers", made("tool", `"name":"x","labels":["a",7]`), "/labels/1", "not a string"},
		{"a custom property", made("tool", `"name":"x","whatever":[],"x_1":{}`), "", ""},
		{"a custom property in capitals", made("tool", `"name":"x","Whatever":1`), "/Whatever", "a property's name"},
		{"a custom property of two letters", made("tool", `"name":"x","ab":1`), "/ab", "a property's name"},
		{"a custom property with a space", made("tool", `"name":"x","a b c":1`), "/…", "a property's name"},
		{"a custom property too long", made("tool", `"name":"x","`+strings.Repeat("a", 251)+`":1`), "/…", "a property's name"},
		{"a custom property that is null", made("tool", `"name":"x","x_a":null`), "/x_a", "null"},

		// §2.5, §2.7, §7.2: what many objects have.
		{"reference without a source", made("tool", `"name":"x","external_references":[{"url":"u"}]`), "/external_references/0", "source_name is missing"},
		{"reference to nothing", made("tool", `"name":"x","external_references":[{"source_name":"s"}]`), "/external_references/0", "one of description, url, external_id"},
		{"reference, hash wrong", made("tool", `"name":"x","external_references":[{"source_name":"s","url":"u","hashes":{"MD5":"7"}}]`), "/external_references/0/hashes/MD5", "not a hash"},
		{"references empty", made("tool", `"name":"x","external_references":[]`), "/external_references", "empty"},
		{"reference no object", made("tool", `"name":"x","external_references":["s"]`), "/external_references/0", "not an object"},
		{"cve", made("vulnerability", `"name":"x","external_references":[{"source_name":"cve","external_id":"CVE-2026-12"}]`), "/external_references/0/external_id", "not a CVE id"},
		{"cve fine", made("vulnerability", `"name":"x","external_references":[{"source_name":"cve","external_id":"CVE-2026-123456"}]`), "", ""},
		{"capec", made("attack-pattern", `"name":"x","external_references":[{"source_name":"capec","external_id":"66"}]`), "/external_references/0/external_id", "not a CAPEC id"},
		{"phase without a name", made("tool", `"name":"x","kill_chain_phases":[{"kill_chain_name":"k"}]`), "/kill_chain_phases/0", "phase_name is missing"},
		{"marking by a tool", made("tool", `"name":"x","object_marking_refs":["`+obj("tool")+`"]`), "/object_marking_refs/0", "not of marking-definition"},
		{"marking by a name", made("tool", `"name":"x","object_marking_refs":["TLP:RED"]`), "/object_marking_refs/0", "not an identifier"},
		{"marking no list", made("tool", `"name":"x","object_marking_refs":"`+tlpRed+`"`), "/object_marking_refs", "not a list"},
		{"granular with neither", made("tool", `"name":"x","granular_markings":[{"selectors":["name"]}]`), "/granular_markings/0", "exactly one of"},
		{"granular with both", made("tool", `"name":"x","granular_markings":[{"selectors":["name"],"lang":"en","marking_ref":"`+tlpRed+`"}]`), "/granular_markings/0", "exactly one of"},
		{"granular without selectors", made("tool", `"name":"x","granular_markings":[{"lang":"en"}]`), "/granular_markings/0", "selectors is missing"},
		{"granular, selectors empty", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":[]}]`), "/granular_markings/0/selectors", "empty"},
		{"selector wrong", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":["a b"]}]`), "/granular_markings/0/selectors/0", "not a selector"},
		{"selector begins with a position", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":["[0]"]}]`), "/granular_markings/0/selectors/0", "not a selector"},
		{"selector ends in a point", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":["name."]}]`), "/granular_markings/0/selectors/0", "not a selector"},
		{"selector of a position without a number", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":["labels.[]"]}]`), "/granular_markings/0/selectors/0", "not a selector"},
		{"selectors fine", made("tool", `"name":"x","granular_markings":[{"lang":"en","selectors":["id","labels.[12]","external_references.[0].hashes.SHA-256"]}]`), "", ""},
		{"extensions empty", made("tool", `"name":"x","extensions":{}`), "/extensions", "empty"},
		{"extension empty", made("tool", `"name":"x","extensions":{"x-ext":{}}`), "/extensions/x-ext", "empty"},
		{"extension no object", made("tool", `"name":"x","extensions":{"x-y-ext":1}`), "/extensions/x-y-ext", "not an object"},
		{"extension by a name", made("tool", `"name":"x","extensions":{"mine":{"a":1}}`), "/extensions/mine", "an extension's key"},
		{"extension without its kind", made("tool", `"name":"x","extensions":{"extension-definition--`+u1+`":{"a":1}}`), "/extensions/extension-definition--" + u1, "extension_type is missing"},
		{"extension of an unknown kind", made("tool", `"name":"x","extensions":{"extension-definition--`+u1+`":{"extension_type":"x"}}`), "/extensions/extension-definition--" + u1 + "/extension_type", "none of new-sdo"},

		// §4: domain objects.
		{"a string that is a number", made("tool", `"name":7`), "/name", "not a string"},
		{"aliases may be empty here", made("attack-pattern", `"name":"x","aliases":[]`), "", ""},
		{"aliases may not be empty here", made("malware", `"is_family":false,"aliases":[]`), "/aliases", "empty"},
		{"campaign ends before it begins", made("campaign", `"name":"x","first_seen":"2026-01-02T00:00:00Z","last_seen":"2026-01-01T00:00:00Z"`), "/last_seen", "before first_seen"},
		{"campaign of an instant", made("campaign", `"name":"x","first_seen":"2026-01-02T00:00:00Z","last_seen":"2026-01-02T00:00:00Z"`), "", ""},
		{"grouping without context", made("grouping", `"object_refs":["`+obj("tool")+`"]`), "", "context is missing"},
		{"grouping of nothing", made("grouping", `"context":"unspecified","object_refs":[]`), "/object_refs", "empty"},
		{"indicator without a pattern", made("indicator", `"pattern_type":"stix","valid_from":"2026-01-02T00:00:00Z"`), "", "pattern is missing"},
		{"indicator without its kind", made("indicator", `"pattern":"x","valid_from":"2026-01-02T00:00:00Z"`), "", "pattern_type is missing"},
		{"indicator without a begin", made("indicator", `"pattern":"x","pattern_type":"yara"`), "", "valid_from is missing"},
		{"indicator that ends as it begins", made("indicator", pattern+`,"valid_until":"2026-01-02T00:00:00.000Z"`), "/valid_until", "not after valid_from"},
		{"indicator of an open kind", made("indicator", pattern+`,"indicator_types":["anything"]`), "", ""},
		{"location nowhere", made("location", `"city":"Berne"`), "", "one of region, country"},
		{"location by half", made("location", `"latitude":1`), "", "together"},
		{"location beyond the pole", made("location", `"latitude":90.1,"longitude":0`), "/latitude", "from -90 to 90"},
		{"location beyond the date line", made("location", `"latitude":1,"longitude":-181`), "/longitude", "from -180 to 180"},
		{"location exact about nothing", made("location", `"country":"ch","precision":3`), "/precision", "without latitude"},
		{"location fine", made("location", `"latitude":-46.9,"longitude":7.4,"precision":10.5`), "", ""},
		{"location of no number", made("location", `"latitude":"1","longitude":1`), "/latitude", "not a number"},
		{"malware or family", made("malware", `"name":"x"`), "", "is_family is missing"},
		{"family without a name", made("malware", `"is_family":true`), "", "name is missing"},
		{"malware without a name", made("malware", `"is_family":false`), "", ""},
		{"malware, sample a tool", made("malware", `"is_family":false,"sample_refs":["`+obj("tool")+`"]`), "/sample_refs/0", "not of artifact or file"},
		{"analysis without a result", made("malware-analysis", `"product":"x"`), "", "one of result, analysis_sco_refs"},
		{"analysis in a file", made("malware-analysis", `"product":"x","result":"benign","host_vm_ref":"`+obj("file")+`"`), "/host_vm_ref", "not of software"},
		{"analysis found a tool", made("malware-analysis", `"product":"x","analysis_sco_refs":["`+obj("tool")+`"]`), "/analysis_sco_refs/0", "may not refer"},
		{"note without content", made("note", `"object_refs":["`+obj("tool")+`"]`), "", "content is missing"},
		{"note on nothing", made("note", `"content":"x"`), "", "object_refs is missing"},
		{"observed nothing", made("observed-data", observed), "", "exactly one of object_refs and objects"},
		{"observed both", made("observed-data", observed+`,"objects":{"0":{"type":"url"}},"object_refs":["`+obj("url")+`"]`), "", "exactly one of"},
		{"observed a tool", made("observed-data", observed+`,"object_refs":["`+obj("tool")+`"]`), "/object_refs/0", "may not refer"},
		{"observed a relationship", made("observed-data", observed+`,"object_refs":["`+obj("url")+`","`+obj("relationship")+`"]`), "", ""},
		{"observed nought times", made("observed-data", strings.Replace(observed, `:1`, `:0`, 1)+`,"object_refs":["`+obj("url")+`"]`), "/number_observed", "from 1 to"},
		{"observed, old form without a type", made("observed-data", observed+`,"objects":{"0":{"value":"x"}}`), "/objects/0", "type is missing"},
		{"observed backwards", made("observed-data", strings.Replace(observed, `last_observed":"2026`, `last_observed":"2025`, 1)+`,"object_refs":["`+obj("url")+`"]`), "/last_observed", "before first_observed"},
		{"opinion of one's own", made("opinion", `"opinion":"maybe","object_refs":["`+obj("tool")+`"]`), "/opinion", "none of strongly-disagree"},
		{"opinion missing", made("opinion", `"object_refs":["`+obj("tool")+`"]`), "", "opinion is missing"},
		{"report unpublished", made("report", `"name":"x","object_refs":["`+obj("tool")+`"]`), "", "published is missing"},
		{"report without a name", made("report", `"published":"2026-01-02T00:00:00Z","object_refs":["`+obj("tool")+`"]`), "", "name is missing"},
		{"identity without a name", made("identity", `"identity_class":"class"`), "", "name is missing"},

		// §5: relationships.
		{"relationship to nothing", relation(""), "", "target_ref is missing"},
		{"relationship to a relationship", relation(`"target_ref":"` + obj("relationship") + `"`), "/target_ref", "may not refer to an object of the type relationship"},
		{"relationship to a marking", relation(`"target_ref":"` + tlpRed + `"`), "/target_ref", "may not refer"},
		{"relationship that ends as it begins", relation(`"target_ref":"` + obj("tool") + `","start_time":"2026-01-02T00:00:00Z","stop_time":"2026-01-02T00:00:00Z"`), "/stop_time", "not after start_time"},
		{"relationship of a spaced kind", strings.Replace(relation(`"target_ref":"`+obj("tool")+`"`), `"uses"`, `"Is used"`, 1), "/relationship_type", "other than a–z"},
		{"relationship of a free kind", strings.Replace(relation(`"target_ref":"`+obj("tool")+`"`), `"uses"`, `"x-likes"`, 1), "", ""},
		{"sighting of nothing", made("sighting", ""), "", "sighting_of_ref is missing"},
		{"sighting of a sighting", made("sighting", `"sighting_of_ref":"`+obj("sighting")+`"`), "/sighting_of_ref", "may not refer"},
		{"sighting too often", made("sighting", `"sighting_of_ref":"`+obj("tool")+`","count":1000000000`), "/count", "from 0 to 999999999"},
		{"sighting backwards", made("sighting", `"sighting_of_ref":"`+obj("tool")+`","first_seen":"2026-01-02T00:00:00Z","last_seen":"2026-01-01T00:00:00Z"`), "/last_seen", "before first_seen"},
		{"sighting in a tool", made("sighting", `"sighting_of_ref":"`+obj("tool")+`","where_sighted_refs":["`+obj("tool")+`"]`), "/where_sighted_refs/0", "not of identity or location"},

		// §6: observables.
		{"artifact of nothing", seen("artifact", `"mime_type":"text/plain"`), "", "one of payload_bin, url"},
		{"artifact twice", seen("artifact", `"payload_bin":"AAAA","url":"u","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}`), "/url", "exclude each other"},
		{"artifact elsewhere, unhashed", seen("artifact", `"url":"u"`), "", "hashes is missing"},
		{"artifact no base64", seen("artifact", `"payload_bin":"A=A="`), "/payload_bin", "not base64"},
		{"artifact with a key to nothing", seen("artifact", `"payload_bin":"AAA=","decryption_key":"k"`), "/decryption_key", "without encryption_algorithm"},
		{"artifact, cipher unknown", seen("artifact", `"payload_bin":"AAA=","encryption_algorithm":"ROT13"`), "/encryption_algorithm", "none of AES"},
		{"network by name", seen("autonomous-system", `"name":"x"`), "", "number is missing"},
		{"directory of a tool", seen("directory", `"path":"/","contains_refs":["`+obj("tool")+`"]`), "/contains_refs/0", "not of file or directory"},
		{"domain with a space", seen("domain-name", `"value":"a b"`), "/value", "not a domain name"},
		{"domain that is a URL", seen("domain-name", `"value":"https://a.example"`), "/value", "not a domain name"},
		{"domain in other letters", seen("domain-name", `"value":"bücher.example"`), "", ""},
		{"address without @", seen("email-addr", `"value":"jane"`), "/value", "not an e-mail address"},
		{"mail, parts unknown", seen("email-message", `"subject":"x"`), "", "is_multipart is missing"},
		{"mail in one part with parts", seen("email-message", `"is_multipart":false,"body_multipart":[{"body":"x"}]`), "/body_multipart", "contradicts"},
		{"mail in parts with one", seen("email-message", `"is_multipart":true,"body":"x"`), "/body", "contradicts"},
		{"mail, part of nothing", seen("email-message", `"is_multipart":true,"body_multipart":[{"content_type":"text/plain"}]`), "/body_multipart/0", "one of body, body_raw_ref"},
		{"mail to a tool", seen("email-message", `"is_multipart":false,"to_refs":["`+obj("tool")+`"]`), "/to_refs/0", "not of email-addr"},
		{"file of no name", seen("file", `"size":1`), "", "one of hashes, name"},
		{"file of negative size", seen("file", `"name":"x","size":-1`), "/size", "from 0 to"},
		{"file too large", seen("file", `"name":"x","size":9007199254740992`), "/size", "too large"},
		{"file, magic odd", seen("file", `"name":"x","magic_number_hex":"abc"`), "/magic_number_hex", "pairs of hexadecimal"},
		{"file, hash short", seen("file", `"hashes":{"SHA-256":"abcd"}`), "/hashes/SHA-256", "not a hash of this kind"},
		{"file, hash unknown", seen("file", `"hashes":{"X-OWN":"anything"}`), "", ""},
		{"file, hashes empty", seen("file", `"hashes":{}`), "/hashes", "empty"},
		{"file, hash of a number", seen("file", `"hashes":{"MD5":7}`), "/hashes/MD5", "not a string"},
		{"file, archive of nothing", seen("file", `"name":"x","extensions":{"archive-ext":{"comment":"c"}}`), "/extensions/archive-ext", "contains_refs is missing"},
		{"file, ntfs of nothing", seen("file", `"name":"x","extensions":{"ntfs-ext":{"x_y":1}}`), "/extensions/ntfs-ext", "none of the properties"},
		{"file, program of no kind", seen("file", `"name":"x","extensions":{"windows-pebinary-ext":{"imphash":"c"}}`), "/extensions/windows-pebinary-ext", "pe_type is missing"},
		{"file, section without a name", seen("file", `"name":"x","extensions":{"windows-pebinary-ext":{"pe_type":"exe","sections":[{"size":1}]}}`), "/extensions/windows-pebinary-ext/sections/0", "name is missing"},
		{"file, header of wrong kind", seen("file", `"name":"x","extensions":{"windows-pebinary-ext":{"pe_type":"exe","optional_header":{"magic_hex":"0"}}}`), "/extensions/windows-pebinary-ext/optional_header/magic_hex", "pairs of"},
		{"IPv4 with a zero", seen("ipv4-addr", `"value":"192.0.2.01"`), "/value", "not an IPv4 address"},
		{"IPv4 range", seen("ipv4-addr", `"value":"192.0.2.0/24"`), "", ""},
		{"IPv4 range too long", seen("ipv4-addr", `"value":"192.0.2.0/33"`), "/value", "not an IPv4 address"},
		{"IPv4 that is 6", seen("ipv4-addr", `"value":"::1"`), "/value", "not an IPv4 address"},
		{"IPv6 that is 4", seen("ipv6-addr", `"value":"192.0.2.1"`), "/value", "not an IPv6 address"},
		{"IPv6 range", seen("ipv6-addr", `"value":"2001:db8::/32"`), "", ""},
		{"MAC in capitals", seen("mac-addr", `"value":"D2:FB:49:24:37:18"`), "/value", "not a MAC address"},
		{"MAC with hyphens", seen("mac-addr", `"value":"d2-fb-49-24-37-18"`), "/value", "not a MAC address"},
		{"MAC fine", seen("mac-addr", `"value":"d2:fb:49:24:37:18"`), "", ""},
		{"mutex", seen("mutex", ""), "", "name is missing"},
		{"traffic from nowhere", seen("network-traffic", `"protocols":["tcp"]`), "", "one of src_ref, dst_ref"},
		{"traffic of no protocol", seen("network-traffic", `"src_ref":"`+obj("ipv4-addr")+`"`), "", "protocols is missing"},
		{"traffic from a port beyond", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("ipv4-addr")+`","src_port":65536`), "/src_port", "from 0 to 65535"},
		{"traffic active and ended", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("ipv4-addr")+`","is_active":true,"end":"2026-01-02T00:00:00Z"`), "/end", "no end"},
		{"traffic backwards", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("ipv4-addr")+`","start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"`), "/end", "before start"},
		{"traffic from a file", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("file")+`"`), "/src_ref", "not of ipv4-addr"},
		{"traffic, socket of no family", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("ipv4-addr")+`","extensions":{"socket-ext":{"address_family":"AF_X"}}`), "/extensions/socket-ext/address_family", "none of AF_UNSPEC"},
		{"traffic, request without a method", seen("network-traffic", `"protocols":["tcp"],"src_ref":"`+obj("ipv4-addr")+`","extensions":{"http-request-ext":{"request_value":"/"}}`), "/extensions/http-request-ext", "request_method is missing"},
		{"process of nothing", seen("process", `"x_y":1`), "", "none of the properties"},
		{"process, service start unknown", seen("process", `"extensions":{"windows-service-ext":{"start_type":"X"}}`), "/extensions/windows-service-ext/start_type", "none of SERVICE_AUTO_START"},
		{"process of a number", seen("process", `"pid":4`), "", ""},
		{"software, cpe", seen("software", `"name":"x","cpe":"cpe:/a:x"`), "/cpe", "not a CPE 2.3 name"},
		{"url", seen("url", ""), "", "value is missing"},
		{"url empty", seen("url", `"value":""`), "/value", "not a URL"},
		{"account of nothing", seen("user-account", ""), "", "none of the properties"},
		{"account, group in words", seen("user-account", `"user_id":"1","extensions":{"unix-account-ext":{"gid":"1"}}`), "/extensions/unix-account-ext/gid", "not a whole number"},
		{"registry, kind of data", seen("windows-registry-key", `"key":"k","values":[{"data_type":"X"}]`), "/values/0/data_type", "none of REG_NONE"},
		{"registry, value of nothing", seen("windows-registry-key", `"key":"k","values":[{}]`), "/values/0", "none of the properties"},
		{"certificate of nothing", seen("x509-certificate", ""), "", "none of the properties"},
		{"certificate, extensions empty", seen("x509-certificate", `"subject":"x","x509_v3_extensions":{}`), "/x509_v3_extensions", "none of the properties"},
		{"defanged in words", seen("url", `"value":"x","defanged":1`), "/defanged", "neither true nor false"},
		{"environment", seen("process", `"environment_variables":{"PATH":"/bin","ProgramFiles(x86)":"C:"}`), "", ""},
		{"environment empty", seen("process", `"environment_variables":{}`), "/environment_variables", "empty"},

		// §7: markings, translations, extensions.
		{"marking of nothing", made("marking-definition", `"name":"x"`), "", "definition_type is missing"},
		{"marking without a definition", made("marking-definition", `"definition_type":"statement"`), "", "definition is missing"},
		{"statement without words", made("marking-definition", `"definition_type":"statement","definition":{"x_y":"z"}`), "/definition", "statement is missing"},
		{"marking that marks itself", made("marking-definition", `"definition_type":"statement","definition":{"statement":"s"},"object_marking_refs":["marking-definition--`+strings.ToUpper(u1)+`"]`), "/object_marking_refs/0", "cannot mark itself"},
		{"red called white", strings.Replace(made("marking-definition", `"definition_type":"tlp","definition":{"tlp":"white"}`), "marking-definition--"+u1, "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", 1), "/definition/tlp", "the id is fixed for TLP:RED"},
		{"red named clear", strings.Replace(string(MarkingDefinition("RED")), `"TLP:RED"`, `"TLP:CLEAR"`, 1), "/name", "the id is fixed for TLP:RED"},
		{"two labels in one", made("marking-definition", `"name":"TLP:RED","definition_type":"tlp","definition":{"tlp":"green"}`), "/name", "two TLP labels"},
		{"translation of a bundle", made("language-content", `"object_ref":"`+obj("bundle")+`","contents":{"de":{"name":"x"}}`), "/object_ref", "may not refer"},
		{"translation into nothing", made("language-content", `"object_ref":"`+obj("tool")+`"`), "", "contents is missing"},
		{"translation into no language", made("language-content", `"object_ref":"`+obj("tool")+`","contents":{"e!":{"name":"x"}}`), "/contents/…", "not a language code"},
		{"translation of nothing", made("language-content", `"object_ref":"`+obj("tool")+`","contents":{"de":{}}`), "/contents/de", "empty"},
		{"extension by nobody", made("extension-definition", `"name":"x","schema":"s","version":"1","extension_types":["new-sdo"]`), "", "created_by_ref is missing"},
		{"extension of a kind unknown", made("extension-definition", `"name":"x","schema":"s","version":"1","extension_types":["x"],"created_by_ref":"`+obj("identity")+`"`), "/extension_types/0", "none of new-sdo"},
		{"extension with properties of none", made("extension-definition", `"name":"x","schema":"s","version":"1","extension_types":["new-sdo"],"extension_properties":["abc"],"created_by_ref":"`+obj("identity")+`"`), "/extension_properties", "only a toplevel"},
		{"extension fine", made("extension-definition", `"name":"x","schema":"s","version":"1","extension_types":["toplevel-property-extension"],"extension_properties":["abc"],"created_by_ref":"`+obj("identity")+`"`), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.raw))
			if c.reason == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted; want %q", c.reason)
			}
			if e.Pointer != c.pointer || !strings.Contains(e.Reason, c.reason) || e.Fatal {
				t.Errorf("got %q at %q (fatal %v), want %q at %q", e.Reason, e.Pointer, e.Fatal, c.reason, c.pointer)
			}
		})
	}
}

// TestEveryTypeHasItsLeast: of each type that requires something, an object
// without it is refused, and of each type an object of common properties alone.
func TestEveryTypeHasItsLeast(t *testing.T) {
	for typ, entry := range typeTable {
		raw := made(typ, "")
		if entry.class == SCO {
			raw = seen(typ, "")
		}
		if _, err := Parse([]byte(raw)); err == nil {
			t.Errorf("%s is accepted without anything of its own", typ)
		}
	}
}

// TestErrorsRepeatNothing: an error gives away no value and no name that is not
// well-formed.
func TestErrorsRepeatNothing(t *testing.T) {
	const secret = "S3cret value"
	for _, raw := range []string{
		made("tool", `"name":"x","revoked":"`+secret+`"`),
		made("tool", `"name":"x","`+secret+`":1`),
		made("tool", `"name":"x","created_by_ref":"`+secret+`"`),
		made("tool", `"name":"x","extensions":{"`+secret+`":{"a":1}}`),
		made("tool", `"name":"x","x_a":{"`+secret+`":1,"`+secret+`":2}`),
		`{"type":"` + secret + `"}`,
		`{"type":"tool","id":"` + secret + `","spec_version":"2.1"}`,
		`{"type":"tool","spec_version":"` + secret + `"}`,
		seen("ipv4-addr", `"value":"`+secret+`"`),
		`{"x":` + secret + `}`,
	} {
		_, err := Parse([]byte(raw))
		if err == nil {
			t.Errorf("accepted: %s", raw)
		} else if strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%v", err)
		}
	}
}

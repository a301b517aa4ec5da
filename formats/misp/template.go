package misp

import (
	"strings"
)

// template says how the objects of one MISP template become STIX.
type template struct {
	object string  // the observable, or the domain object
	domain bool    // whether it is a domain object
	fixed  record  // members every such object has
	rule   string  // pattern_type, for templates that hold a rule of another language
	fields []field // relation → property
	finish func(*assembly)
}

// field says which property one relation becomes.
type field struct {
	relation string
	path     []string
	kind     byte // i integer, f number, t time, b truth value, l list, 0 text
}

// fields reads the notation of the table below: relation=path, relation=path:kind,
// separated by spaces; a path's names are separated by dots.
func fields(text string) []field {
	var out []field
	for _, part := range strings.Fields(text) {
		relation, path, _ := strings.Cut(part, "=")
		f := field{relation: relation}
		if p, k, typed := strings.Cut(path, ":"); typed {
			path, f.kind = p, k[0]
		}
		f.path = strings.Split(path, ".")
		out = append(out, f)
	}
	return out
}

const (
	fileHashes = " md5=hashes.MD5 sha1=hashes.SHA-1 sha256=hashes.SHA-256 sha512=hashes.SHA-512 sha224=hashes.SHA224 sha384=hashes.SHA384" +
		" sha512/224=hashes.SHA512-224 sha512/256=hashes.SHA512-256 sha3-224=hashes.SHA3224 sha3-256=hashes.SHA3-256 sha3-384=hashes.SHA3384 sha3-512=hashes.SHA3-512" +
		" ssdeep=hashes.SSDEEP tlsh=hashes.TLSH authentihash=hashes.AUTHENTIHASH vhash=hashes.VHASH telfhash=hashes.TELFHASH"
	trafficFields = "src-port=src_port:i dst-port=dst_port:i first-seen=start:t last-seen=end:t first-packet-seen=start:t last-packet-seen=end:t" +
		" src-bytes-count=src_byte_count:i dst-bytes-count=dst_byte_count:i src-packets-count=src_packets:i dst-packets-count=dst_packets:i"
)

func account(kind, text string) template {
	t := template{object: "user-account", fields: fields(text)}
	if kind != "" {
		t.fixed = record{{"account_type", kind}}
	}
	return t
}

// templates is the table of object templates that STIX has something for. The
// relations are those of the MISP project's object templates, the properties
// those of STIX 2.1 §§4 and 6.
var templates = map[string]template{
	"android-app":  {object: "software", fields: fields("name=name")},
	"artifact":     {object: "artifact", fields: fields("mime_type=mime_type url=url md5=hashes.MD5 sha1=hashes.SHA-1 sha256=hashes.SHA-256 sha512=hashes.SHA-512 ssdeep=hashes.SSDEEP tlsh=hashes.TLSH encryption_algorithm=encryption_algorithm decryption_key=decryption_key"), finish: finishArtifact},
	"asn":          {object: "autonomous-system", fields: fields("description=name"), finish: finishASN},
	"cpe-asset":    {object: "software", fields: fields("cpe=cpe language=languages:l product=name vendor=vendor version=version")},
	"credential":   account("", "username=user_id password=credential"),
	"directory":    {object: "directory", fields: fields("path=path path-encoding=path_enc creation-time=ctime:t modification-time=mtime:t access-time=atime:t")},
	"domain-ip":    {object: "domain-name", finish: finishDomainIP},
	"email":        {object: "email-message", fields: fields("message-id=message_id subject=subject send-date=date:t"), finish: finishEmail},
	"file":         {object: "file", fields: fields("filename=name size-in-bytes=size:i file-encoding=name_enc mimetype=mime_type creation-time=ctime:t modification-time=mtime:t access-time=atime:t" + fileHashes), finish: finishFile},
	"hashlookup":   {object: "file", fields: fields("FileName=name FileSize=size:i MD5=hashes.MD5 SHA-1=hashes.SHA-1 SHA-256=hashes.SHA-256 SSDEEP=hashes.SSDEEP TLSH=hashes.TLSH")},
	"http-request": {object: "network-traffic", finish: finishHTTP},
	"image":        {object: "file", fields: fields("filename=name"), finish: finishImage},
	"ip-port":      {object: "network-traffic", fields: fields(trafficFields), finish: finishTraffic},
	"lnk":          {object: "file", fields: fields("filename=name size-in-bytes=size:i lnk-creation-time=ctime:t lnk-modification-time=mtime:t lnk-access-time=atime:t" + fileHashes), finish: finishFile},
	"mutex":        {object: "mutex", fields: fields("name=name")},
	"netflow":      {object: "network-traffic", fields: fields("first-packet-seen=start:t last-packet-seen=end:t " + trafficFields), finish: finishTraffic},
	"pe":           {object: "file", finish: finishFile},
	"process":      {object: "process", fields: fields("pid=pid:i hidden=is_hidden:b command-line=command_line current-directory=cwd creation-time=created_time:t"), finish: finishProcess},
	"registry-key": {object: "windows-registry-key", fields: fields("key=key last-modified=modified_time:t"), finish: finishRegistry},
	"url":          {object: "url", fields: fields("url=value")},
	"x509":         {object: "x509-certificate", fields: fields("x509-fingerprint-md5=hashes.MD5 x509-fingerprint-sha1=hashes.SHA-1 x509-fingerprint-sha256=hashes.SHA-256 is_self_signed=is_self_signed:b issuer=issuer serial-number=serial_number signature_algorithm=signature_algorithm self_signed=is_self_signed:b subject=subject version=version validity-not-before=validity_not_before:t validity-not-after=validity_not_after:t pubkey-info-algorithm=subject_public_key_algorithm pubkey-info-exponent=subject_public_key_exponent:i pubkey-info-modulus=subject_public_key_modulus")},
	"user-account": account("", "username=account_login user-id=user_id display-name=display_name password=credential account-type=account_type password_last_changed=credential_last_changed:t is_service_account=is_service_account:b privileged=is_privileged:b can_escalate_privs=can_escalate_privs:b disabled=is_disabled:b created=account_created:t expires=account_expires:t first_login=account_first_login:t last_login=account_last_login:t group=extensions.unix-account-ext.groups:l group-id=extensions.unix-account-ext.gid:i home_dir=extensions.unix-account-ext.home_dir shell=extensions.unix-account-ext.shell"),
	"github-user":  account("github", "id=user_id username=account_login user-fullname=display_name"),
	"gitlab-user":  account("gitlab", "id=user_id username=account_login name=display_name"),
	"attack-pattern": {object: "attack-pattern", domain: true, fields: fields("name=name summary=description"), finish: func(a *assembly) {
		for _, at := range a.all("id") {
			a.reference("capec", "CAPEC-"+strings.TrimPrefix(at.Value, "CAPEC-"))
		}
	}},
	"course-of-action": {object: "course-of-action", domain: true, fields: fields("name=name description=description")},
	"intrusion-set":    {object: "intrusion-set", domain: true, fields: fields("name=name description=description aliases=aliases:l goals=goals:l resource_level=resource_level primary-motivation=primary_motivation secondary-motivation=secondary_motivations:l first_seen=first_seen:t last_seen=last_seen:t")},
	"geolocation":      {object: "location", domain: true, fields: fields("latitude=latitude:f longitude=longitude:f region=region countrycode=country city=city address=street_address zipcode=postal_code"), finish: finishLocation},
	"vulnerability":    {object: "vulnerability", domain: true, fields: fields("description=description summary=description"), finish: finishVulnerability},
	"script":           {object: "tool", domain: true, fields: fields("filename=name comment=description"), finish: finishScript},
	"annotation":       {object: "note", domain: true, fields: fields("text=content")},
	"identity":         {object: "identity", domain: true, fields: fields("name=name contact_information=contact_information description=description identity_class=identity_class roles=roles:l sectors=sectors:l")},
	"employee":         {object: "identity", domain: true, fields: fields("text=description employee-type=roles:l"), finish: person("full-name", "email-address", "phone-number")},
	"person":           {object: "identity", domain: true, fields: fields("text=description role=roles:l"), finish: person("full-name", "e-mail", "phone-number", "address")},
	"organization":     {object: "identity", domain: true, fields: fields("name=name description=description role=roles:l"), finish: organization("address", "e-mail", "phone-number", "fax-number")},
	"news-agency":      {object: "identity", domain: true, fields: fields("name=name"), finish: organization("address", "e-mail", "phone-number", "link")},
	"legal-entity":     {object: "identity", domain: true, fields: fields("name=name text=description business=sectors:l"), finish: organization("phone-number", "website")},
	"yara":             {rule: "yara", fields: fields("yara=pattern comment=description version=pattern_version yara-rule-name=name reference=url")},
	"sigma":            {rule: "sigma", fields: fields("sigma=pattern comment=description sigma-rule-name=name reference=url")},
	"suricata":         {rule: "suricata", fields: fields("suricata=pattern comment=description version=pattern_version ref=url")},
	"snort":            {rule: "snort", fields: fields("snort=pattern comment=description version=pattern_version ref=url")},
	"nova-rule":        {rule: "nova", fields: fields("raw-rule=pattern rule-name=name")},
	"wazuh-rule":       {rule: "wazuh", fields: fields("wazuh-rule=pattern rule-id=name")},
	"owasp-crs-rule":   {rule: "crs", fields: fields("raw-rule=pattern rule-id=name")},

	"facebook-account":   account("facebook", "account-id=user_id account-name=account_login"),
	"parler-account":     account("parler", "account-id=user_id account-name=account_login"),
	"reddit-account":     account("reddit", "account-id=user_id account-name=account_login"),
	"telegram-account":   account("telegram", "id=user_id username=account_login"),
	"twitter-account":    account("twitter", "id=user_id name=account_login displayed-name=display_name"),
	"network-connection": {object: "network-traffic", fields: fields(trafficFields), finish: finishTraffic},
	"network-socket":     {object: "network-traffic", fields: fields(trafficFields), finish: finishTraffic},
	"registry-key-value": {object: "windows-registry-key", finish: finishRegistry},
}

// enough says whether an observable has what STIX demands of its type; one that
// has not is kept as an x-misp-object instead.
func enough(o record) bool {
	has := func(names ...string) bool {
		for _, n := range names {
			if o.get(n) != nil {
				return true
			}
		}
		return false
	}
	switch o.text("type") {
	case "software", "mutex", "vulnerability", "tool", "malware", "attack-pattern", "course-of-action", "intrusion-set", "identity":
		return has("name")
	case "artifact":
		return has("payload_bin") != has("url") && (!has("url") || has("hashes")) && (!has("decryption_key") || has("encryption_algorithm"))
	case "autonomous-system":
		return has("number")
	case "directory":
		return has("path")
	case "domain-name", "url", "email-addr", "ipv4-addr", "ipv6-addr":
		return has("value")
	case "file":
		return has("name", "hashes")
	case "network-traffic":
		return has("src_ref", "dst_ref") && has("protocols")
	case "windows-registry-key":
		return has("key", "values")
	case "location":
		return has("region", "country") || has("latitude")
	case "note":
		return has("content")
	}
	return len(o) > 3 // more than type, spec_version and id
}

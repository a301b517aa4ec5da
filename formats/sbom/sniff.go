package sbom

import (
	"bytes"
	"errors"
	"strings"
)

// SniffLen is how many bytes [Sniff] looks at.
const SniffLen = 4096

// Sniff tells from the first bytes of a document which format and encoding it
// has. If it is none that is read, the error says what it is instead.
func Sniff(head []byte) (format, encoding string, err error) {
	head = head[:min(len(head), SniffLen)]
	if found := magic(head); found != "" {
		return "", "", errors.New("this is " + found + ", not a bill of materials; CycloneDX (JSON or XML) and SPDX (JSON or tag-value) are read")
	}
	text := strings.TrimSpace(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	switch {
	case text == "":
		return "", "", errors.New("the document is empty")
	case text[0] == '{':
		return sniffJSON(text)
	case text[0] == '<':
		return sniffXML(text)
	case text[0] == '[':
		return "", "", errors.New("this is a JSON list, not a bill of materials; CycloneDX and SPDX documents are JSON objects")
	}
	// In a tag file SPDXVersion comes first, but comments may come before it.
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "SPDXVersion:"), strings.HasPrefix(line, "SPDXID:"), strings.HasPrefix(line, "DataLicense:"), strings.HasPrefix(line, "DocumentName:"):
			return SPDX, TagValue, nil
		case strings.HasPrefix(line, "spdxVersion:"), strings.HasPrefix(line, "bomFormat:"):
			return "", "", errors.New("this is YAML; convert it to JSON")
		case !strings.HasPrefix(line, "#"):
			return "", "", errors.New("this is neither JSON nor XML, nor an SPDX tag file, which begins with SPDXVersion")
		}
	}
	return "", "", errors.New("this is neither JSON nor XML, nor an SPDX tag file, which begins with SPDXVersion")
}

// magic names a file that is no text.
func magic(head []byte) string {
	for _, m := range []struct{ prefix, name string }{
		{"PK\x03\x04", "a ZIP archive"},
		{"\x1f\x8b", "compressed with gzip"},
		{"\x28\xb5\x2f\xfd", "compressed with zstd"},
		{"BZh", "compressed with bzip2"},
		{"\xfd7zXZ", "compressed with xz"},
		{"%PDF", "a PDF"},
		{"\xff\xfe", "text in UTF-16 (save it as UTF-8)"},
		{"\xfe\xff", "text in UTF-16 (save it as UTF-8)"},
		{"\x7fELF", "a program"},
		{"MZ", "a program"},
	} {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.name
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive"
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return "a binary file"
	}
	return ""
}

func sniffJSON(text string) (string, string, error) {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has(`"bomFormat"`, "cyclonedx.org/schema/bom"):
		return CycloneDX, JSON, nil
	case has(`"spdxVersion"`, "spdx.org/rdf/3", `spdx.org\/rdf\/3`, `"SPDXID"`, `"spdxId"`):
		return SPDX, JSON, nil
	case has("openvex.dev"):
		return "", "", errors.New("this is an OpenVEX document, not a bill of materials")
	case has(`"csaf_version"`):
		return "", "", errors.New("this is a CSAF advisory, not a bill of materials")
	case has("in-toto.io/Statement", `"payloadType"`):
		return "", "", errors.New("this is a signed attestation; take the bill of materials out of its predicate")
	case has(`"schema_version"`) && has(`"affected"`):
		return "", "", errors.New("this is an OSV record, not a bill of materials")
	case has(`"bom-ref"`, `"specVersion"`, `"components"`):
		return CycloneDX, JSON, nil // its head comes later; the reader will tell
	case has(`"packages"`, `"documentNamespace"`, `"creationInfo"`, `"checksumValue"`):
		return SPDX, JSON, nil
	}
	return "", "", errors.New("this is JSON, but its beginning is neither that of CycloneDX (bomFormat) nor of SPDX (spdxVersion or @context)")
}

func sniffXML(text string) (string, string, error) {
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(text, "cyclonedx.org/schema/bom"):
		return CycloneDX, XML, nil
	case strings.Contains(lower, "<rdf:rdf"):
		return "", "", errors.New("this is RDF in XML; of SPDX, JSON and tag-value are read")
	case strings.Contains(lower, "<html"), strings.HasPrefix(lower, "<!doctype html"):
		return "", "", errors.New("this is a web page, not a bill of materials")
	case strings.Contains(lower, "softwareidentity"):
		return "", "", errors.New("this is a SWID tag, not a bill of materials")
	}
	return "", "", errors.New("this is XML, but not CycloneDX: no name space of CycloneDX is near its beginning")
}

package taxii

import (
	"strings"
	"testing"
)

// §1.6.8 and §3.1: a request names the media type, perhaps without a version.
func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"":                                                 true,
		"application/taxii+json;version=2.1":               true,
		"application/taxii+json; version=2.1":              true,
		"Application/TAXII+JSON ; Version=2.1":             true,
		`application/taxii+json;version="2.1"`:             true,
		"application/taxii+json":                           true,
		"application/taxii+json;charset=utf-8;version=2.1": true,
		"*/*":                               true,
		"application/*":                     true,
		"application/json, text/plain, */*": true, // a well-known platform's client
		"application/taxii+json;version=2.0, application/taxii+json;version=2.1": true,
		"application/taxii+json;version=2.1;q=0.1":                               true,
		"text/html;q=0.9, application/*;q=0.001":                                 true,
		`text/html;x="a,b", application/taxii+json`:                              true,
		"application/taxii+json;q=0, application/taxii+json;version=2.1":         true,
		"*/*;q=0, application/taxii+json":                                        true,

		"application/taxii+json;version=2.0":             false,
		"application/vnd.oasis.taxii+json; version=2.0":  false,
		"application/vnd.oasis.taxii+json":               false,
		"application/taxii+json;version=2.10":            false,
		"application/taxii+json;version=2.1;q=0":         false,
		"application/taxii+json;version=2.1;q=0, */*":    false, // the most specific decides
		"application/taxii+json;q=0, application/*, */*": false,
		"*/*;q=0.000":                                    false,
		"application/json":                               false,
		"application/stix+json;version=2.1":              false,
		"text/html":                                      false,
		"application/taxii+json;charset=utf-16":          false,
		"application/taxii+json;version=2.1;q=2":         false,
		"application/taxii+json;version=2.1;q=1.001":     false,
		"application/taxii+json;version=2.1;q=0.1234":    false,
		"application/taxii+json;version=2.1;q=":          false,
		"application/taxii+json;version=2.1;version=2.0": false, // given twice
		"application/taxii+xml":                          false,
		"taxii":                                          false,
		",,,":                                            false,
		strings.Repeat("a/b,", 65) + "*/*":               false,
		"*/*" + strings.Repeat(" ", maxAccept):           false,
	} {
		if got := Accepts(header); got != want {
			t.Errorf("Accepts(%q) = %t", header, got)
		}
	}
}

// §5.5: a POST declares the media type; else the server answers 415.
func TestContentOK(t *testing.T) {
	for header, want := range map[string]bool{
		MediaType:                true,
		"application/taxii+json": true,
		"application/taxii+json; version=2.1; charset=UTF-8": true,
		"":                                      false,
		"application/json":                      false,
		"application/stix+json;version=2.1":     false,
		"application/taxii+json;version=2.0":    false,
		"application/taxii+json;charset=utf-16": false,
		"application/taxii+json;boundary=x":     false,
		"application/taxii+json, text/html":     false,
		"*/*":                                   false,
	} {
		if got := ContentOK(header); got != want {
			t.Errorf("ContentOK(%q) = %t", header, got)
		}
	}
}

func FuzzAccepts(f *testing.F) {
	for _, s := range []string{MediaType, "*/*;q=0.5, application/*", `a/b;c="d,\"e"`, "application/taxii+json;q=1.000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Accepts(s)
		// Case does not matter, and what cannot match adds nothing.
		if got != Accepts(strings.ToUpper(s)) && s == strings.ToValidUTF8(s, "") && isASCII(s) && !strings.ContainsAny(s, `"`) {
			t.Errorf("%q is accepted or not by its letter case", s)
		}
		if len(s) < 1000 && strings.TrimSpace(s) != "" && !strings.ContainsAny(s, `"\`) && len(splitQuoted(s)) < maxRanges && Accepts(s+", text/html") != got {
			t.Errorf("%q changes with a range that does not match", s)
		}
		_ = ContentOK(s)
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

package taxii

import (
	"mime"
	"strconv"
	"strings"
)

const (
	// MediaType is what every response bears and every POST declares (§1.6.8).
	MediaType = "application/taxii+json;version=2.1"

	// STIXMediaType is the media_type of a STIX 2.1 object in manifests and
	// collections (§1.6.8).
	STIXMediaType = "application/stix+json;version=2.1"

	// Version is the value of the media type's version parameter.
	Version = "2.1"

	// HeaderAddedFirst and HeaderAddedLast carry when the first and the last
	// object of a page was added to the collection (§3.2).
	HeaderAddedFirst = "X-TAXII-Date-Added-First"
	HeaderAddedLast  = "X-TAXII-Date-Added-Last"
)

// Longer headers, or ones with more ranges, come from nobody who means well.
const (
	maxAccept = 4 << 10
	maxRanges = 64
)

// Accepts reports whether a response of [MediaType] suits an Accept header
// (§1.6.8, RFC 9110 §12.5.1): the most specific range that matches decides, by
// its weight. No version means the latest, which is 2.1. A request without the
// header accepts everything. Ranges that cannot be read are passed over.
func Accepts(header string) bool {
	if strings.TrimSpace(header) == "" {
		return true
	}
	if len(header) > maxAccept {
		return false
	}
	ranges := splitQuoted(header)
	if len(ranges) > maxRanges {
		return false
	}
	best, weight := -1, 0
	for _, r := range ranges {
		specific, w, ok := matchRange(r)
		if !ok || specific < best {
			continue
		}
		if specific > best {
			best, weight = specific, w
		} else {
			weight = max(weight, w)
		}
	}
	return best >= 0 && weight > 0
}

// matchRange reads one media range. It returns how specific it is and its
// weight in thousandths; ok is false when it does not match our media type.
func matchRange(r string) (specific, weight int, ok bool) {
	media, params, err := mime.ParseMediaType(r)
	if err != nil {
		return 0, 0, false
	}
	switch media {
	case "application/taxii+json":
		specific = 2
	case "application/*":
		specific = 1
	case "*/*":
	default:
		return 0, 0, false
	}
	weight = 1000
	for name, value := range params {
		switch name {
		case "version":
			if value != Version {
				return 0, 0, false
			}
			specific += 4
		case "charset":
			if !strings.EqualFold(value, "utf-8") {
				return 0, 0, false
			}
		case "q":
			if weight, ok = parseWeight(value); !ok {
				return 0, 0, false
			}
		}
	}
	return specific, weight, true
}

// parseWeight reads a qvalue (RFC 9110 §12.4.2) as thousandths.
func parseWeight(s string) (int, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(fraction) > 3 || dotted && strings.Trim(fraction, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(whole + (fraction + "000")[:3])
	return n, err == nil && n <= 1000
}

// splitQuoted cuts a header at its commas, not at those in quotation marks.
func splitQuoted(s string) (parts []string) {
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// ContentOK reports whether a Content-Type is TAXII 2.1 in JSON: of a POST
// that a server reads (§5.5; else 415), or of an answer that a client reads.
// No version means the latest.
func ContentOK(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/taxii+json" {
		return false
	}
	for name, value := range params {
		switch {
		case name == "version" && value == Version, name == "charset" && strings.EqualFold(value, "utf-8"):
		default:
			return false
		}
	}
	return true
}

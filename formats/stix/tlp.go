package stix

import "strings"

// tlpExtension is the extension definition with which TLP 2.0 is said in STIX 2.1.
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

const (
	tlpClear  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	tlpGreen  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	tlpAmber  = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	tlpStrict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	tlpRed    = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
)

var tlpLabels = map[string]string{
	tlpClear:  "CLEAR",
	tlpGreen:  "GREEN",
	tlpAmber:  "AMBER",
	tlpStrict: "AMBER+STRICT",
	tlpRed:    "RED",

	// TLP 1 (STIX 2.1 §7.2.1.4).
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "CLEAR",
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",

	// What OpenCTI and all that feeds it use for AMBER+STRICT.
	"marking-definition--826578e1-40ad-459f-bc73-ede076f81f37": "AMBER+STRICT",
}

// TLPOf gives the label of a marking definition whose id is fixed: those of TLP
// 2.0, those of TLP 1 (white is CLEAR) and the one id of AMBER+STRICT that is in
// wide use without being in a standard.
func TLPOf(markingID string) (label string, ok bool) {
	if label, ok = tlpLabels[markingID]; !ok {
		label, ok = tlpLabels[FoldID(markingID)]
	}
	return label, ok
}

// MarkingID gives the id of the TLP 2.0 marking definition of a label ("CLEAR",
// "GREEN", "AMBER", "AMBER+STRICT", "RED"), or "".
func MarkingID(label string) string {
	switch label {
	case "CLEAR":
		return tlpClear
	case "GREEN":
		return tlpGreen
	case "AMBER":
		return tlpAmber
	case "AMBER+STRICT":
		return tlpStrict
	case "RED":
		return tlpRed
	}
	return ""
}

// MarkingDefinition gives the TLP 2.0 marking definition of a label, with the
// content that OASIS published, or nil for a label that is none.
func MarkingDefinition(label string) []byte {
	id := MarkingID(label)
	if id == "" {
		return nil
	}
	return []byte(`{"type":"marking-definition","spec_version":"2.1","id":"` + id +
		`","created":"2022-10-01T00:00:00.000Z","name":"TLP:` + label +
		`","extensions":{"` + tlpExtension +
		`":{"extension_type":"property-extension","tlp_2_0":"` + strings.ToLower(label) + `"}}}`)
}

// readTLP reads a label as people write it: "white", "TLP:RED", "amber_strict".
// It gives "?" for one that is none.
func readTLP(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	s = strings.TrimSpace(strings.TrimPrefix(s, "TLP:"))
	switch s {
	case "CLEAR", "WHITE":
		return "CLEAR"
	case "GREEN", "AMBER", "RED":
		return s
	case "AMBER+STRICT", "AMBER_STRICT", "AMBER-STRICT", "AMBER STRICT":
		return "AMBER+STRICT"
	}
	return "?"
}

func tlpLike(s string) bool {
	return len(s) >= 4 && strings.EqualFold(s[:4], "TLP:")
}

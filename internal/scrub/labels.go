package scrub

import (
	"regexp"
	"slices"
	"strings"
)

var label = regexp.MustCompile(`(?i)\btlp(?: ?[:=-] ?| )(red|amber ?\+ ?strict|amber|green|clear|white)\b`)

// Labels lists the traffic light labels that a text names, each once, in the
// order of the text and as TLP 2.0 writes them, such as "TLP:AMBER+STRICT";
// TLP:WHITE is told as TLP:CLEAR, its new name. The caller asks its writer when
// one of them is not the label that the text is sent with.
func Labels(text string) []string {
	var out []string
	for _, m := range label.FindAllStringSubmatch(text[:min(len(text), MaxText)], -1) {
		name := "TLP:" + strings.ReplaceAll(strings.ToUpper(m[1]), " ", "")
		if name == "TLP:WHITE" {
			name = "TLP:CLEAR"
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

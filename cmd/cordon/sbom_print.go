package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// findingLine is a finding as the command line writes it.
type findingLine struct {
	SBOM          string   `json:"sbom,omitempty"`
	Vulnerability string   `json:"vulnerability"`
	Title         string   `json:"title,omitempty"`
	Severity      *float64 `json:"severity,omitempty"`
	Exploited     bool     `json:"exploited"`
	Verdict       string   `json:"verdict"`
	Name          string   `json:"name"`
	Version       string   `json:"version,omitempty"`
	PURL          string   `json:"purl,omitempty"`
	Settled       bool     `json:"settled,omitempty"` // its maker or its reader's organization says that nothing is to be done
	Why           []string `json:"why"`
}

// printFindings writes findings as lines of JSON, or as a table.
func printFindings(out io.Writer, fs []findingLine, lines bool) error {
	if lines {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for _, f := range fs {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	if len(fs) == 0 {
		_, err := fmt.Fprintln(out, "Nothing is found. That is not the same as not affected: what no source names is not found.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range fs {
		severity, marks := "-", f.Verdict
		if f.Severity != nil {
			severity = fmt.Sprintf("%.1f", *f.Severity)
		}
		if f.Exploited {
			marks += ", exploited"
		}
		if f.Settled {
			marks += ", settled"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", plain(f.Vulnerability), severity, plain(f.Name+" "+f.Version), marks, plain(strings.Join(f.Why[:min(1, len(f.Why))], "")))
	}
	return w.Flush()
}

// plain keeps what a document says from steering a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, s)
}

// failOn is an error if there is a finding on which something is to be done and that is
// as grave as that, or graver: exploited, critical, high.
func failOn(fs []findingLine, grave string) error {
	n := 0
	for _, f := range fs {
		critical := f.Severity != nil && *f.Severity >= 9
		high := f.Severity != nil && *f.Severity >= 7
		if !f.Settled && (f.Exploited || grave == "critical" && critical || grave == "high" && high) {
			n++
		}
	}
	words := map[string]string{"exploited": "known to be exploited", "critical": "critical, or known to be exploited", "high": "high or critical, or known to be exploited"}[grave]
	switch {
	case grave == "" || n == 0:
		return nil
	case n == 1:
		return fmt.Errorf("1 open finding is %s", words)
	}
	return fmt.Errorf("%d open findings are %s", n, words)
}

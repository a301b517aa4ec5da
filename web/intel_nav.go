package web

import (
	"strings"

	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The pages of intelligence that have a tab.
const (
	intelAtSearch  = "/intel"
	intelAtMatrix  = "/intel/matrix"
	intelAtSaved   = "/intel/saved"
	intelAtPattern = "/intel/pattern"
	intelAtImport  = "/intel/import"
	intelAtBatches = "/intel/batches"
	intelAtHeld    = "/intel/held"
	intelAtSources = "/intel/sources"
	intelAtHooks   = "/intel/hooks"
	intelAtExport  = "/intel/export"
)

// maxWaitingShown is up to how many waiting objects the tab counts.
const maxWaitingShown = 20

// intelTabs are the tabs of intelligence's pages that the reader may use, with the
// one that he is on.
func (c *Ctx) intelTabs(current string) ([]ui.Tab, error) {
	held, err := c.Intel.Waiting(c.View, "", maxWaitingShown+1)
	if err != nil {
		return nil, err
	}
	waits := ""
	if n := len(held); n > maxWaitingShown {
		waits = ui.Number(maxWaitingShown) + "+"
	} else if n > 0 {
		waits = ui.Number(n)
	}
	posts, exports := c.Viewer.May(policy.MayPost), c.Viewer.May(policy.MayExport)
	var tabs []ui.Tab
	for _, t := range []struct {
		ui.Tab
		may bool
	}{
		{ui.Tab{Label: "Search", Href: intelAtSearch}, true},
		{ui.Tab{Label: "Matrix", Href: intelAtMatrix}, true},
		{ui.Tab{Label: "Saved", Href: intelAtSaved}, true},
		{ui.Tab{Label: "Pattern", Href: intelAtPattern}, true},
		{ui.Tab{Label: "Import", Href: intelAtImport}, posts},
		{ui.Tab{Label: "Sent", Href: intelAtBatches}, true},
		{ui.Tab{Label: "Waiting", Href: intelAtHeld, Note: waits}, true},
		{ui.Tab{Label: "Sources", Href: intelAtSources}, true},
		{ui.Tab{Label: "Webhooks", Href: intelAtHooks}, true},
		{ui.Tab{Label: "Export", Href: intelAtExport}, exports},
	} {
		if t.may {
			t.Current = t.Href == current
			tabs = append(tabs, t.Tab)
		}
	}
	return tabs, nil
}

// intelTypes are the types of STIX whose names need more than their hyphens taken
// out to be words.
var intelTypes = map[string]string{
	"ipv4-addr": "IPv4 address", "ipv6-addr": "IPv6 address", "mac-addr": "MAC address", "email-addr": "e-mail address", "email-message": "e-mail message",
	"url": "URL", "autonomous-system": "autonomous system", "windows-registry-key": "registry key", "x509-certificate": "X.509 certificate",
	"x-mitre-tactic": "tactic", "x-mitre-matrix": "matrix", "x-mitre-asset": "asset", "x-mitre-data-source": "data source", "x-mitre-data-component": "data component",
	"x-mitre-collection": "collection", "sighting": "sighting", "threat-actor": "threat actor",
}

// intelTypeWords is a type of STIX in words: "attack pattern".
func intelTypeWords(typ string) string {
	if w := intelTypes[typ]; w != "" {
		return w
	}
	return strings.ReplaceAll(strings.TrimPrefix(typ, "x-"), "-", " ")
}

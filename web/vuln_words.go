package web

import (
	"strings"

	"github.com/cordon-isao/cordon/formats/vuln"
)

// vulnSourceWords are the sources of records by their names.
func vulnSourceWords(source string) string {
	switch source {
	case vuln.OSV:
		return "OSV"
	case vuln.CVE:
		return "CVE record"
	case vuln.CSAF:
		return "CSAF advisory"
	case vuln.InKEV:
		return "CISA KEV"
	case vuln.InEPSS:
		return "EPSS"
	}
	return source
}

// claimStatusWords are the statuses of claims.
func claimStatusWords(status string) string {
	switch status {
	case vuln.NotAffected:
		return "not affected"
	case vuln.Investigating:
		return "under investigation"
	}
	return strings.ReplaceAll(status, "_", " ")
}

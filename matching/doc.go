// Package matching finds which products, components and deployments a vulnerability
// touches, and says why; and which it does not, by the word of who makes them (VEX).
//
// A finding is a rule's answer about a component, a product's version or a
// deployment and a vulnerability. It is made under a named system view that sees
// everything, is kept in tables without labels, and is read only joined with both its
// sources as visible: who cannot read the SBOM, the deployment or the record of the
// vulnerability has no finding (design §3.1, derived things). So no label is copied,
// and none can be forgotten when a source's changes.
//
// Both directions are incremental (work.go): a new SBOM is compared with all
// vulnerabilities, a new record with all components, products and deployments. What is
// to be compared is noted by a follower of the ledger, and compared by one worker at a
// time; the outcome depends on the sources only and not on the order in which they
// came. All of it can be made again from the sources.
//
// No match is never "not affected". What no rule can decide is a finding that needs a
// person.
package matching

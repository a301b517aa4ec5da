// Package devices is what medical devices there are, what they are made of, and
// where they run: manufacturers' products with their versions, documents and
// SBOMs, and care providers' deployments.
//
// A product and an SBOM carry a label like everything else: a manufacturer shares
// an SBOM with named hospitals, with the ISAO, or with nobody. Versions, documents
// and components belong to their product or SBOM and are read through it.
//
// Deployments are a hospital's own. They carry its default label and no other can
// be given: nobody else reads them, the desk included. The one other reader is the
// named view of matching, which writes what it finds to the owner only
// (docs/decisions/devices.md).
//
// The package does not judge: what is vulnerable is found by matching.
package devices

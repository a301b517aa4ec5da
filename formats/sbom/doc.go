// Package sbom is the neutral model of a software bill of materials: what the
// readers of CycloneDX and SPDX give, component by component, and what can be
// said of it (quality, differences) without knowing the format.
//
// A reader calls a [Sink] while it reads and keeps nothing but the identifiers,
// so a list of 300,000 components needs little memory. [Sniff] tells which
// reader to use.
//
// The package reads no documents itself.
package sbom

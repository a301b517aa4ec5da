// Package vex reads and writes statements of exploitability (VEX): whether a
// product is affected by a vulnerability, and what is done about it. Statement
// is what OpenVEX v0.2.0, the CSAF 2.0 profile csaf_vex and CycloneDX have in
// common; the last is read by formats/cyclonedx.
package vex

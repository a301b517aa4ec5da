// Package cyclonedx reads CycloneDX 1.2 to 1.7, JSON and XML, component by
// component, and writes VEX as CycloneDX 1.6.
//
// [Read] streams: it never holds the document, only one component with the
// references of those nested in it, and 16 bytes of every bom-ref, to refuse
// one that is given twice. What is nested in a component is given to the sink
// before the component, because that is only complete then, and hangs from it
// by Depends. A component without a bom-ref gets its place as one:
// "#/components/3".
//
// # What is read
//
// Of the document: specVersion, serialNumber, version, metadata (timestamp,
// authors, tools, component, supplier, manufacturer). Of components: bom-ref,
// type, name, group, version, supplier (else manufacturer, publisher, author),
// purl, cpe, hashes, licenses, description, properties and those of the release
// notes (support level and end of support, see [sbom.Component.Property], and
// Syft's further CPEs). Dependencies, and vulnerabilities with their analysis.
// What stands elsewhere (services, pedigree, evidence, compositions, formulas,
// declarations, signatures …) is passed over, but must be well-formed.
//
// # VEX
//
// analysis.state becomes a status: not_affected and false_positive are
// not_affected; exploitable is affected; in_triage is under_investigation;
// resolved and resolved_with_pedigree are fixed. A vulnerability without state
// that names what it affects says affected, as the specification has it. A
// version or range listed as "unaffected" makes its product not_affected, and
// "unknown" under_investigation, whatever the state.
//
// analysis.justification becomes CSAF's nearest flag; what CycloneDX said is
// kept in the notes when the flag says less:
//
//	code_not_present                → vulnerable_code_not_present
//	code_not_reachable              → vulnerable_code_not_in_execute_path
//	requires_dependency             → component_not_present
//	requires_configuration          → vulnerable_code_cannot_be_controlled_by_adversary
//	requires_environment            → vulnerable_code_cannot_be_controlled_by_adversary
//	protected_by_compiler           → inline_mitigations_already_exist
//	protected_at_runtime            → inline_mitigations_already_exist
//	protected_at_perimeter          → inline_mitigations_already_exist
//	protected_by_mitigating_control → inline_mitigations_already_exist
//
// # XML
//
// There are no entities but XML's five, no document type, no processing
// instruction and no XInclude: each is an error (T-54). Nothing is ever fetched.
package cyclonedx

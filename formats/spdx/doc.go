// Package spdx reads SPDX 2.0 to 2.3 (JSON and tag-value) and SPDX 3.0
// (JSON-LD, as one @graph), package by package.
//
// # SPDX 2
//
// [Read] streams: packages go to the sink as they are read, and 16 bytes of
// every identifier are kept. Relationships that come before the packages they
// name are held until the end, at most 200,000 of them.
//
// Packages become components. Files and snippets are passed over, and so are
// relationships of which one end is no package. Of a package: name, version,
// supplier (else originator), purl and CPE references, checksums, concluded and
// declared licence, description (else summary), primary purpose, and the
// support level and end of support: validUntilDate, or "name: value" lines of
// annotations and of the comment (see [sbom.Component.Property]). NOASSERTION
// and NONE mean nothing.
//
// A relationship becomes a dependency, in the direction of what needs or
// contains: DEPENDS_ON, CONTAINS, HAS_PREREQUISITE, STATIC_LINK, DYNAMIC_LINK
// as they stand; DEPENDENCY_OF with its kinds (BUILD_, DEV_, OPTIONAL_,
// PROVIDED_, RUNTIME_, TEST_), CONTAINED_BY, PREREQUISITE_FOR, PACKAGE_OF,
// OPTIONAL_COMPONENT_OF the other way round. DESCRIBES, DESCRIBED_BY and
// documentDescribes name the root, if they name one package only.
//
// # SPDX 3
//
// Elements may refer to others that come later (suppliers, licences), so the
// packages are held until the end, packed, within the limit of components: about
// 300 bytes each. Read are software_Package, ai_AIPackage and
// dataset_DatasetPackage, persons, organizations and tools, licence expressions,
// relationships, and the VEX relationships of the security profile.
package spdx

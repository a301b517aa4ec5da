// Package sbom is the door for build pipelines that send SBOMs to Dependency-Track:
// the same calls, so that they need another address and key only.
//
//	PUT  /api/v1/bom                 {"projectName","projectVersion","autoCreate","bom"}
//	POST /api/v1/bom                 the same as a form, bom being the file
//	GET  /api/v1/bom/token/{token}   {"processing": true|false}
//	GET  /api/v1/event/token/{token} the same
//	GET  /api/v1/findings?product=   findings as Dependency-Track writes them
//
// An API token is sent as X-Api-Key, or as Authorization: Bearer. A project is a
// product that the token's own organization keeps, by its name; the project's UUID is
// the product's id. With autoCreate one that is not there is added, for that
// organization alone (AMBER+STRICT), and so is its version. So are the SBOMs: to
// share one, use the pages or the API.
//
// While "processing" is true, that there is no finding says nothing.
package sbom

// Package api is the door for members' programs: JSON over HTTP, described by
// OpenAPI 3.1 at /openapi.json, which is made from the same lines that route the
// requests.
//
// A handler parses strictly, makes one call to a duty and renders. It reads in
// one snapshot, in the asker's own view, in which the asker is found too; what
// may not be seen is answered like what never was. Programs show an API token;
// the community's own pages may use the browser's session.
//
// It does not make tokens or change accounts: that is done in the browser, with
// a passkey.
package api

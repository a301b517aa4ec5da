package taxii

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

// read decodes a resource. Members that nobody defines are passed over: the
// standard lets servers add some (§3.8).
func read(what string, data []byte, limit int, v any) error {
	if err := checkJSON(what, data, limit); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		var semantic *json.SemanticError
		if errors.As(err, &semantic) {
			return refuse(what, safePointer(string(semantic.JSONPointer)), "the value does not fit")
		}
		return refuse(what, "", "it is not JSON")
	}
	return nil
}

// safePointer shows only pointers of plain names: the rest is the server's text.
func safePointer(p string) string {
	if len(p) > 100 || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789_/") != "" {
		return ""
	}
	return p
}

// ParseDiscovery reads a discovery resource (§4.1.1).
func ParseDiscovery(data []byte) (Discovery, error) {
	const what = "the discovery resource"
	var d Discovery
	if err := read(what, data, MaxResource, &d); err != nil {
		return Discovery{}, err
	}
	switch {
	case d.Title == "":
		return Discovery{}, refuse(what, "", "it has no title")
	case len(d.APIRoots) > 1_000:
		return Discovery{}, refuse(what, "/api_roots", "there are more than 1,000")
	}
	return d, nil
}

// ParseAPIRoot reads an API root resource (§4.2.1).
func ParseAPIRoot(data []byte) (APIRoot, error) {
	const what = "the API root resource"
	w := struct {
		APIRoot
		MaxContentLength *int64 `json:"max_content_length"`
	}{}
	if err := read(what, data, MaxResource, &w); err != nil {
		return APIRoot{}, err
	}
	switch {
	case w.Title == "":
		return APIRoot{}, refuse(what, "", "it has no title")
	case len(w.Versions) == 0:
		return APIRoot{}, refuse(what, "", "it has no versions")
	case w.MaxContentLength == nil || *w.MaxContentLength <= 0:
		return APIRoot{}, refuse(what, "", "max_content_length is not a positive number")
	}
	w.APIRoot.MaxContentLength = *w.MaxContentLength
	return w.APIRoot, nil
}

// wireCollection tells an absent right from one that is denied.
type wireCollection struct {
	Collection
	CanRead  *bool `json:"can_read"`
	CanWrite *bool `json:"can_write"`
}

func (w wireCollection) check() (Collection, string) {
	c := w.Collection
	switch {
	case !isPathSegment(c.ID):
		return c, "the id is missing or cannot stand in an address"
	case c.Title == "":
		return c, "it has no title"
	case w.CanRead == nil || w.CanWrite == nil:
		return c, "it does not say can_read and can_write"
	case c.Alias != "" && !isPathSegment(c.Alias):
		return c, "the alias cannot stand in an address"
	}
	c.CanRead, c.CanWrite = *w.CanRead, *w.CanWrite
	return c, ""
}

// ParseCollection reads a collection resource (§5.2.1). Its id need not be a
// UUID: well-known servers have others.
func ParseCollection(data []byte) (Collection, error) {
	const what = "the collection resource"
	var w wireCollection
	if err := read(what, data, MaxResource, &w); err != nil {
		return Collection{}, err
	}
	c, reason := w.check()
	if reason != "" {
		return Collection{}, refuse(what, "", reason)
	}
	return c, nil
}

// ParseCollections reads a collections resource (§5.1.1). Two collections of
// one id are refused.
func ParseCollections(data []byte) (Collections, error) {
	const what = "the collections resource"
	var w struct {
		Collections []wireCollection `json:"collections"`
	}
	if err := read(what, data, MaxResource, &w); err != nil {
		return Collections{}, err
	}
	if len(w.Collections) > 10_000 {
		return Collections{}, refuse(what, "/collections", "there are more than 10,000")
	}
	var all Collections
	seen := map[string]bool{}
	for i, wc := range w.Collections {
		c, reason := wc.check()
		if reason == "" && seen[c.ID] {
			reason = "the id is given twice"
		}
		if reason != "" {
			return Collections{}, refuse(what, fmt.Sprintf("/collections/%d", i), reason)
		}
		seen[c.ID] = true
		all.Collections = append(all.Collections, c)
	}
	return all, nil
}

// ParseEnvelope reads an envelope of at most [MaxEnvelope] bytes at once
// (§3.7). Larger ones are streamed by package stix. The objects are parts of data.
func ParseEnvelope(data []byte) (Envelope, error) {
	const what = "the envelope"
	var e Envelope
	if err := read(what, data, MaxEnvelope, &e); err != nil {
		return Envelope{}, err
	}
	for i, o := range e.Objects {
		if o.Kind() != '{' {
			return Envelope{}, refuse(what, fmt.Sprintf("/objects/%d", i), "there is no object")
		}
	}
	if err := CheckPage(e.More, e.Next, len(e.Objects)); err != nil {
		return Envelope{}, err
	}
	return e, nil
}

// CheckPage refuses a page that a client cannot follow (§3.5): a cursor no
// sane server gives, or a promise of more without a cursor and without an
// object, which would be asked for again for ever.
func CheckPage(more bool, next string, objects int) error {
	const what = "the envelope"
	switch {
	case len(next) > maxNext*2 || strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return refuse(what, "/next", "the cursor is too long or holds control characters")
	case more && next == "" && objects == 0:
		return refuse(what, "/more", "it promises more, but gives no object and no cursor")
	}
	return nil
}

// ParseManifest reads a manifest resource (§5.3.1).
func ParseManifest(data []byte) (Manifest, error) {
	const what = "the manifest"
	var m Manifest
	if err := read(what, data, MaxEnvelope, &m); err != nil {
		return Manifest{}, err
	}
	if len(m.Objects) > maxItems {
		return Manifest{}, refuse(what, "/objects", fmt.Sprintf("there are more than %d", maxItems))
	}
	for i, o := range m.Objects {
		reason := ""
		switch {
		case !isID(o.ID):
			reason = "the id is not an object's id"
		case o.DateAdded.IsZero():
			reason = "it has no date_added"
		case !isVersion(o.Version):
			reason = "the version is not a timestamp"
		}
		if reason != "" {
			return Manifest{}, refuse(what, fmt.Sprintf("/objects/%d", i), reason)
		}
	}
	return m, nil
}

// ParseVersions reads an object's versions (§5.8.1).
func ParseVersions(data []byte) (VersionList, error) {
	const what = "the versions resource"
	var v VersionList
	if err := read(what, data, MaxResource, &v); err != nil {
		return VersionList{}, err
	}
	for i, s := range v.Versions {
		if !isVersion(s) {
			return VersionList{}, refuse(what, fmt.Sprintf("/versions/%d", i), "it is not a timestamp")
		}
	}
	return v, nil
}

// ParseStatus reads a status resource (§4.3.1).
func ParseStatus(data []byte) (Status, error) {
	const what = "the status resource"
	var s Status
	if err := read(what, data, MaxEnvelope, &s); err != nil {
		return Status{}, err
	}
	switch {
	case !isPathSegment(s.ID):
		return Status{}, refuse(what, "", "the id is missing or cannot stand in an address")
	case s.Status != Pending && s.Status != Complete:
		return Status{}, refuse(what, "/status", "it is neither pending nor complete")
	case s.TotalCount < 0 || s.SuccessCount < 0 || s.FailureCount < 0 || s.PendingCount < 0:
		return Status{}, refuse(what, "", "a count is negative")
	case s.Status == Complete && s.PendingCount > 0:
		return Status{}, refuse(what, "", "it is complete, and something is pending")
	}
	return s, nil
}

// ParseError reads the error message of an answer of 400 and above (§3.6.1).
// Gateways answer with other bodies; then the status code says what is known.
func ParseError(data []byte) (ErrorMessage, error) {
	const what = "the error message"
	var e ErrorMessage
	if err := read(what, data, MaxResource, &e); err != nil {
		return ErrorMessage{}, err
	}
	if e.Title == "" {
		return ErrorMessage{}, refuse(what, "", "it has no title")
	}
	return e, nil
}

func isVersion(s string) bool {
	_, err := ParseTime(s)
	return err == nil
}

// isPathSegment reports whether s can stand between two slashes as it is.
func isPathSegment(s string) bool {
	return s != "" && len(s) <= 250 && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~", r))
	})
}

// RootURL is the address of an API root as the discovery resource names it: a
// whole address, or one relative to the server's (§4.1.1). It ends in a slash.
// The caller decides whether credentials may go to another host.
func RootURL(discovery *url.URL, root string) (*url.URL, error) {
	r, err := url.Parse(root)
	if err != nil || root == "" || strings.ContainsAny(root, "\\\r\n\t ") {
		return nil, refuse("the discovery resource", "/api_roots", "an API root is not an address")
	}
	u := discovery.ResolveReference(r)
	if !r.IsAbs() && r.Host == "" && !strings.HasPrefix(root, "/") {
		// "api1" is meant from the host's top, as in the standard's example
		// "/api1/", not from below the discovery resource.
		u = discovery.ResolveReference(&url.URL{Path: "/" + r.Path})
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, refuse("the discovery resource", "/api_roots", "an API root is not an address of the web")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path, u.RawPath = u.Path+"/", ""
	}
	return u, nil
}

// Endpoint is an address below an API root: its parts between slashes, with
// the slash at the end that the standard asks for (§3.1).
func Endpoint(root *url.URL, parts ...string) *url.URL {
	u := root.JoinPath(parts...)
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u
}

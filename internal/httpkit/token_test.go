package httpkit

import (
	"net/http"
	"net/url"
	"testing"
)

func TestToken(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    string
		given   bool
	}{
		{nil, "", false},
		{[]string{"Bearer abc"}, "abc", true},
		{[]string{"bearer abc"}, "abc", true},
		{[]string{"Basic eDphYmM="}, "abc", true}, // x:abc
		{[]string{"abc"}, "abc", true},
		{[]string{"Digest abc"}, "", true},
		{[]string{"Basic ???"}, "", true},
		{[]string{"Bearer abc", "Bearer def"}, "", true},
	} {
		r := &http.Request{Header: http.Header{}}
		for _, h := range c.headers {
			r.Header.Add("Authorization", h)
		}
		r.URL = &url.URL{Path: "/feeds/misp/manifest.json"}
		if got, given := Token(r); got != c.want || given != c.given {
			t.Errorf("%q: %q, %v; want %q, %v", c.headers, got, given, c.want, c.given)
		}
	}
}

func TestTag(t *testing.T) {
	var key [32]byte
	a, b := Tag(key, "a", []byte("x")), Tag(key, "b", []byte("x"))
	if a == b || a == Tag(key, "a", []byte("y")) || a != Tag(key, "a", []byte("x")) {
		t.Errorf("tags %s, %s", a, b)
	}
	r := &http.Request{Header: http.Header{"If-None-Match": {`"q", W/` + a}}}
	if !Unchanged(r, a) || Unchanged(r, b) {
		t.Error("tags are not compared as they should be")
	}
}

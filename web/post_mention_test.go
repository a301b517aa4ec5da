package web

import (
	"testing"

	"github.com/cordon-isao/cordon/members"
)

func TestNamedFindsTheOnePerson(t *testing.T) {
	people := []members.Person{{ID: "1", Name: "Ann Li"}, {ID: "2", Name: "Ann Lindt"}, {ID: "3", Name: "Bo"}, {ID: "4", Name: "Bo"}}
	for _, c := range []struct{ text, want string }{
		{"Ann Li, please look", "1"},
		{"Ann Lindt", "2"},
		{"Ann Lindtner", ""},  // nobody's whole name
		{"Bo and others", ""}, // two people have it
		{"Carl", ""},
	} {
		p, ok := named(people, c.text)
		if ok != (c.want != "") || ok && p.ID != c.want {
			t.Errorf("named(%q) = %q %v, want %q", c.text, p.ID, ok, c.want)
		}
	}
}

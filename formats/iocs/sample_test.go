package iocs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/iocs"
)

func TestSample(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       iocs.Sample
		width      int
	}{
		{"header", "ip,comment,x\n192.0.2.1,one\n\"open\n192.0.2.2,two,three\n192.0.2.3,four\n", iocs.Sample{Header: []string{"ip", "comment", "x"},
			Mapping: iocs.Mapping{{Field: iocs.FieldValue}, {Field: iocs.FieldDescription}, {}}, Rows: [][]string{{"192.0.2.1", "one"}, {"192.0.2.2", "two", "three"}}}, 3},
		{"list", "192.0.2.1\n192.0.2.2\n192.0.2.3\n", iocs.Sample{Mapping: iocs.Mapping{{Field: iocs.FieldValue}}, Rows: [][]string{{"192.0.2.1"}, {"192.0.2.2"}}}, 1},
		{"unknown", "alpha;beta\n1;2\n", iocs.Sample{Header: []string{"alpha", "beta"}, Mapping: iocs.Mapping{{}, {}}, Rows: [][]string{{"1", "2"}}}, 2},
	} {
		got, err := iocs.ReadSample(strings.NewReader(c.text), iocs.Options{}, 2)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if got.Width() != c.width {
			t.Errorf("%s has %d columns", c.name, got.Width())
		}
	}
	if _, err := iocs.ReadSample(strings.NewReader(""), iocs.Options{}, 2); err != iocs.ErrEmpty {
		t.Error(err)
	}
}

package ui

import (
	"strings"
	"testing"
)

// U-07: the picture, its sentence and its table tell the same counts, and a bar is as
// long as what a count surely stands for.
func TestFunnel(t *testing.T) {
	v := Funnel{Finding: "10 or more were told", Rows: []FunnelRow{{Name: "Told", Count: "10 or more", Least: 10}, {Name: "Opened", Count: "5 or more", Least: 5}, {Name: "Fixed", Count: "fewer than 5"}}}.view()
	if want := "10 or more were told. Told: 10 or more, Opened: 5 or more, Fixed: fewer than 5."; v.sentence != want {
		t.Errorf("the sentence is %q, want %q", v.sentence, want)
	}
	if v.rows[0].width != "100%" || v.rows[1].width != "50%" || v.rows[2].width != "0%" {
		t.Errorf("the bars are %q, %q, %q", v.rows[0].width, v.rows[1].width, v.rows[2].width)
	}
	var b strings.Builder
	if err := FunnelChart(v.Funnel).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, r := range v.rows {
		if strings.Count(b.String(), r.Count) < 3 { // bar, sentence, table
			t.Errorf("%s is told %d times", r.Count, strings.Count(b.String(), r.Count))
		}
	}
	if strings.Count(b.String(), "funnel-few") != 1 || strings.Count(b.String(), "funnel-full") != 2 {
		t.Error("two bars and one hollow mark are drawn otherwise")
	}
}

package ui

import (
	"strings"
	"testing"
	"time"
)

// U-07: the twin of a chart of spans says what its bars and marks say, row by row, and
// the chart names itself in a sentence.
func TestSpansTwin(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	s := Spans{Finding: "Support ends on 2030-06-30", Caption: "Support dates", Now: day("2026-03-01"), Rows: []SpanRow{
		{Name: "Infusor", Bars: []SpanBar{{Kind: "full", Words: "supported", From: day("2025-03-01"), To: day("2030-06-30")}, {Kind: "over", Words: "without support", From: day("2030-06-30")}},
			Marks: []SpanMark{{Words: "end of life", At: day("2028-06-30")}}},
		{Name: "3.1", Bars: []SpanBar{{Kind: "full", Words: "supported", To: day("2027-01-01")}}},
	}}
	v := s.view()
	if v.sentence != "Support ends on 2030-06-30. 2 rows, 2025 to 2030." {
		t.Errorf("the sentence is %q", v.sentence)
	}
	var got []string
	for _, row := range v.twin().Rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.Text)
		}
		got = append(got, strings.Join(cells, "|"))
	}
	want := "Infusor|supported|2025-03-01|2030-06-30\nInfusor|without support|2030-06-30|not said\nInfusor|end of life|2028-06-30|2028-06-30\n3.1|supported|not said|2027-01-01"
	if strings.Join(got, "\n") != want {
		t.Errorf("the twin holds\n%s\nnot\n%s", strings.Join(got, "\n"), want)
	}
	if a, b := v.rows[0].bars[0], v.rows[1].bars[0]; a.x <= "0%" || b.x != "0%" {
		t.Errorf("bars begin at %s and %s; the second has no beginning", a.x, b.x)
	}
	if !strings.Contains(s.Rows[0].hover(), "supported 2025-03-01 to 2030-06-30") {
		t.Errorf("resting on it tells %q", s.Rows[0].hover())
	}
}

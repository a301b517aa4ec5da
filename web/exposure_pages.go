package web

import (
	"net/url"
	"strconv"

	"github.com/cordon-isao/cordon/web/ui"
)

// Ranked lists of findings are read by how many were read: they are short, and
// their order has no place that a cursor could name.

// pageStart is how many rows the page before ended at.
func pageStart(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 10_000 {
		return 0
	}
	return n
}

// paged cuts the row that was read only to know that there are more, and says where
// the pages beside this one are.
func paged[T any](rows []T, after, most int, pages *ui.Pages, at func(after int) string) []T {
	if len(rows) > most {
		rows = rows[:most]
		pages.OlderHref = at(after + most)
	}
	if after > 0 {
		pages.NewerHref = at(max(0, after-most))
	}
	return rows
}

// pageAddress is a list's address from a row on.
func pageAddress(at string, after int, all bool) string {
	v := url.Values{}
	if after > 0 {
		v.Set("after", strconv.Itoa(after))
	}
	if all {
		v.Set("all", "1")
	}
	if len(v) == 0 {
		return at
	}
	return at + "?" + v.Encode()
}

func pathEscape(s string) string { return url.PathEscape(s) }

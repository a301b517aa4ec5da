package main

import (
	"fmt"
)

// firstDifference shows where two texts part.
func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) && i == len(b) {
		return "(equal)"
	}
	cut := func(s string) string { return s[max(0, min(len(s), i)-200):min(len(s), i+300)] }
	return fmt.Sprintf("from byte %d\n--- without the hidden acts\n%s\n--- with them\n%s\n", i, cut(a), cut(b))
}

func lastOf(s string) string { return s[max(0, len(s)-2000):] }

// Package cvss reads, builds and scores vectors of the Common Vulnerability
// Scoring System 3.0, 3.1 and 4.0 (FIRST.org), and describes their metrics in
// plain words, so that a calculator is an ordinary form (rule R-080).
//
// Scores of 3.0 and 3.1 are computed by github.com/pandatix/go-cvss; those of
// 4.0 here, in exact arithmetic, from FIRST's table of macro vectors. Metrics
// may come in any order, and errors name the metric.
package cvss

// Package iocs reads and writes indicators as people pass them around: CSV of
// any column order and separator, and plain lists of one value a line.
//
// Reading streams: each row is an indicator with its STIX pattern, or an error
// that names line and column; one bad row never stops the next. What the
// columns mean is guessed from their names, shown, and can be overridden.
// "Defanged" values (hxxp, [.]) are read as what they stand for.
//
// Writing is safe to open in a spreadsheet: no cell can become a formula.
//
// It does not decide who may see an indicator, and does not resolve or fetch
// anything.
package iocs

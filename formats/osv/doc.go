// Package osv reads records of the Open Source Vulnerability format (OSV schema
// 1.x, ossf.github.io/osv-schema) of every ecosystem into vuln.Record.
//
// A package's affected versions are those listed or those within its ranges, as
// the schema's evaluation algorithm has it. Ranges of commits cannot be told
// from versions: where there is nothing else they stay in words, and a person
// must look.
package osv

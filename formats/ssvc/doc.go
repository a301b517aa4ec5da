// Package ssvc decides with the tables of the Stakeholder-Specific
// Vulnerability Categorization (CERT/CC, CISA): coordinator triage and publish,
// deployer, supplier, CISA coordinator, BOD 26-04, and the three that combine
// two decision points into one (rule R-067).
//
// The tables are the published CSV files; the help texts are ours.
package ssvc

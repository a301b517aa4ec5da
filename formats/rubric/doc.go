// Package rubric asks the questions of MITRE's Rubric for Applying CVSS to
// Medical Devices, which FDA qualified as a Medical Device Development Tool on
// 20 October 2020, and turns the answers into a CVSS 3.1 vector, an extended
// vector that records them, and what to look at twice (rule R-081).
//
// The ids and the flow of the questions are the rubric's; the words are ours.
// An impact is the highest over the classes of data and function it is asked
// for. Unknown counts as the worst answer. The rubric was written for CVSS 3.0,
// whose base metrics are those of 3.1.
package rubric

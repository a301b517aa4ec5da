// Package furnish is the invented community that "cordon demo" opens: its organizations, people,
// circles and rooms, and what they have said to one another.
//
// The organizations, people and products are invented; addresses use names that RFC 2606 reserves.
// The 144 CISA medical advisories are real (SOURCE.md), and so are their dates, products and CVEs.
// What people say about a real advisory stays within what that advisory says.
//
// The package is data and its validation. It writes nothing and knows no database, clock or session:
// who opens the demo replays a [Community] through the ordinary verbs of the duties, so that the demo
// obeys every rule a real community obeys.
package furnish

package ui

import "net/url"

func queryEscape(s string) string { return url.QueryEscape(s) }

func pageTitle(f Frame) string {
	switch {
	case f.Title == "":
		return f.Community
	case f.Community == "":
		return f.Title
	}
	return f.Title + " · " + f.Community
}

func pageClass(f Frame) string {
	if f.Right == nil {
		return "two"
	}
	return "three"
}

// keySheet is what "?" shows, besides the keys of the left rail. The script
// (web/assets/app.js) obeys the same keys.
var keySheet = []struct {
	title string
	keys  [][2]string
}{
	{"Everywhere", [][2]string{
		{"Ctrl K", "Command menu (also .)"}, {"/", "Search"}, {"?", "This sheet"},
		{"[", "Left rail"}, {"]", "Right rail"}, {"Shift T", "Pictures as tables"}, {"Esc", "Close, and go back to where you were"},
		{"Ctrl Shift .", "Mask the screen"},
	}},
	{"Lists and posts", [][2]string{
		{"J", "Next"}, {"K", "Previous"}, {"O", "Open"}, {"E", "Done"}, {"T", "New topic"},
		{"R", "Reply, or the page's next step"}, {"Q", "Quote"}, {"V", "Resolve"}, {"Ctrl Enter", "Send"},
	}},
	{"Cases", [][2]string{
		{"S", "Stage"}, {"K", "Clocks"}, {"I", "Invite"}, {"W", "Side thread"}, {"R", "What is next"}, {"Shift E", "Evidence"},
	}},
	{"Alerts", [][2]string{
		{"1 – 4", "Not us, looking, affected, fixed"}, {"E", "Archive"}, {"C", "Open its case"}, {"N", "Write an alert"}, {"R", "What is next"},
	}},
	{"Devices", [][2]string{
		{"V", "Say what a finding means"}, {"F", "Fixed"}, {"Shift M", "Mute a finding"}, {"Y", "Copy the package URL"}, {"U", "Send an SBOM"}, {"T", "Paths, or the whole tree"},
	}},
	{"Intelligence", [][2]string{
		{"S", "We saw this, or save the search"}, {"V", "Graph"}, {"X", "Choose the row"}, {"Arrows", "Along a graph's ties"},
	}},
}

// goKeysOf returns the entries of the left rail that "g" and a letter reach.
func goKeysOf(nav []NavGroup) []NavItem {
	var items []NavItem
	for _, g := range nav {
		for _, i := range g.Items {
			if i.Key != "" {
				items = append(items, i)
			}
		}
	}
	return items
}

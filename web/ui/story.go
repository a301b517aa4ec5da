package ui

import "time"

// A Story is what happened in a case, newest or oldest first as given, grouped
// by day.
type Story struct {
	ID      string   // "" means "story". Unique on its page
	Label   string   // names the list: "What happened"
	Filters []Filter // none draws none
	Events  []StoryEvent
	Now     time.Time // days are those of its location
	Pages   Pages
	Empty   Empty // where there are no events; a zero value says that nothing matches
}

// A Filter is one of several views of a list; each has its address.
type Filter struct {
	Label, Href string
	Count       int // 0 is not shown
	Current     bool
}

// A StoryEvent is one thing that happened.
type StoryEvent struct {
	ID        string // its anchor; may be empty
	At        time.Time
	DayOnly   bool   // the hour is not told: protected posts, anonymous reports
	Lane      string // people, clocks, decisions or system
	Kind      string // ok, warn, danger or empty
	Text      string // one sentence
	By        string // who did it; may be empty
	Detail    string
	Href      string
	Proof     string // recorded (in the ledger), proved (and witnessed); "" shows no tick
	ProofText string // "Entry 41, seen by 2 of 3 witnesses"; "" takes the word
	ProofHref string // the proof itself; may be empty
}

// A storyDay is the events of one day that follow one another.
type storyDay struct {
	day    time.Time
	events []StoryEvent
}

func (s Story) id() string { return or(s.ID, "story") }

// days groups the events as they come.
func (s Story) days() []storyDay {
	var out []storyDay
	for _, e := range s.Events {
		y, m, d := e.At.In(s.Now.Location()).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, s.Now.Location())
		if n := len(out); n == 0 || !out[n-1].day.Equal(day) {
			out = append(out, storyDay{day: day})
		}
		out[len(out)-1].events = append(out[len(out)-1].events, e)
	}
	return out
}

// dayWords writes a day: "Saturday 14 Nov, today".
func (s Story) dayWords(day time.Time) string {
	form := "Monday 2 Jan"
	if day.Year() != s.Now.Year() {
		form = "Monday 2 Jan 2006"
	}
	w := day.Format(form)
	switch DayNumber(day, s.Now) {
	case 0:
		w += ", today"
	case 1:
		w += ", yesterday"
	}
	return w
}

// laneIcon returns the icon and the word of a lane.
func laneIcon(lane string) (icon, word string) {
	switch lane {
	case "clocks":
		return "clock", "Clock"
	case "decisions":
		return "pin", "Decision"
	case "system":
		return "shield", "System"
	}
	return "people", "People"
}

func (e StoryEvent) proof() (icon, word string) {
	if e.Proof == "proved" {
		return "done", or(e.ProofText, "recorded and proved")
	}
	return "check", or(e.ProofText, "recorded")
}

// kindOrNone returns the class of an event's colour.
func kindOrNone(s string) string {
	switch s {
	case "ok", "warn", "danger":
		return s
	}
	return ""
}

package forum

import "slices"

// State is where a topic, or the request to loosen a label, is in its life.
type State string

// The states of a topic.
const (
	Open     State = "open"
	Resolved State = "resolved"
)

// The states of a request to loosen a label.
const (
	Pending   State = "pending"
	Approved  State = "approved"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
)

// Move is one row of a life-cycle: from, to, by which verb, and who may.
type Move struct {
	From, To State
	Verb     string
	Who      string
}

// TopicMoves is the life of a topic.
var TopicMoves = []Move{
	{Open, Resolved, "topic.resolved", "its author, the room's opener, or the desk"},
	{Resolved, Open, "topic.reopened", "anyone who may post and reads the topic"},
}

// RelabelMoves is the life of a request to loosen a label.
var RelabelMoves = []Move{
	{Pending, Approved, "relabel.approved", "a second person of the originator's organization, or the desk, who reads the thing"},
	{Pending, Refused, "relabel.refused", "a second person of the originator's organization, or the desk, who reads the thing"},
	{Pending, Withdrawn, "relabel.withdrawn", "the originator"},
}

// move finds the row from one state to another.
func move(moves []Move, from, to State) (Move, bool) {
	i := slices.IndexFunc(moves, func(m Move) bool { return m.From == from && m.To == to })
	if i < 0 {
		return Move{}, false
	}
	return moves[i], true
}

package ledger

import "github.com/cordon-isao/cordon/internal/db"

// Followed reports whether a follower has passed the newest entry about an object with
// a verb, of those that the viewer may read; false if there is none.
func Followed(v *db.View, follower, object, verb string) (bool, error) {
	newest, err := db.One(v, db.Value[int64], `SELECT COALESCE(MAX(e.seq), -1) FROM visible.ledger_entries e WHERE e.object = $1 AND e.verb = $2`, object, verb)
	if err != nil || newest < 0 {
		return false, err
	}
	at, err := cursor(v, follower)
	return at > newest, err
}

// FollowedTo is how far a follower is: it has passed all entries before that one.
func FollowedTo(v *db.View, follower string) (seq int64, err error) { return cursor(v, follower) }

package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// A key that failed this often within the window is locked for as long.
const (
	attemptsAllowed = 10
	attemptWindow   = 15 * time.Minute
)

// Attempt counts one failed try under a key (an account, a link, an address) and
// tells how long the key is locked now; 0 means it is not. It is a scratch write
// of its own, so that the count stays when the try is undone. Keys are kept as
// digests only.
func (m *Members) Attempt(tx *db.Tx, key string) (time.Duration, error) {
	now := tx.Now()
	if _, err := tx.Exec(`DELETE FROM attempts WHERE since_at < $1 AND locked_at < $1`, clock.Micros(now.Add(-attemptWindow))); err != nil {
		return 0, err
	}
	if wait, err := m.locked(tx.View, key); err != nil || wait > 0 {
		return wait, err
	}
	n, err := db.One(tx.View, db.Value[int64], `INSERT INTO attempts (id, failures, since_at, locked_at) VALUES ($1, 1, $2, 0)
		ON CONFLICT (id) DO UPDATE SET failures = attempts.failures + 1 RETURNING failures`, digest(key), clock.Micros(now))
	if err != nil || n < attemptsAllowed {
		return 0, err
	}
	_, err = tx.Exec(`UPDATE attempts SET locked_at = $1, failures = 0 WHERE id = $2`, clock.Micros(now), digest(key))
	return attemptWindow, err
}

func (m *Members) locked(v *db.View, key string) (time.Duration, error) {
	at, err := db.One(v, db.Value[int64], `SELECT locked_at FROM attempts WHERE id = $1 AND locked_at > 0`, digest(key))
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return max(0, attemptWindow-v.Now().Sub(clock.FromMicros(at))), nil
}

// Locked refuses a key that failed too often, as a fault.Busy.
func (m *Members) Locked(v *db.View, key string) error {
	wait, err := m.locked(v, key)
	if err == nil && wait > 0 {
		err = fault.Busyf("There were too many failed tries. Try again in %d minutes.", int(wait.Round(time.Minute)/time.Minute)+1)
	}
	return err
}

// ClearAttempts forgets the failures under a key after a success (a scratch
// write).
func (m *Members) ClearAttempts(tx *db.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM attempts WHERE id = $1`, digest(key))
	return err
}

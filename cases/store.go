package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

var zero time.Time

// micros is a time as it is stored, 0 for never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// position orders what has the same time; it is never shown.
func position(tx *db.Tx) int64 { return tx.NextSeq() + int64(tx.Pending()) }

// digest stands for an input, so that the same idempotency key with another
// input is noticed.
func digest(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings, times and numbers only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

package blob

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Store keeps encrypted files by id. Ids are 1 to 128 of a-z, 0-9, _ and -.
// All methods may be called by many goroutines at once.
type Store interface {
	// Put stores all of r under a new id and returns its length in bytes and
	// SHA-256, both of the plain content. It fails with ErrTooLarge when r has
	// more than limit bytes, with ErrExists when the id is taken; when it
	// fails, nothing stays behind.
	Put(ctx context.Context, id string, key [32]byte, r io.Reader, limit int64) (size int64, sha256 [32]byte, err error)

	// PutDated is Put that keeps at as the file's time instead of the present, for
	// what must not tell when it came.
	PutDated(ctx context.Context, id string, key [32]byte, r io.Reader, limit int64, at time.Time) (size int64, sha256 [32]byte, err error)

	// Open reads a file. It and every Read fail with ErrDamaged rather than
	// yield a byte that was not put; ErrMissing when there is no such file.
	Open(ctx context.Context, id string, key [32]byte) (io.ReadSeekCloser, int64, error)

	// Delete removes a file, durably. A file that is not there is no error,
	// so that a deletion can be repeated after a crash.
	Delete(ctx context.Context, id string) error

	// List yields the ids of all stored files, in no order, or an error and
	// then ends.
	List(ctx context.Context) iter.Seq2[string, error]
}

var (
	// ErrTooLarge says that a file is longer than its limit.
	ErrTooLarge = errors.New("the file is larger than allowed")
	// ErrExists says that there is already a file of this id.
	ErrExists = errors.New("there is already a file of this id")
	// ErrMissing says that there is no file of this id.
	ErrMissing = errors.New("there is no such file")
	// ErrDamaged says that a stored file is not what was put, or that the key
	// is another's.
	ErrDamaged = errors.New("the stored file is damaged or the key does not fit")
)

func validID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
)

// makes saves a new thing under the key that came with it and answers it. It is at
// where, to which its id belongs if it ends with a slash.
func makes[T any](c *call, k Keyed, where string, fn func(tx *db.Tx) (id string, again bool, err error), read func(v *db.View, id string) (T, error)) (*created[T], error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	var out T
	id, again, err := c.save(func(tx *db.Tx) (string, error) {
		id, again, err := fn(tx)
		if err == nil && again {
			err = errAgain
		}
		return id, err
	}, func(v *db.View, id string) (err error) { out, err = read(v, id); return err })
	if strings.HasSuffix(where, "/") {
		where += id
	}
	return &created[T]{Location: where, Replayed: replayed(again), Body: out}, err
}

// changes changes a thing and answers what it became.
func changes[T any](c *call, id string, fn func(tx *db.Tx) error, read func(v *db.View, id string) (T, error)) (*answer[T], error) {
	var out T
	_, _, err := c.save(func(tx *db.Tx) (string, error) { return id, fn(tx) }, func(v *db.View, id string) (err error) { out, err = read(v, id); return err })
	return &answer[T]{out}, err
}

// notes changes what leaves no entry in the ledger and answers what it became.
func notes[T any](c *call, id string, fn func(tx *db.Tx) error, read func(v *db.View, id string) (T, error)) (*answer[T], error) {
	if err := c.note(fn); err != nil {
		return nil, err
	}
	var out T
	err := c.snapshot(func(v *db.View) (err error) { out, err = read(v, id); return err })
	return &answer[T]{out}, err
}

// does changes something of which there is nothing to show.
func (c *call) does(fn func(tx *db.Tx) error) (*nothing, error) { return &nothing{}, c.write(fn) }

// once does under an idempotency key what its duty has none for.
func once(tx *db.Tx, k Keyed, what string, in any, fn func() (string, error)) (id string, again bool, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", false, fmt.Errorf("write what is done once: %w", err)
	}
	sum := sha256.Sum256(append([]byte("api "+what+"\x00"), b...))
	return tx.Once(k.Key, hex.EncodeToString(sum[:]), fn)
}

// listed answers a whole list.
func listed[T, S any](v *db.View, things []T, err error, shape func(*db.View, T) (S, error)) (*answer[list[S]], error) {
	if err != nil {
		return nil, err
	}
	items, err := each(v, things, shape)
	return &answer[list[S]]{list[S]{Items: items}}, err
}

// plain makes a shape of what needs nothing looked up.
func plain[T, S any](fn func(T) S) func(*db.View, T) (S, error) {
	return func(_ *db.View, t T) (S, error) { return fn(t), nil }
}

// put replaces a value if another was given.
func put[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

// instant reads a time that may be taken back with "".
func instant(field string, s *string, was time.Time) (time.Time, error) {
	if s == nil {
		return was, nil
	}
	if *s == "" {
		return time.Time{}, nil
	}
	return moment(field, *s)
}

// Why is the body of what needs a reason.
type Why struct {
	Reason string `json:"reason,omitempty" doc:"It goes on the record"`
}

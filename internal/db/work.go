package db

import (
	"context"
	"log/slog"
	"time"
)

// Work calls step until ctx ends: again at once while there is more, else when
// something was committed, and at least once in every rest. A failure is logged with
// what it kept from being done, and is tried again after two seconds.
func (d *DB) Work(ctx context.Context, log *slog.Logger, what string, rest time.Duration, step func() (more bool, err error)) error {
	for {
		changed := d.Changed()
		more, err := step()
		if more && err == nil && ctx.Err() == nil {
			continue
		}
		wait := rest
		if err != nil && ctx.Err() == nil {
			log.Error(what+"; trying again", "err", err)
			wait, changed = 2*time.Second, nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-time.After(wait):
		}
	}
}

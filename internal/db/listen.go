package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// listen wakes this node when another one committed. A notification is a hint
// without content; a missed one costs at most the poll's interval.
func (d *DB) listen() {
	defer d.done.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-d.quit; cancel() }()
	for ctx.Err() == nil {
		if err := d.listenOnce(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("listening for other nodes failed; trying again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
				d.notify()
			}
		}
	}
}

func (d *DB) listenOnce(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `LISTEN cordon`); err != nil {
		return err
	}
	d.notify() // whatever came before we listened
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		d.notify()
	}
}

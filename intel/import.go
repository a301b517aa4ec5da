package intel

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// The limits of an import.
const (
	MaxFile   = 2 << 30 // bytes of a file
	MaxPosted = 20 << 20
	MaxObject = 8 << 20

	chunkObjects = 500 // of one commit
	chunkBytes   = 4 << 20
)

// errTooLarge is for a file beyond MaxFile.
var errTooLarge = fault.InvalidField("file", "The file is larger than %d GiB. Split it.", MaxFile>>30)

// Accept keeps a file and queues its reading in the viewer's name: when it
// returns, the file is on disk and will be read, whatever happens. body is read to
// its end.
func (x *Intel) Accept(ctx context.Context, d *db.DB, who policy.Viewer, n NewBatch, body io.Reader) (*Batch, error) {
	// What cannot be sent is told before the file is taken.
	err := d.Read(ctx, who, func(v *db.View) error {
		_, err := x.Check(v, n.Terms)
		return err
	})
	if err != nil {
		return nil, err
	}
	name, key := ids.New(fileKind), seal.NewKey()
	blob := blobOf(name)
	size, sum, err := x.files.Put(ctx, blob, key, body, MaxFile)
	if err != nil {
		if size > MaxFile {
			return nil, errTooLarge
		}
		return nil, fmt.Errorf("keep the file: %w", err)
	}
	n.Size, n.file, n.key = size, name, x.box.WrapKey(key, []byte(name))
	var b *Batch
	err = d.Write(ctx, who, func(tx *db.Tx) error {
		terms, err := json.Marshal(n.Terms)
		if err != nil {
			return err
		}
		id, again, err := tx.Once(n.Key, fmt.Sprintf("%x %x %s %s", sum, sha256.Sum256(terms), n.Format, n.Name), func() (id string, err error) {
			if b, err = x.open(tx, n); err == nil {
				id = b.ID
			}
			return id, err
		})
		if err == nil && again {
			if b, err = x.batchOf(tx.View, id); err == nil {
				err = errCameTwice
			}
		}
		return err
	})
	if err != nil {
		_ = x.files.Delete(context.WithoutCancel(ctx), blob) // what stays, SweepFiles removes
	}
	if err == errCameTwice {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// errCameTwice undoes the write for a file that was kept before, under its key.
var errCameTwice = errors.New("this file was kept before")

// Take reads objects at once, in one commit, in the viewer's name: what a program
// posts. The batch is done when it returns.
func (x *Intel) Take(tx *db.Tx, n NewBatch, body io.Reader) (*Batch, []Outcome, error) {
	b, err := x.open(tx, n)
	if err != nil {
		return nil, nil, err
	}
	src, err := x.source(b, body)
	if err != nil {
		return nil, nil, err
	}
	objs, err := chunk(src, b.Terms, 1<<30, MaxPosted)
	if err != nil && err != io.EOF {
		return nil, nil, fault.InvalidField("objects", "%s", sentence(err))
	}
	outs, err := x.receive(tx, b, objs)
	if err != nil {
		return nil, nil, err
	}
	b.note(outs)
	b.State, b.Ended = Done, tx.Now()
	return b, outs, x.progress(tx, b)
}

// source reads the objects of a file, one after another.
type source interface {
	// next is the next object. io.EOF ends it; an error that is not fatal refuses
	// one object only.
	next() (o stix.Object, where string, err error)
	offset() int64
}

func (x *Intel) source(b *Batch, r io.Reader) (source, error) {
	switch b.Format {
	case FormatSTIX, "":
		return &bundleSource{r: stix.NewReader(r, stix.Limits{Object: MaxObject})}, nil
	}
	return x.converted(b, r)
}

type bundleSource struct {
	r *stix.Reader
	n int
}

func (s *bundleSource) next() (stix.Object, string, error) {
	o, err := s.r.Next()
	if err != io.EOF {
		s.n++
	}
	return o, "object " + strconv.Itoa(s.n), err
}

func (s *bundleSource) offset() int64 { return s.r.Offset() }

// chunk reads up to so many objects. io.EOF says that these are the last.
func chunk(s source, terms Terms, objects, bytes int) (objs []arrival, err error) {
	size := 0
	for len(objs) < objects && size < bytes {
		o, where, err := s.next()
		var refused *stix.Error
		switch {
		case err == nil:
			objs = append(objs, arrive(o, where, terms))
			size += len(o.Raw)
		case errors.As(err, &refused) && !refused.Fatal:
			objs = append(objs, arrival{Object: stix.Object{ID: refused.ID}, where: where, broken: sentence(err)})
		default:
			return objs, err
		}
	}
	return objs, nil
}

// sentence is what an error of a format tells its reader.
func sentence(err error) string {
	var bad *stix.Error
	if errors.As(err, &bad) {
		return bad.Error()
	}
	return fault.Sentence(err)
}

// Read reads a queued or interrupted batch to its end, in its sender's name, or
// until ctx ends: a commit of some hundred objects after another, each with the
// batch's progress, so that a crash repeats nothing and loses nothing. progress,
// if any, is told after each.
func (x *Intel) Read(ctx context.Context, d *db.DB, program policy.Viewer, id string, progress func(*Batch)) (*Batch, error) {
	var b *Batch
	err := d.Read(ctx, program, func(v *db.View) (err error) {
		b, err = x.batchOf(v, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.State != Queued && b.State != Running {
		return b, nil
	}
	var who policy.Viewer
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		who, err = x.members.ViewerOf(v, b.Person, "", nil)
		return err
	})
	if err != nil {
		return b, err
	}
	key, err := x.box.UnwrapKey(b.key, []byte(b.file))
	if err != nil {
		return b, fmt.Errorf("open the batch's file: %w", err)
	}
	f, _, err := x.files.Open(ctx, blobOf(b.file), key)
	if err != nil {
		return b, fmt.Errorf("open the batch's file: %w", err)
	}
	defer f.Close()
	src, err := x.source(b, f)
	if err != nil {
		return b, x.end(ctx, d, program, b, Broken, sentence(err))
	}
	if b.Format == FormatSTIX {
		// Objects may be marked by what only follows later in the file.
		if b.defs, err = stix.Definitions(f, stix.Limits{Object: MaxObject}); err != nil {
			return b, x.end(ctx, d, program, b, Broken, sentence(err))
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return b, fmt.Errorf("read the batch's file: %w", err)
		}
	}
	for skipped := 0; skipped < b.Seen; { // what was taken in before
		part, err := chunk(src, Terms{Scrub: ScrubJustified}, min(chunkObjects, b.Seen-skipped), chunkBytes)
		skipped += len(part)
		if err != nil {
			return b, x.end(ctx, d, program, b, Broken, sentence(err))
		}
	}

	type part struct {
		objs   []arrival
		offset int64
		err    error
	}
	parts := make(chan part, 2) // reading runs beside writing
	stop := make(chan struct{})
	defer func() { // before the file is closed
		close(stop)
		for range parts {
		}
	}()
	go func() {
		defer close(parts)
		for {
			objs, err := chunk(src, b.Terms, chunkObjects, chunkBytes)
			select {
			case parts <- part{objs, src.offset(), err}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range parts {
		if err := ctx.Err(); err != nil {
			return b, err
		}
		if len(p.objs) > 0 {
			next := *b
			err := d.Write(ctx, who, func(tx *db.Tx) error {
				now, err := x.batchOf(tx.View.As(system), b.ID)
				if err != nil {
					return err
				}
				if now.State == Stopped || now.Seen != b.Seen {
					return errElsewhere
				}
				next = *b
				outs, err := x.receive(tx, b, p.objs)
				if err != nil {
					return err
				}
				next.Problems = append([]Problem(nil), b.Problems...)
				next.note(outs)
				next.State, next.Consumed = Running, p.offset
				return x.progress(tx, &next)
			})
			if errors.Is(err, errElsewhere) {
				return b, nil
			}
			if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.Invalid) {
				return b, x.end(ctx, d, program, b, Stopped, fault.Sentence(err))
			}
			if err != nil {
				return b, err
			}
			*b = next
			if progress != nil {
				progress(b)
			}
		}
		if p.err == io.EOF {
			return b, x.end(ctx, d, program, b, Done, "")
		}
		if p.err != nil {
			return b, x.end(ctx, d, program, b, Broken, sentence(p.err))
		}
	}
	return b, ctx.Err()
}

// errElsewhere says that another node reads the batch, or that it was stopped.
var errElsewhere = errors.New("the batch is read elsewhere, or was stopped")

// end notes that a batch will not be read any further, and forgets its file unless
// it may be resumed.
func (x *Intel) end(ctx context.Context, d *db.DB, program policy.Viewer, b *Batch, st BatchState, why string) error {
	file := b.file
	b.State = st
	if why != "" {
		b.Problems = append(b.Problems[:min(len(b.Problems), MaxProblems-1)], Problem{Where: "the file", Reason: why})
	}
	err := d.Write(ctx, program, func(tx *db.Tx) error {
		b.Ended = tx.Now()
		if st != Stopped {
			b.file, b.key = "", []byte{}
		}
		if st == Done {
			b.Consumed = b.Size
		}
		tx.Append(db.Entry{Verb: "intel.ended", Object: b.ID, Label: b.label, Data: map[string]any{"state": string(st), "seen": b.Seen, "added": b.Added, "same": b.Same, "held": b.Tally.Held, "refused": b.Refused}})
		return x.progress(tx, b)
	})
	if err == nil && st != Stopped && file != "" {
		_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(file)) // what stays, SweepFiles removes
	}
	return err
}

// Stop ends the reading of a batch of the viewer's organization after its present
// commit. What was taken in stays.
func (x *Intel) Stop(tx *db.Tx, id string) error { return x.turn(tx, id, Stopped, Queued, Running) }

// Resume has a stopped batch read further, from where it was stopped.
func (x *Intel) Resume(tx *db.Tx, id string) error { return x.turn(tx, id, Queued, Stopped) }

func (x *Intel) turn(tx *db.Tx, id string, to BatchState, from ...BatchState) error {
	b, err := x.batchOf(tx.View, id)
	if err != nil {
		return err
	}
	if !tx.Viewer().May(policy.MayPost) {
		return fault.Forbiddenf("You may not do that.")
	}
	if b.Source != "" {
		return fault.Conflictf("This comes from an outside source. Pause the source instead.")
	}
	for _, st := range from {
		if b.State == st {
			b.State = to
			tx.Append(db.Entry{Verb: "intel." + map[BatchState]string{Stopped: "stopped", Queued: "resumed"}[to], Object: b.ID, Label: b.label, Data: map[string]int{"seen": b.Seen}})
			return x.progress(tx, b)
		}
	}
	return fault.Conflictf("This batch is %s; that cannot be done now.", b.State)
}

// Run reads what is queued, oldest first, until ctx ends, beginning with what a
// crash interrupted.
func (x *Intel) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	return d.Work(ctx, log, "read a batch of intelligence", 30*time.Second, func() (bool, error) {
		var id string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			id, err = db.One(v, db.Value[string], `SELECT b.id FROM visible.intel_batches b WHERE b.state IN ('queued', 'running') AND b.file <> '' ORDER BY b.at, b.id LIMIT 1`)
			return err
		})
		if fault.Is(err, fault.Missing) {
			return false, nil
		}
		if err == nil {
			_, err = x.Read(ctx, d, program, id, nil)
		}
		if err != nil {
			return false, fmt.Errorf("batch %s: %w", id, err)
		}
		return true, nil
	})
}

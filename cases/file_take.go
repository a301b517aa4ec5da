package cases

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/cleanfile"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// UploadFile takes a member's file in, before a form claims it. Until then only
// its uploader can read it. It is on disk, whole, when UploadFile returns.
//
// The row is written before the blob and completed after it, so that whatever a
// crash interrupts is known to the store and swept.
func (c *Cases) UploadFile(ctx context.Context, d *db.DB, viewer policy.Viewer, in Incoming) (File, error) {
	f := File{ID: ids.New(fileKind), Name: forum.CleanName(in.Name)}
	k := seal.NewKey()
	err := d.Note(ctx, viewer, func(tx *db.Tx) error {
		if !tx.Viewer().May(policy.MayReport) {
			return fault.Forbiddenf("You may not upload files.")
		}
		n, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*) FROM case_uploads WHERE person = $1`, tx.Viewer().Person)
		if err != nil {
			return err
		}
		if n >= MaxUploads {
			return fault.Conflictf("You have many uploads that nothing uses yet. Send them first, or wait a day until they are forgotten.")
		}
		f.At = tx.Now()
		_, err = tx.Exec(`INSERT INTO case_uploads (id, person, at, complete, name, media, size, sha256, key, removed) VALUES ($1, $2, $3, 0, $4, '', 0, '', $5, '[]')`,
			f.ID, tx.Viewer().Person, clock.Micros(tx.Now()), f.Name, c.box.WrapKey(k, fileAAD(f.ID)))
		return err
	})
	if err != nil {
		return f, err
	}
	if err = c.take(ctx, &f, k, in, 1, time.Time{}); err == nil {
		err = d.Note(ctx, viewer, func(tx *db.Tx) error {
			return tx.MustChange(`UPDATE case_uploads SET complete = 1, name = $1, media = $2, size = $3, sha256 = $4, removed = $5 WHERE id = $6 AND person = $7`,
				f.Name, f.Media, f.Size, f.SHA256, list(f.Removed), f.ID, tx.Viewer().Person)
		})
	}
	if err != nil {
		c.dropBlobs(ctx, f.ID)
		_ = d.Note(context.WithoutCancel(ctx), viewer, func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM case_uploads WHERE id = $1`, f.ID)
			return err
		})
		return f, err
	}
	f.Label = policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(viewer.Person))}
	return f, nil
}

// take stores a file as the n-th of its form, cleaned if that is wanted, and
// completes f. With a day, that is all the store tells of the time.
func (c *Cases) take(ctx context.Context, f *File, key [32]byte, in Incoming, n int, day time.Time) error {
	if in.Size > MaxFile {
		return tooLarge()
	}
	from := &sender{r: in.From}
	var body io.Reader = from
	if in.Clean {
		cleaned, err := cleanfile.Clean(from, in.Name, "", cleanfile.Limits{Bytes: MaxFile})
		var refused *cleanfile.Refusal
		switch {
		case errors.As(err, &refused):
			return fault.InvalidField("files", "%s: %s Take the file out, or have files taken as they are, with all that they tell about you.", quoted(in.Name), refused.Why)
		case from.err != nil:
			return notWhole()
		case err != nil:
			return fmt.Errorf("clean file %s: %w", f.ID, err)
		}
		f.Media, f.Removed, f.Name = cleaned.Media, cleaned.Removed, cleanfile.Name(n, cleaned.Media)
		body = bytes.NewReader(cleaned.Body)
	}
	put := func() (int64, [32]byte, error) { return c.files.Put(ctx, blobOf(f.ID), key, body, MaxFile) }
	if !day.IsZero() {
		put = func() (int64, [32]byte, error) {
			return c.files.PutDated(ctx, blobOf(f.ID), key, body, MaxFile, day)
		}
	}
	size, sum, err := put()
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return tooLarge()
	case err != nil && from.err != nil:
		return notWhole()
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &fault.Error{Kind: fault.Busy, Message: "The storage is full: nothing was saved, and nothing that was saved is lost. The operator has to make room.", Err: err}
	case err != nil:
		return fmt.Errorf("store file %s: %w", f.ID, err)
	case from.n == 0:
		return fault.InvalidField("files", "%s is empty.", quoted(in.Name))
	case in.Size >= 0 && from.n != in.Size:
		return notWhole()
	}
	f.Size, f.SHA256 = size, hex.EncodeToString(sum[:])
	if f.Media == "" {
		f.Media = media(from.head)
	}
	return nil
}

func quoted(name string) string { return "“" + cut(forum.CleanName(name), 60) + "”" }

func tooLarge() error {
	return fault.InvalidField("files", "The file is larger than %d MB. Put it into parts, or say where it can be fetched.", MaxFile>>20)
}

func notWhole() error {
	return fault.InvalidField("files", "The file did not arrive whole. Send it again.")
}

// media guesses a media type. Text of any kind is text/plain: what a browser could
// run is not called by its name.
func media(head []byte) string {
	m, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if strings.HasPrefix(m, "text/") {
		return "text/plain"
	}
	return m
}

// sender reads an upload, keeps its beginning, counts it, and notices when it
// breaks off.
type sender struct {
	r    io.Reader
	n    int64
	head []byte
	err  error // of the sender's side, other than the end
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if room := 512 - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(n, room)]...)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// findUploads finds the uploads that a form claims, in its order.
func (c *Cases) findUploads(v *db.View, p *check.Problems, uploads []string) (fs []File, err error) {
	if len(uploads) > MaxFiles {
		p.Add("files", "At most %d files fit.", MaxFiles)
		return nil, nil
	}
	found := map[string]File{}
	err = v.Each(`SELECT u.id, u.name, u.media, u.size, u.sha256, u.removed FROM case_uploads u WHERE u.person = $1 AND u.complete = 1 AND u.id IN (SELECT value FROM json_each($2))`,
		[]any{v.Viewer().Person, db.List(uploads)}, func(s db.Scanner) error {
			var f File
			var removed string
			if err := s.Scan(&f.ID, &f.Name, &f.Media, &f.Size, &f.SHA256, &removed); err != nil {
				return err
			}
			found[f.ID] = f
			return json.Unmarshal([]byte(removed), &f.Removed)
		})
	if err != nil {
		return nil, err
	}
	for _, id := range uploads {
		f, ok := found[id]
		if !ok {
			p.Add("files", "An attachment is not there any more, or was used already. Attach it again.")
			return nil, nil
		}
		delete(found, id)
		fs = append(fs, f)
	}
	return fs, nil
}

// claim makes the viewer's uploads files of an object under a report or case.
func (c *Cases) claim(tx *db.Tx, object, parent string, l policy.Label, fs []File, at time.Time) error {
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	for i, f := range fs {
		if err := tx.MustChange(`INSERT INTO case_files (id, object, parent, place, name, media, size, sha256, key, removed, at, tlp, audience)
			SELECT u.id, $1, $2, CAST($3 AS BIGINT), u.name, u.media, u.size, u.sha256, u.key, u.removed, CAST($4 AS BIGINT), $5, $6
			FROM case_uploads u WHERE u.id = $7 AND u.person = $8 AND u.complete = 1`,
			object, parent, i, clock.Micros(at), string(l.TLP), audience, f.ID, tx.Viewer().Person); err != nil {
			return err
		}
		if err := tx.MustChange(`DELETE FROM case_uploads WHERE id = $1`, f.ID); err != nil {
			return err
		}
	}
	return nil
}

// DropUpload takes an upload back before anything claimed it.
func (c *Cases) DropUpload(tx *db.Tx, id string) error {
	if err := tx.MustChange(`DELETE FROM case_uploads WHERE id = $1 AND person = $2`, id, tx.Viewer().Person); err != nil {
		return err
	}
	tx.AfterCommit(func() { c.dropBlobs(context.Background(), id) })
	return nil
}

func (c *Cases) dropBlobs(ctx context.Context, files ...string) {
	for _, id := range files {
		_ = c.files.Delete(context.WithoutCancel(ctx), blobOf(id)) // what stays, Sweep removes
	}
}

// list writes texts as they are stored.
func list(ss []string) string {
	if len(ss) == 0 {
		return "[]"
	}
	return db.List(ss)
}

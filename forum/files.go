package forum

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/images"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// The limits of files.
const (
	MaxFile    = 50 << 20       // bytes
	MaxPending = 2 << 30        // bytes of a person's uploads that no post has claimed
	MaxUploads = 500            // uploads of a person that no post has claimed
	KeepUpload = 24 * time.Hour // how long an unclaimed upload is kept
	MaxPreview = 1600           // pixels of a preview's longer side
	maxName    = 200            // characters of a file's name
)

// File is an attachment. Media is a guess from its first bytes and only for
// show: a file is always handed out inert.
type File struct {
	ID            string
	Post          string // "" for an upload that no post has claimed
	Name          string
	Media         string
	Size          int64
	SHA256        string
	Width, Height int // of the preview; 0 if there is none
	At            time.Time
	Label         policy.Label
}

// Incoming is a file on its way in.
type Incoming struct {
	Name string
	Size int64 // as announced; -1 if it was not
	From io.Reader
}

// Upload takes a file in, before a post claims it. Until then only its uploader
// can read it. It is on disk, whole, when Upload returns; a file that is longer
// or shorter than announced, or too long, leaves nothing behind.
//
// The row is written before the blob and completed after it, so that whatever a
// crash interrupts is known to the store and swept.
func (f *Forum) Upload(ctx context.Context, d *db.DB, viewer policy.Viewer, in Incoming) (File, error) {
	file := File{ID: ids.New("file"), Name: CleanName(in.Name)}
	key := seal.NewKey()
	if in.Size > MaxFile {
		return file, tooLarge()
	}
	announced := in.Size
	if announced < 0 {
		announced = MaxFile
	}
	err := d.Note(ctx, viewer, func(tx *db.Tx) error {
		if err := mayPost(tx.View); err != nil {
			return err
		}
		type held struct{ files, bytes int64 }
		h, err := db.One(tx.View, func(s db.Scanner) (h held, err error) { err = s.Scan(&h.files, &h.bytes); return h, err },
			`SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM uploads WHERE person = $1`, tx.Viewer().Person)
		if err != nil {
			return err
		}
		if h.bytes+announced > MaxPending || h.files >= MaxUploads {
			return fault.Conflictf("You have many uploads that are in no post yet. Post them first, or wait a day until they are forgotten.")
		}
		file.At = tx.Now()
		_, err = tx.Exec(`INSERT INTO uploads (id, person, at, complete, name, media, size, sha256, key, width, height) VALUES ($1, $2, $3, 0, $4, '', $5, '', $6, 0, 0)`,
			file.ID, tx.Viewer().Person, clock.Micros(tx.Now()), file.Name, announced, f.box.WrapKey(key, fileAAD(file.ID)))
		return err
	})
	if err != nil {
		return file, err
	}
	if err := f.take(ctx, &file, key, in); err != nil {
		f.forget(ctx, d, viewer, file.ID)
		return file, err
	}
	err = d.Note(ctx, viewer, func(tx *db.Tx) error {
		return tx.MustChange(`UPDATE uploads SET complete = 1, media = $1, size = $2, sha256 = $3, width = $4, height = $5 WHERE id = $6 AND person = $7`,
			file.Media, file.Size, file.SHA256, file.Width, file.Height, file.ID, tx.Viewer().Person)
	})
	if err != nil {
		f.forget(ctx, d, viewer, file.ID)
		return file, err
	}
	file.Label = policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(viewer.Person))}
	return file, nil
}

func tooLarge() error {
	return fault.InvalidField("file", "The file is larger than %d MB. Put it into parts, or share where it can be fetched.", MaxFile>>20)
}

// take stores the bytes, and a preview if they are an image.
func (f *Forum) take(ctx context.Context, file *File, key [32]byte, in Incoming) error {
	from := &sender{r: in.From}
	size, digest, err := f.files.Put(ctx, blobOf(file.ID), key, from, MaxFile)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return tooLarge()
	case err != nil && from.err != nil:
		return fault.InvalidField("file", "The file did not arrive whole. Send it again.")
	case err != nil:
		return notStored(file.ID, err)
	case in.Size >= 0 && size != in.Size:
		return fault.InvalidField("file", "The file did not arrive whole: %d of %d bytes came. Send it again.", size, in.Size)
	case size == 0:
		return fault.InvalidField("file", "The file is empty.")
	}
	file.Size, file.SHA256, file.Media = size, hex.EncodeToString(digest[:]), media(from.head)
	switch file.Media {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return f.preview(ctx, file, key)
	}
	return nil
}

// notStored is the fault of a store that could not keep a file.
func notStored(id string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fault.Error{Kind: fault.Busy, Message: "The storage is full: nothing was saved, and nothing that was saved is lost. The operator has to make room.", Err: err}
	}
	return fmt.Errorf("store file %s: %w", id, err)
}

// media guesses a media type. Text of any kind is text/plain: what a browser
// could run is not called by its name.
func media(head []byte) string {
	m, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if strings.HasPrefix(m, "text/") {
		return "text/plain"
	}
	return m
}

// preview stores a picture made anew from an image's pixels. An image that
// cannot be read simply has none.
func (f *Forum) preview(ctx context.Context, file *File, key [32]byte) error {
	r, _, err := f.files.Open(ctx, blobOf(file.ID), key)
	if err != nil {
		return fmt.Errorf("open file %s: %w", file.ID, err)
	}
	defer r.Close()
	png, w, h, err := images.Preview(r, MaxPreview)
	if err != nil {
		return nil
	}
	if _, _, err := f.files.Put(ctx, previewOf(file.ID), key, strings.NewReader(string(png)), int64(len(png))); err != nil {
		return notStored(file.ID, err)
	}
	file.Width, file.Height = w, h
	return nil
}

// forget takes back an upload that failed. What it cannot take back, Sweep will.
func (f *Forum) forget(ctx context.Context, d *db.DB, viewer policy.Viewer, id string) {
	ctx = context.WithoutCancel(ctx)
	f.dropBlobs(ctx, []string{id})
	_ = d.Note(ctx, viewer, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM uploads WHERE id = $1`, id)
		return err
	})
}

func (f *Forum) dropBlobs(ctx context.Context, files []string) {
	for _, id := range files {
		_ = f.files.Delete(ctx, blobOf(id))
		_ = f.files.Delete(ctx, previewOf(id))
	}
}

func fileAAD(id string) []byte   { return []byte("cordon/file/" + id) }
func blobOf(id string) string    { return strings.ToLower(id) }
func previewOf(id string) string { return strings.ToLower(id) + "-preview" }
func fileOf(blob string) string {
	return "file_" + strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(blob, "file_"), "-preview"))
}
func isFileBlob(blob string) bool {
	return ids.Valid("file", fileOf(blob)) && strings.HasPrefix(blob, "file_")
}

// sender reads an upload, keeps its beginning, and notices when it breaks off.
type sender struct {
	r    io.Reader
	head []byte
	err  error // of the sender's side, other than the end
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if room := 512 - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(n, room)]...)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// CleanName makes a name safe to show and to save under: no folders, no
// invisible or direction characters, at most 200 characters.
func CleanName(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = path.Base(strings.ReplaceAll(s, `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if check.Deceptive(r) || strings.ContainsRune(`<>:"/|?*`, r) {
			return -1
		}
		return r
	}, s)
	s = strings.Trim(s, " .")
	if n := utf8.RuneCountInString(s); n > maxName {
		ext := path.Ext(s)
		if utf8.RuneCountInString(ext) > 20 {
			ext = ""
		}
		s = string([]rune(s)[:maxName-utf8.RuneCountInString(ext)]) + ext
	}
	if s == "" {
		return "file"
	}
	return s
}

const fileColumns = `f.id, f.name, f.media, f.size, f.sha256, f.width, f.height, f.at, f.tlp, f.audience`

func scanFile(v *db.View, s db.Scanner, post *string) (f File, err error) {
	var at int64
	var tlp, audience string
	if err = s.Scan(post, &f.ID, &f.Name, &f.Media, &f.Size, &f.SHA256, &f.Width, &f.Height, &at, &tlp, &audience); err != nil {
		return f, err
	}
	f.Post, f.At = *post, clock.FromMicros(at)
	f.Label, err = v.Label(tlp, audience)
	return f, err
}

// findUploads finds the uploads that a post claims.
func (f *Forum) findUploads(v *db.View, p *problems, w *writing) error {
	if len(w.Uploads) == 0 {
		return nil
	}
	if len(w.Uploads) > MaxFiles {
		p.add("files", "A post takes at most %d files.", MaxFiles)
		return nil
	}
	found := map[string]File{}
	err := v.Each(`SELECT u.id, u.name, u.media, u.size, u.sha256 FROM uploads u WHERE u.person = $1 AND u.complete = 1 AND u.id IN (SELECT value FROM json_each($2))`,
		[]any{v.Viewer().Person, db.List(w.Uploads)}, func(s db.Scanner) error {
			var file File
			err := s.Scan(&file.ID, &file.Name, &file.Media, &file.Size, &file.SHA256)
			found[file.ID] = file
			return err
		})
	if err != nil {
		return err
	}
	for _, id := range w.Uploads {
		file, ok := found[id]
		if !ok {
			p.add("files", "An attachment is not there any more, or was used already. Attach it again.")
			return nil
		}
		delete(found, id)
		w.files = append(w.files, file)
	}
	return nil
}

// claim makes the author's uploads files of his post.
func claim(tx *db.Tx, w *writing) error {
	for i, file := range w.files {
		if err := tx.MustChange(`INSERT INTO files (id, post, topic, place, name, media, size, sha256, key, width, height, at, tlp, audience)
			SELECT u.id, $1, $2, CAST($3 AS BIGINT), u.name, u.media, u.size, u.sha256, u.key, u.width, u.height, CAST($4 AS BIGINT), $5, $6
			FROM uploads u WHERE u.id = $7 AND u.person = $8 AND u.complete = 1`,
			w.ID, w.Topic, i, w.at, string(w.Label.TLP), w.audience, file.ID, tx.Viewer().Person); err != nil {
			return err
		}
	}
	if len(w.files) == 0 {
		return nil
	}
	_, err := tx.Exec(`DELETE FROM uploads WHERE person = $1 AND id IN (SELECT value FROM json_each($2))`, tx.Viewer().Person, db.List(w.Uploads))
	return err
}

// FileRef is a file that the viewer may open, and the key to do it with.
type FileRef struct {
	File
	key [32]byte
}

// FindFile finds a file that the viewer can read: one of a post that he can
// read, in a topic that he can read, or an upload of his own.
func (f *Forum) FindFile(v *db.View, id string) (FileRef, error) {
	var wrapped []byte
	var post string
	ref, err := db.One(v, func(s db.Scanner) (r FileRef, err error) {
		var at int64
		var tlp, audience string
		if err = s.Scan(&post, &r.ID, &r.Name, &r.Media, &r.Size, &r.SHA256, &r.Width, &r.Height, &at, &tlp, &audience, &wrapped); err != nil {
			return r, err
		}
		r.Post, r.At = post, clock.FromMicros(at)
		r.Label, err = v.Label(tlp, audience)
		return r, err
	}, `SELECT f.post, `+fileColumns+`, f.key FROM visible.files f JOIN visible.posts p ON p.id = f.post JOIN visible.topics t ON t.id = p.topic WHERE f.id = $1`, id)
	if fault.Is(err, fault.Missing) && v.Viewer().SignedIn() {
		ref, err = db.One(v, func(s db.Scanner) (r FileRef, err error) {
			var at int64
			err = s.Scan(&r.ID, &r.Name, &r.Media, &r.Size, &r.SHA256, &r.Width, &r.Height, &at, &wrapped)
			r.At = clock.FromMicros(at)
			r.Label = policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(v.Viewer().Person))}
			return r, err
		}, `SELECT u.id, u.name, u.media, u.size, u.sha256, u.width, u.height, u.at, u.key FROM uploads u WHERE u.id = $1 AND u.person = $2 AND u.complete = 1`, id, v.Viewer().Person)
	}
	if err != nil {
		return FileRef{}, err
	}
	ref.key, err = f.box.UnwrapKey(wrapped, fileAAD(id))
	if err != nil {
		return FileRef{}, fmt.Errorf("open the key of file %s: %w", id, err)
	}
	return ref, nil
}

// OpenFile finds a file as [Forum.FindFile] does and opens it. The reader is to
// be closed; it outlives the View.
func (f *Forum) OpenFile(v *db.View, id string) (File, io.ReadSeekCloser, error) {
	return f.open(v, id, blobOf(id))
}

// OpenPreview opens a file's preview, a PNG; without one it is fault.ErrMissing.
func (f *Forum) OpenPreview(v *db.View, id string) (File, io.ReadSeekCloser, error) {
	return f.open(v, id, previewOf(id))
}

func (f *Forum) open(v *db.View, id, name string) (File, io.ReadSeekCloser, error) {
	ref, err := f.FindFile(v, id)
	if err != nil {
		return File{}, nil, err
	}
	if name == previewOf(id) && ref.Width == 0 {
		return File{}, nil, fault.ErrMissing
	}
	r, _, err := f.files.Open(v.Context(), name, ref.key)
	if err != nil {
		return File{}, nil, fmt.Errorf("open file %s: %w", id, err)
	}
	return ref.File, r, nil
}

// DropUpload takes an upload back before it is posted.
func (f *Forum) DropUpload(tx *db.Tx, id string) error {
	if err := tx.MustChange(`DELETE FROM uploads WHERE id = $1 AND person = $2`, id, tx.Viewer().Person); err != nil {
		return err
	}
	tx.AfterCommit(func() { f.dropBlobs(context.Background(), []string{id}) })
	return nil
}

// Sweep forgets uploads that no post claimed in time and removes blobs that
// belong to nothing. It is run by the program, in its own name, now and then.
func (f *Forum) Sweep(ctx context.Context, d *db.DB, program policy.Viewer) (removed int, err error) {
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM uploads WHERE at < $1`, clock.Micros(tx.Now().Add(-KeepUpload)))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget old uploads: %w", err)
	}
	var batch []string
	flush := func() error {
		var known []string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			known, err = db.All(v, db.Value[string], `SELECT f.id FROM visible.files f WHERE f.id IN (SELECT value FROM json_each($1))
				UNION SELECT u.id FROM uploads u WHERE u.id IN (SELECT value FROM json_each($1))`, db.List(batch))
			return err
		})
		if err != nil {
			return err
		}
		keep := map[string]bool{}
		for _, id := range known {
			keep[id] = true
		}
		for _, id := range batch {
			if !keep[id] {
				f.dropBlobs(ctx, []string{id})
				removed++
			}
		}
		batch = batch[:0]
		return nil
	}
	for name, err := range f.files.List(ctx) {
		if err != nil {
			return removed, fmt.Errorf("list files: %w", err)
		}
		if !isFileBlob(name) || strings.HasSuffix(name, "-preview") && len(batch) > 0 && batch[len(batch)-1] == fileOf(name) {
			continue
		}
		if batch = append(batch, fileOf(name)); len(batch) == 500 {
			if err := flush(); err != nil {
				return removed, fmt.Errorf("sweep files: %w", err)
			}
		}
	}
	return removed, flush()
}

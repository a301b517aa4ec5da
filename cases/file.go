package cases

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The limits of files.
const (
	MaxFile    = 20 << 20       // bytes of one file
	MaxFiles   = 10             // of a report, an addition or an answer
	MaxUploads = 100            // uploads of a person that nothing has claimed
	KeepUpload = 24 * time.Hour // how long an unclaimed upload is kept
)

// File is a file of a report, of a message or of another part of a case. Media is
// a guess from its first bytes and only for show: a file is always handed out as
// an attachment.
type File struct {
	ID      string
	Object  string // what it is attached to; "" for an upload that nothing has claimed
	Parent  string // the report or case
	Name    string
	Media   string
	Size    int64 // bytes
	SHA256  string
	Removed []string // what cleaning took out, in words
	At      time.Time
	Label   policy.Label
}

// Incoming is a file on its way in.
type Incoming struct {
	Name  string
	Size  int64 // bytes, as announced; -1 if it was not
	From  io.Reader
	Clean bool // take out what tells who made it; see internal/cleanfile
}

const fileColumns = `f.id, f.object, f.parent, f.name, f.media, f.size, f.sha256, f.removed, f.at, f.tlp, f.audience`

func scanFile(v *db.View, more ...any) func(db.Scanner) (File, error) {
	return func(s db.Scanner) (f File, err error) {
		var at int64
		var removed, tlp, audience string
		if err = s.Scan(append([]any{&f.ID, &f.Object, &f.Parent, &f.Name, &f.Media, &f.Size, &f.SHA256, &removed, &at, &tlp, &audience}, more...)...); err != nil {
			return f, err
		}
		f.At = clock.FromMicros(at)
		if err = json.Unmarshal([]byte(removed), &f.Removed); err != nil {
			return f, fmt.Errorf("read file %s: %w", f.ID, err)
		}
		f.Label, err = v.Label(tlp, audience)
		return f, err
	}
}

// Files lists the files of a report, a message or another object that the viewer
// can read, in their order.
func (c *Cases) Files(v *db.View, object string) ([]File, error) {
	return db.All(v, scanFile(v), `SELECT `+fileColumns+` FROM visible.case_files f WHERE f.object = $1 ORDER BY f.place, f.id`, object)
}

// filesUnder lists all files of a report or case by the object that they are
// attached to.
func (c *Cases) filesUnder(v *db.View, parent string) (map[string][]File, error) {
	fs, err := db.All(v, scanFile(v), `SELECT `+fileColumns+` FROM visible.case_files f WHERE f.parent = $1 ORDER BY f.place, f.id`, parent)
	by := map[string][]File{}
	for _, f := range fs {
		by[f.Object] = append(by[f.Object], f)
	}
	return by, err
}

// OpenFile opens a file that the viewer can read, or an upload of his own. The
// reader is to be closed; it outlives the View. It is for download only: serve it
// as an attachment, whatever Media says.
func (c *Cases) OpenFile(v *db.View, id string) (File, io.ReadSeekCloser, error) {
	var wrapped []byte
	f, err := db.One(v, scanFile(v, &wrapped), `SELECT `+fileColumns+`, f.key FROM visible.case_files f WHERE f.id = $1`, id)
	if fault.Is(err, fault.Missing) && v.Viewer().SignedIn() {
		f, err = db.One(v, func(s db.Scanner) (f File, err error) {
			var at int64
			err = s.Scan(&f.ID, &f.Name, &f.Media, &f.Size, &f.SHA256, &at, &wrapped)
			f.At = clock.FromMicros(at)
			f.Label = policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(v.Viewer().Person))}
			return f, err
		}, `SELECT u.id, u.name, u.media, u.size, u.sha256, u.at, u.key FROM case_uploads u WHERE u.id = $1 AND u.person = $2 AND u.complete = 1`, id, v.Viewer().Person)
	}
	if err != nil {
		return File{}, nil, err
	}
	key, err := c.box.UnwrapKey(wrapped, fileAAD(id))
	if err != nil {
		return File{}, nil, fmt.Errorf("open the key of file %s: %w", id, err)
	}
	r, _, err := c.files.Open(v.Context(), blobOf(id), key)
	if err != nil {
		return File{}, nil, fmt.Errorf("open file %s: %w", id, err)
	}
	return f, r, nil
}

// Files of cases have a kind of id of their own, by which the sweeps of the two
// duties that share the store tell theirs apart.
const fileKind = "cfile"

func fileAAD(id string) []byte { return []byte("cordon/case-file/" + id) }
func blobOf(id string) string  { return strings.ToLower(id) }

// fileOf is the file that a blob belongs to, or "" if it is none of a case.
func fileOf(blob string) string {
	rest, ok := strings.CutPrefix(blob, fileKind+"_")
	id := fileKind + "_" + strings.ToUpper(rest)
	if !ok || !ids.Valid(fileKind, id) {
		return ""
	}
	return id
}

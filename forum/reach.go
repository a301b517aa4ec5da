package forum

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Shared is what the ledger keeps of a post or topic, so that it can be proved
// later what was shared, and with whom: the text and the files by their digests,
// and the reach of the label at that moment.
type Shared struct {
	Title      string       `json:"title,omitempty"` // of a topic that was started
	Post       string       `json:"post"`
	BodySHA256 string       `json:"body_sha256"`
	Bytes      int          `json:"bytes"`
	Quote      string       `json:"quote,omitempty"`
	Files      []SharedFile `json:"files,omitempty"`
	Reach      *SharedReach `json:"reach,omitempty"`
}

// SharedFile is a file as the ledger keeps it.
type SharedFile struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Media  string `json:"media"`
}

// SharedReach is who could read at the moment of sharing.
type SharedReach struct {
	Everyone      bool        `json:"everyone,omitempty"`
	People        int         `json:"people"`
	Organizations int         `json:"organizations"`
	By            []SharedOrg `json:"by,omitempty"` // what the author could know of; absent for labels as wide as the community
}

// SharedOrg is how many people of one organization could read.
type SharedOrg struct {
	Org    string `json:"org"`
	Name   string `json:"name"`
	People int    `json:"people"`
}

// shared is the ledger's data for a post just written.
func (f *Forum) shared(v *db.View, w *writing) (Shared, error) {
	s := Shared{Title: w.Title, Post: w.ID, BodySHA256: sum(w.Body), Bytes: len(w.Body), Quote: w.Quote}
	for _, file := range w.files {
		s.Files = append(s.Files, SharedFile{file.ID, file.Name, file.Size, file.SHA256, file.Media})
	}
	r, err := f.reach(v, w.Label)
	s.Reach = &r
	return s, err
}

// reach counts a label's readers. Organizations are listed one by one where the
// audience names them (AMBER and stricter); for wider labels the numbers say it.
func (f *Forum) reach(v *db.View, l policy.Label) (SharedReach, error) {
	if l.TLP == policy.Clear {
		return SharedReach{Everyone: true}, nil
	}
	r, err := f.members.Reach(v, l)
	if err != nil {
		return SharedReach{}, err
	}
	out := SharedReach{Everyone: r.Everyone, People: r.People, Organizations: r.Orgs}
	if l.TLP != policy.Green {
		for _, row := range r.Rows {
			out.By = append(out.By, SharedOrg{row.Org, row.Name, row.People})
		}
	}
	return out, nil
}

// appendFiles records each file that a post brought.
func (w *writing) appendFiles(tx *db.Tx) {
	for _, file := range w.files {
		tx.Append(db.Entry{Verb: "file.shared", Object: file.ID, Parent: w.Topic, Room: w.Room, Label: w.Label,
			Data: map[string]any{"post": w.ID, "file": SharedFile{file.ID, file.Name, file.Size, file.SHA256, file.Media}}})
	}
}

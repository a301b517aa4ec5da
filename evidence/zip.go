package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"time"
)

// A pack is a zip with one spelling: members stored, not compressed, one after
// the other without gaps, no extra fields, comments, descriptors or trailing
// bytes, all of one time. So a reader needs no decompressor, a bomb or an overlap
// has no place to hide, and every byte can be foretold and compared (T-52).
const (
	localSize   = 30
	centralSize = 46
	endSize     = 22
	maxPack     = 2 << 30 // bytes
	maxMembers  = 10_000
	maxName     = 128 // bytes
)

// memberName is what a member may be called: a plain name, or one in files/.
var memberName = regexp.MustCompile(`^(files/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$`)

// member is one file of a pack.
type member struct {
	name string
	crc  uint32
	size int64
	open func() (io.ReadCloser, error)
}

// text is a member whose content is in memory.
func text(name string, b []byte) member {
	return member{name, crc32.ChecksumIEEE(b), int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// dosTime is t in UTC as a zip keeps it, to two seconds.
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	return uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9), uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}

// common is what a local and a central header share.
func (m member) common(at time.Time) []byte {
	date, clock := dosTime(at)
	b := make([]byte, 0, 26)
	b = binary.LittleEndian.AppendUint16(b, 10)     // needs version 1.0
	b = binary.LittleEndian.AppendUint16(b, 0x0800) // names are UTF-8
	b = binary.LittleEndian.AppendUint16(b, 0)      // stored
	b = binary.LittleEndian.AppendUint16(b, clock)
	b = binary.LittleEndian.AppendUint16(b, date)
	b = binary.LittleEndian.AppendUint32(b, m.crc)
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.size))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.name)))
	return binary.LittleEndian.AppendUint16(b, 0) // no extra field
}

func (m member) local(at time.Time) []byte {
	return append(append([]byte("PK\x03\x04"), m.common(at)...), m.name...)
}

func (m member) central(at time.Time, offset int64) []byte {
	b := append([]byte("PK\x01\x02"), 10, 3) // made by version 1.0 on Unix
	b = append(b, m.common(at)...)
	b = append(b, make([]byte, 6)...)                             // comment length, disk, internal attributes
	b = binary.LittleEndian.AppendUint32(b, uint32(0o100644)<<16) // a regular file
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return append(b, m.name...)
}

func end(n int, size, offset int64) []byte {
	b := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return append(b, 0, 0)
}

// writePack writes the members as one zip.
func writePack(w io.Writer, members []member, at time.Time) error {
	var offset int64
	var directory []byte
	for _, m := range members {
		if !memberName.MatchString(m.name) {
			return fmt.Errorf("evidence: a pack cannot hold a member called %q", m.name)
		}
		head := m.local(at)
		if offset+int64(len(head))+m.size > maxPack-(64<<20) {
			return errors.New("evidence: the pack would be larger than 2 GB")
		}
		if _, err := w.Write(head); err != nil {
			return err
		}
		r, err := m.open()
		if err != nil {
			return fmt.Errorf("read %s: %w", m.name, err)
		}
		sum := crc32.NewIEEE()
		n, err := io.Copy(io.MultiWriter(w, sum), r)
		r.Close()
		if err != nil {
			return fmt.Errorf("write %s: %w", m.name, err)
		}
		if n != m.size || sum.Sum32() != m.crc {
			return fmt.Errorf("write %s: it changed while the pack was made", m.name)
		}
		directory = append(directory, m.central(at, offset)...)
		offset += int64(len(head)) + m.size
	}
	if _, err := w.Write(directory); err != nil {
		return err
	}
	_, err := w.Write(end(len(members), int64(len(directory)), offset))
	return err
}

// partError is an error in a named part of a pack.
type partError struct{ part, text string }

func (e *partError) Error() string { return e.part + ": " + e.text }

const structure = "zip structure"

func broken(format string, args ...any) error {
	return &partError{structure, fmt.Sprintf(format, args...)}
}

// readPack finds the members of a pack. It refuses every zip that writePack would
// not have written, but for the time and the members' content, which the caller
// compares: it is returned as the two numbers that must stand in every header.
func readPack(r io.ReaderAt, size int64) (members []member, date, clock uint16, err error) {
	fail := func(format string, args ...any) ([]member, uint16, uint16, error) {
		return nil, 0, 0, broken(format, args...)
	}
	if size > maxPack {
		return fail("a pack of %d bytes is over the limit of 2 GB", size)
	}
	if size < endSize {
		return fail("the file is too short to be a pack")
	}
	tail := make([]byte, endSize)
	if _, err := r.ReadAt(tail, size-endSize); err != nil {
		return nil, 0, 0, fmt.Errorf("read the pack: %w", err)
	}
	count := int(binary.LittleEndian.Uint16(tail[10:]))
	length := int64(binary.LittleEndian.Uint32(tail[12:]))
	start := int64(binary.LittleEndian.Uint32(tail[16:]))
	if !bytes.Equal(tail, end(count, length, start)) {
		return fail("the end of the zip is not as it was written: the file was cut, or something was appended")
	}
	if count > maxMembers || length > maxMembers*(centralSize+maxName) || start+length+endSize != size {
		return fail("the zip's directory does not fit the file")
	}
	directory := make([]byte, length)
	if _, err := r.ReadAt(directory, start); err != nil {
		return nil, 0, 0, fmt.Errorf("read the pack: %w", err)
	}
	seen := map[string]bool{}
	var offset int64
	for i := range count {
		if len(directory) < centralSize {
			return fail("the zip's directory is cut at entry %d", i+1)
		}
		n := int(binary.LittleEndian.Uint16(directory[28:]))
		if n > maxName || len(directory) < centralSize+n {
			return fail("the zip's directory is cut at entry %d", i+1)
		}
		m := member{name: string(directory[centralSize : centralSize+n]), crc: binary.LittleEndian.Uint32(directory[16:]),
			size: int64(binary.LittleEndian.Uint32(directory[24:]))}
		if !memberName.MatchString(m.name) {
			return fail("entry %d of the zip's directory has a name that no pack has", i+1)
		}
		if seen[m.name] {
			return fail("the zip holds %s twice", m.name)
		}
		seen[m.name] = true
		if i == 0 {
			clock, date = binary.LittleEndian.Uint16(directory[12:]), binary.LittleEndian.Uint16(directory[14:])
		}
		// The time is put in as numbers, so that no rounding can hide a change.
		if !bytes.Equal(directory[:centralSize+n], stamp(m.central(time.Time{}, offset), 12, date, clock)) {
			return nil, 0, 0, &partError{m.name, "its entry in the zip's directory is not as it was written"}
		}
		head := make([]byte, localSize+n)
		if offset+int64(len(head))+m.size > start {
			return nil, 0, 0, &partError{m.name, "it reaches over the end of the zip's content"}
		}
		if _, err := r.ReadAt(head, offset); err != nil {
			return nil, 0, 0, fmt.Errorf("read the pack: %w", err)
		}
		if !bytes.Equal(head, stamp(m.local(time.Time{}), 10, date, clock)) {
			return nil, 0, 0, &partError{m.name, "its header in the zip is not as it was written"}
		}
		section := io.NewSectionReader(r, offset+int64(len(head)), m.size)
		m.open = func() (io.ReadCloser, error) {
			_, err := section.Seek(0, io.SeekStart)
			return io.NopCloser(section), err
		}
		offset += int64(len(head)) + m.size
		directory = directory[centralSize+n:]
		members = append(members, m)
	}
	if len(directory) != 0 || offset != start {
		return fail("there are bytes in the zip that belong to no member")
	}
	return members, date, clock, nil
}

// stamp puts a time into a header at its place.
func stamp(head []byte, at int, date, clock uint16) []byte {
	binary.LittleEndian.PutUint16(head[at:], clock)
	binary.LittleEndian.PutUint16(head[at+2:], date)
	return head
}

// digest is the SHA-256 of the member's content, in hexadecimal. It reports
// content that is not of the member's length and checksum.
func (m member) digest() (string, error) {
	r, err := m.open()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", m.name, err)
	}
	defer r.Close()
	sum, crc := sha256.New(), crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(sum, crc), r)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", m.name, err)
	}
	if n != m.size || crc.Sum32() != m.crc {
		return "", &partError{m.name, "its content was changed: it does not have the checksum in the zip"}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// whole reads a member into memory, up to a limit.
func (m member) whole(limit int64) ([]byte, error) {
	if m.size > limit {
		return nil, &partError{m.name, fmt.Sprintf("it is larger than %d bytes", limit)}
	}
	r, err := m.open()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.name, err)
	}
	return b, nil
}

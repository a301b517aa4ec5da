package blob

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	chunkSize  = 64 << 10 // plain bytes in each chunk but the last
	tagSize    = 16
	sealedSize = chunkSize + tagSize
	saltSize   = 32
	magic      = "cordonb1"
	headerSize = len(magic) + saltSize
)

// fileAEAD derives the cipher of one stored file. The salt keeps nonces apart
// should a caller ever use one key for two puts.
func fileAEAD(key [32]byte, salt []byte, id string) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key[:], salt, "cordon blob v1 "+id, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a file's key: %w", err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, fmt.Errorf("deriving a file's key: %w", err)
	}
	return cipher.NewGCM(block)
}

// nonce is the chunk's number, 11 bytes big-endian, and 1 on the last chunk.
func nonce(chunk int64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[3:11], uint64(chunk))
	if last {
		n[11] = 1
	}
	return n
}

// encrypt writes header and chunks of r to w until r ends.
func encrypt(w io.Writer, r io.Reader, key [32]byte, id string) error {
	header := make([]byte, headerSize)
	copy(header, magic)
	rand.Read(header[len(magic):])
	aead, err := fileAEAD(key, header[len(magic):], id)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	// One byte is read ahead, to know which chunk is the last.
	buf := make([]byte, chunkSize+1, chunkSize+1+tagSize)
	sealed := make([]byte, 0, sealedSize)
	have := 0
	for chunk := int64(0); ; chunk++ {
		n, err := io.ReadFull(r, buf[have:chunkSize+1])
		have += n
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return err
		}
		plain := buf[:min(have, chunkSize)]
		sealed = aead.Seal(sealed[:0], nonce(chunk, last), plain, []byte(id))
		if _, err := w.Write(sealed); err != nil {
			return err
		}
		if last {
			return nil
		}
		buf[0], have = buf[chunkSize], 1
	}
}

// plainSize is the content's length in a stored file of the given length.
func plainSize(stored int64) (size, chunks int64, ok bool) {
	body := stored - int64(headerSize)
	if body < tagSize {
		return 0, 0, false
	}
	chunks = (body + sealedSize - 1) / sealedSize
	last := body - (chunks-1)*sealedSize
	if last < tagSize || last == tagSize && chunks > 1 {
		return 0, 0, false
	}
	return body - chunks*tagSize, chunks, true
}

// reader decrypts chunk by chunk, at any offset.
type reader struct {
	f      io.ReaderAt
	close  func() error
	aead   cipher.AEAD
	id     string
	size   int64
	chunks int64

	offset  int64  // of the next Read
	current int64  // number of the chunk in plain; -1 for none
	plain   []byte // current chunk's content
	sealed  []byte // scratch
}

// newReader verifies the header's shape and the last chunk, hence the length.
func newReader(f io.ReaderAt, stored int64, key [32]byte, id string) (*reader, error) {
	size, chunks, ok := plainSize(stored)
	if !ok {
		return nil, ErrDamaged
	}
	header := make([]byte, headerSize)
	if _, err := f.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("reading a file's header: %w", err)
	}
	if string(header[:len(magic)]) != magic {
		return nil, ErrDamaged
	}
	aead, err := fileAEAD(key, header[len(magic):], id)
	if err != nil {
		return nil, err
	}
	r := &reader{f: f, aead: aead, id: id, size: size, chunks: chunks, current: -1, sealed: make([]byte, sealedSize)}
	if err := r.load(chunks - 1); err != nil {
		return nil, err
	}
	return r, nil
}

// load decrypts a chunk into r.plain, or leaves none there.
func (r *reader) load(chunk int64) error {
	if chunk == r.current {
		return nil
	}
	r.current = -1
	length := int64(sealedSize)
	last := chunk == r.chunks-1
	if last {
		length = r.size - chunk*chunkSize + tagSize
	}
	if n, err := r.f.ReadAt(r.sealed[:length], int64(headerSize)+chunk*sealedSize); int64(n) != length {
		if err == nil || err == io.EOF {
			return ErrDamaged // shorter than when it was opened
		}
		return fmt.Errorf("reading chunk %d of a file: %w", chunk, err)
	}
	plain, err := r.aead.Open(r.plain[:0], nonce(chunk, last), r.sealed[:length], []byte(r.id))
	if err != nil {
		return ErrDamaged
	}
	r.plain, r.current = plain, chunk
	return nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.offset >= r.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.load(r.offset / chunkSize); err != nil {
		return 0, err
	}
	n := copy(p, r.plain[r.offset%chunkSize:])
	r.offset += int64(n)
	return n, nil
}

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seeking in a file: there is no whence %d", whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("seeking in a file: offset %d is before its start", offset)
	}
	r.offset = offset
	return offset, nil
}

func (r *reader) Close() error { return r.close() }

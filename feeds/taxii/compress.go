package taxii

import (
	"bytes"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// coding is a content coding, as the end of an entity tag.
type coding string

const (
	identity coding = ""
	gzipped  coding = "-g"
	zstded   coding = "-z"
)

// leastCompressed is the shortest body that is worth it.
const leastCompressed = 1 << 10

func (c coding) name() string {
	if c == zstded {
		return "zstd"
	}
	return "gzip"
}

// negotiate chooses a coding that the asker takes (RFC 9110 §12.5.3): zstd before
// gzip. Weights but 0 are passed over: all that can be asked for is near.
func negotiate(headers []string, size int) coding {
	if size < leastCompressed {
		return identity
	}
	best := identity
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			name, weight, _ := strings.Cut(part, ";")
			if w := strings.ReplaceAll(weight, " ", ""); strings.HasPrefix(w, "q=0") && strings.Trim(w[3:], ".0") == "" {
				continue
			}
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "zstd":
				return zstded
			case "gzip", "x-gzip":
				best = gzipped
			}
		}
	}
	return best
}

// Both work at their fastest: a page is asked for once by most of its readers.
var (
	zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
		if err != nil {
			panic("taxii: zstd refused its own settings: " + err.Error())
		}
		return e
	})
	gzipWriters = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic("taxii: gzip refused its own level: " + err.Error())
		}
		return w
	}}
)

// compress writes a body in a coding other than identity.
func compress(body []byte, c coding) []byte {
	if c == zstded {
		return zstdEncoder().EncodeAll(body, make([]byte, 0, len(body)/4))
	}
	var b bytes.Buffer
	b.Grow(len(body) / 4)
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(&b)
	w.Write(body) // a buffer takes everything
	w.Close()
	return b.Bytes()
}

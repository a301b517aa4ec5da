package tlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

const (
	// TileHeight is the number of tree levels in a tile.
	TileHeight = 8
	// TileWidth is the number of hashes, or of entries, in a full tile.
	TileWidth = 1 << TileHeight
	// Entries is the Level of a tile that holds entries, not hashes.
	Entries = -1
	// MaxEntry is the largest entry of a bundle, in bytes.
	MaxEntry = 1<<16 - 1

	maxTileLevel = 63
	maxTilePath  = 128
)

// Tile addresses a tile or an entry bundle (C2SP tlog-tiles).
type Tile struct {
	Level int   // 0 to 63, or Entries
	Index int64 // from the left, within the level
	Width int   // 1 to 256; less than 256 is a partial tile
}

var errTilePath = errors.New("this is not the path of a tile")

// ParseTilePath reads "tile/<level>/<index>[.p/<width>]" or
// "tile/entries/<index>[.p/<width>]". Each tile has one spelling only: leading
// zeros, empty groups and a full tile written as partial are refused.
func ParseTilePath(path string) (Tile, error) {
	if len(path) > maxTilePath {
		return Tile{}, errTilePath
	}
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return Tile{}, errTilePath
	}
	level, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return Tile{}, errTilePath
	}
	t := Tile{Level: Entries, Width: TileWidth}
	if level != "entries" {
		n, err := strconv.Atoi(level)
		if err != nil || n < 0 || n > maxTileLevel {
			return Tile{}, errTilePath
		}
		t.Level = n
	}
	if index, width, partial := strings.Cut(rest, ".p/"); partial {
		n, err := strconv.Atoi(width)
		if err != nil || n < 1 || n >= TileWidth {
			return Tile{}, errTilePath
		}
		t.Width, rest = n, index
	}
	for group := range strings.SplitSeq(rest, "/") {
		digits := strings.TrimPrefix(group, "x")
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || len(digits) != 3 || t.Index > (1<<63-1-int64(n))/1000 {
			return Tile{}, errTilePath
		}
		t.Index = t.Index*1000 + int64(n)
	}
	// One spelling: whatever reads but is not what Path writes is refused.
	if t.Path() != path {
		return Tile{}, errTilePath
	}
	return t, nil
}

// Path is the tile's one spelling.
func (t Tile) Path() string {
	level := "entries"
	if t.Level != Entries {
		level = strconv.Itoa(t.Level)
	}
	index := fmt.Sprintf("%03d", t.Index%1000)
	for n := t.Index / 1000; n > 0; n /= 1000 {
		index = fmt.Sprintf("x%03d/%s", n%1000, index)
	}
	path := "tile/" + level + "/" + index
	if t.Width < TileWidth {
		path += ".p/" + strconv.Itoa(t.Width)
	}
	return path
}

// Within reports whether a tree of size leaves has all that the tile asks for.
func (t Tile) Within(size int64) bool {
	level := max(t.Level, 0)
	if level > maxTileLevel || level*TileHeight > 62 || t.Index < 0 || t.Width < 1 || t.Width > TileWidth || size < 0 {
		return false
	}
	have := size >> (level * TileHeight)
	return t.Index <= have/TileWidth && t.Index*TileWidth+int64(t.Width) <= have
}

// ReadHashTile reads a hash tile's bytes: Width hashes, one after the other.
// The tile must lie within the tree that read serves; ask [Tile.Within] first.
func ReadHashTile(t Tile, read HashReader) ([]byte, error) {
	if t.Level == Entries {
		return nil, errors.New("an entry bundle holds no hashes")
	}
	if !t.Within(maxSize) {
		return nil, fmt.Errorf("tile %s is outside any tree", t.Path())
	}
	data, err := xtlog.ReadTileData(xtlog.Tile{H: TileHeight, L: t.Level, N: t.Index, W: t.Width}, read)
	if err != nil {
		return nil, fmt.Errorf("reading tile %s: %w", t.Path(), err)
	}
	return data, nil
}

// EntryBundle encodes up to 256 entries, each with its length before it as a
// big-endian uint16.
func EntryBundle(entries [][]byte) ([]byte, error) {
	if len(entries) == 0 || len(entries) > TileWidth {
		return nil, fmt.Errorf("a bundle holds 1 to %d entries, not %d", TileWidth, len(entries))
	}
	size := 0
	for i, e := range entries {
		if len(e) > MaxEntry {
			return nil, fmt.Errorf("entry %d of the bundle is %d bytes, over the limit of %d", i, len(e), MaxEntry)
		}
		size += 2 + len(e)
	}
	data := make([]byte, 0, size)
	for _, e := range entries {
		data = binary.BigEndian.AppendUint16(data, uint16(len(e)))
		data = append(data, e...)
	}
	return data, nil
}

// ParseEntryBundle splits what [EntryBundle] made. The entries are parts of
// data, not copies.
func ParseEntryBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(entries) == TileWidth {
			return nil, fmt.Errorf("the bundle holds more than %d entries", TileWidth)
		}
		if len(data) < 2 {
			return nil, fmt.Errorf("the bundle ends inside the length of entry %d", len(entries))
		}
		n := int(binary.BigEndian.Uint16(data))
		if len(data)-2 < n {
			return nil, fmt.Errorf("the bundle ends inside entry %d", len(entries))
		}
		entries = append(entries, data[2:2+n:2+n])
		data = data[2+n:]
	}
	if len(entries) == 0 {
		return nil, errors.New("the bundle is empty")
	}
	return entries, nil
}

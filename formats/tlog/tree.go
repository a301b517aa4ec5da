package tlog

import (
	"fmt"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// Hash is an RFC 6962 tree hash (SHA-256).
type Hash = xtlog.Hash

// HashSize is the length of a [Hash] in bytes.
const HashSize = xtlog.HashSize

// HashReader reads stored hashes by their dense index.
type HashReader = xtlog.HashReader

// HashReaderFunc is a function that is a [HashReader].
type HashReaderFunc = xtlog.HashReaderFunc

// StoredHash is one hash to store, and the dense index to store it under.
type StoredHash struct {
	Index int64
	Hash  Hash
}

// LeafHash is the RFC 6962 hash of a leaf: SHA-256(0x00 || leaf).
func LeafHash(leaf []byte) Hash { return xtlog.RecordHash(leaf) }

// Root is the tree hash of the first size leaves.
func Root(size int64, read HashReader) (Hash, error) {
	if size < 0 {
		return Hash{}, fmt.Errorf("tree size %d is negative", size)
	}
	return xtlog.TreeHash(size, read)
}

// StoredHashIndex is the dense index of node n at the given level.
func StoredHashIndex(level int, n int64) int64 { return xtlog.StoredHashIndex(level, n) }

// StoredHashCount is how many hashes a tree of size leaves stores.
func StoredHashCount(size int64) int64 { return xtlog.StoredHashCount(size) }

// Grow computes the hashes to store when leaves are added to a tree of size
// leaves. They come back in ascending index order, without gaps, beginning at
// StoredHashCount(size).
//
// A batch reads only those right-edge nodes of the old tree that it completes
// into larger subtrees, in one call to read and each of them once; hashes made
// by the batch itself never go through read. An empty batch reads nothing.
func Grow(size int64, leaves [][]byte, read HashReader) (newHashes []StoredHash, newSize int64, err error) {
	if size < 0 {
		return nil, 0, fmt.Errorf("tree size %d is negative", size)
	}
	newSize = size + int64(len(leaves))
	if newSize < size || newSize > maxSize {
		return nil, 0, fmt.Errorf("a tree of %d leaves cannot take %d more", size, len(leaves))
	}
	if len(leaves) == 0 {
		return nil, newSize, nil
	}

	// edge[l] is the left sibling that waits at level l for its right one.
	var edge [64]Hash
	var levels []int
	var indexes []int64
	for l := 0; size>>l != 0; l++ {
		if size>>l&1 == 0 {
			continue
		}
		left := size>>l - 1 // even: bit l of size is set
		if (left+2)<<l > newSize {
			continue // its parent stays open in this batch
		}
		levels = append(levels, l)
		indexes = append(indexes, xtlog.StoredHashIndex(l, left))
	}
	if len(indexes) > 0 {
		hashes, err := read.ReadHashes(indexes)
		if err != nil {
			return nil, 0, fmt.Errorf("reading the edge of the tree at size %d: %w", size, err)
		}
		if len(hashes) != len(indexes) {
			return nil, 0, fmt.Errorf("reading the edge of the tree at size %d: asked for %d hashes, got %d", size, len(indexes), len(hashes))
		}
		for i, l := range levels {
			edge[l] = hashes[i]
		}
	}

	next := xtlog.StoredHashCount(size)
	newHashes = make([]StoredHash, 0, xtlog.StoredHashCount(newSize)-next)
	for i, leaf := range leaves {
		n := size + int64(i)
		h := xtlog.RecordHash(leaf)
		newHashes = append(newHashes, StoredHash{next, h})
		next++
		l := 0
		for ; n>>l&1 == 1; l++ {
			h = xtlog.NodeHash(edge[l], h)
			newHashes = append(newHashes, StoredHash{next, h})
			next++
		}
		edge[l] = h
	}
	return newHashes, newSize, nil
}

// maxSize keeps dense indexes (fewer than twice the size) within an int64.
const maxSize = 1 << 61

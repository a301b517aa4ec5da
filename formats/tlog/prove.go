package tlog

import (
	"errors"
	"fmt"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// Proof is an RFC 6962 audit path (§2.1.1) or consistency proof (§2.1.2).
type Proof []Hash

// maxProof is the longest proof that any tree can need: 62 levels, and one
// more hash for a consistency proof's starting node.
const maxProof = 63

var errEmptyTree = errors.New("the empty tree's root is not the one expected")

// Inclusion proves that the tree of size leaves holds leaf index.
func Inclusion(size, index int64, read HashReader) (Proof, error) {
	if size > maxSize || index < 0 || index >= size {
		return nil, fmt.Errorf("there is no leaf %d in a tree of %d leaves", index, size)
	}
	p, err := xtlog.ProveRecord(size, index, read)
	if err != nil {
		return nil, fmt.Errorf("proving leaf %d in a tree of %d leaves: %w", index, size, err)
	}
	return Proof(p), nil
}

// CheckInclusion reports whether proof shows that the tree with this size and
// root holds exactly these bytes as leaf index.
func CheckInclusion(proof Proof, size int64, root Hash, index int64, leaf []byte) error {
	if size > maxSize || index < 0 || index >= size {
		return fmt.Errorf("there is no leaf %d in a tree of %d leaves", index, size)
	}
	if len(proof) > maxProof {
		return fmt.Errorf("a proof of %d hashes is longer than any tree needs", len(proof))
	}
	if err := xtlog.CheckRecord(xtlog.RecordProof(proof), size, root, index, xtlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("the proof does not show leaf %d in the tree of %d leaves: %w", index, size, err)
	}
	return nil
}

// Consistency proves that the tree of old leaves is a prefix of the tree of new
// leaves. The proof from the empty tree, and that of a tree with itself, is empty.
func Consistency(old, new int64, read HashReader) (Proof, error) {
	if old < 0 || new < old || new > maxSize {
		return nil, fmt.Errorf("a tree of %d leaves is no prefix of one of %d", old, new)
	}
	if old == 0 || old == new {
		return Proof{}, nil
	}
	p, err := xtlog.ProveTree(new, old, read)
	if err != nil {
		return nil, fmt.Errorf("proving %d leaves a prefix of %d: %w", old, new, err)
	}
	return Proof(p), nil
}

// CheckConsistency reports whether proof shows that the tree (old, oldRoot) is
// a prefix of the tree (new, newRoot).
func CheckConsistency(proof Proof, old int64, oldRoot Hash, new int64, newRoot Hash) error {
	if old < 0 || new < old || new > maxSize {
		return fmt.Errorf("a tree of %d leaves is no prefix of one of %d", old, new)
	}
	if len(proof) > maxProof {
		return fmt.Errorf("a proof of %d hashes is longer than any tree needs", len(proof))
	}
	if old == 0 || old == new {
		if len(proof) != 0 {
			return fmt.Errorf("the proof from %d to %d leaves should be empty", old, new)
		}
		if old == 0 {
			empty, err := xtlog.TreeHash(0, nil)
			if err != nil {
				return err
			}
			if oldRoot != empty || (new == 0 && newRoot != empty) {
				return errEmptyTree
			}
			return nil
		}
		if oldRoot != newRoot {
			return fmt.Errorf("two different roots for the tree of %d leaves", old)
		}
		return nil
	}
	if err := xtlog.CheckTree(xtlog.TreeProof(proof), new, newRoot, old, oldRoot); err != nil {
		return fmt.Errorf("the proof does not show %d leaves as a prefix of %d: %w", old, new, err)
	}
	return nil
}

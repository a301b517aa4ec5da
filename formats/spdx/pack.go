package spdx

import (
	"encoding/binary"
	"slices"

	"github.com/cordon-isao/cordon/formats/sbom"
)

// packed is a package of SPDX 3 while it waits for the end of the graph: its
// texts one after the other, each with its length, in a third of the memory.
type packed []byte

// fields are the texts and lists that wait.
func (p *pkg) fields() ([]*string, []*[]string) {
	return []*string{&p.Ref, &p.Type, &p.Name, &p.Version, &p.PURL, &p.Description, &p.summary, &p.validUntil},
		[]*[]string{&p.CPE, &p.notes, &p.levels, &p.suppliedBy, &p.originatedBy}
}

func (p *pkg) pack() packed {
	var b packed
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	texts, lists := p.fields()
	for _, s := range texts {
		text(*s)
	}
	for _, list := range lists {
		b = binary.AppendUvarint(b, uint64(len(*list)))
		for _, s := range *list {
			text(s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(p.Hashes)))
	for _, h := range p.Hashes {
		text(h.Algorithm)
		text(h.Value)
	}
	return slices.Clone(b)
}

func (b packed) unpack() *pkg {
	p := &pkg{}
	number := func() int {
		n, size := binary.Uvarint(b)
		b = b[size:]
		return int(n)
	}
	text := func() string {
		n := number()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	texts, lists := p.fields()
	for _, s := range texts {
		*s = text()
	}
	for _, list := range lists {
		for range number() {
			*list = append(*list, text())
		}
	}
	for range number() {
		p.Hashes = append(p.Hashes, sbom.Hash{Algorithm: text(), Value: text()})
	}
	return p
}

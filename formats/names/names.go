package names

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Fold is a name in small letters and digits, its words parted by one space:
// without punctuation, trade marks and accents' case. A plus that ends a word is
// kept, because products differ by it.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case r == '&':
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString("and")
			gap = true
			continue
		case r == '+' && b.Len() > 0 && !gap:
			b.WriteByte('+')
			continue
		case r == '\'' || r == '’' || r == '™' || r == '®' || r == '©':
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// forms are words that say what kind of firm it is, and not which.
var forms = map[string]bool{"inc": true, "incorporated": true, "corp": true, "corporation": true, "co": true, "company": true, "ltd": true, "limited": true, "llc": true, "lp": true,
	"gmbh": true, "ag": true, "sa": true, "se": true, "nv": true, "bv": true, "plc": true, "kg": true, "srl": true, "spa": true, "ab": true, "oy": true, "pty": true, "kk": true, "the": true}

// Alias is one row of the table of makers: a name that is, or was, used for a maker.
type Alias struct {
	Name, Maker string // folded
	Why         string // where it is known from
}

//go:embed makers.tsv
var makersText string

var makers = sync.OnceValue(func() map[string]Alias {
	m := map[string]Alias{}
	for line := range strings.Lines(makersText) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.Split(line, "\t")
		if len(part) != 3 {
			panic("names: makers.tsv: " + line)
		}
		a := Alias{plain(part[0]), plain(part[1]), part[2]}
		m[a.Name] = a
	}
	return m
})

// plain is a maker's folded name without its legal form.
func plain(s string) string {
	words := strings.Fields(Fold(s))
	for len(words) > 1 && forms[words[0]] {
		words = words[1:]
	}
	for len(words) > 1 && (forms[words[len(words)-1]] || words[len(words)-1] == "and") {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// Vendor is the folded name of a maker: without its legal form, and the present
// name where the given one is known to be a misspelling, an abbreviation or the
// name of a firm that was renamed or acquired.
func Vendor(s string) string {
	name := plain(s)
	if a, ok := makers()[name]; ok {
		return a.Maker
	}
	return name
}

// Renamed tells what the table says of a maker's name; ok is false if it says
// nothing.
func Renamed(s string) (a Alias, ok bool) {
	a, ok = makers()[plain(s)]
	return a, ok
}

// Aliases is the table of makers, in no order.
func Aliases() []Alias {
	out := make([]Alias, 0, len(makers()))
	for _, a := range makers() {
		out = append(out, a)
	}
	return out
}

// Version says by which names things are found: another version, other keys for the same
// words. It changes with the table of makers, and with form, which is the caller's own.
func Version(form int) int64 {
	var lines []string
	for _, a := range Aliases() {
		lines = append(lines, a.Name+"\t"+a.Maker)
	}
	slices.Sort(lines)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s", form, strings.Join(lines, "\n")))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// Product is the folded name of a maker's product, without the maker's own name
// before it, under whichever of its names ("Welch Allyn Connex" of Baxter is
// "connex").
func Product(vendor, product string) string {
	name, maker := Fold(product), Vendor(vendor)
	for again := true; again; {
		again = false
		words := strings.Fields(name)
		for n := min(3, len(words)-1); n > 0 && !again; n-- {
			if again = Vendor(strings.Join(words[:n], " ")) == maker; again {
				name = strings.Join(words[n:], " ")
			}
		}
	}
	return name
}

// Device is the key under which a maker's product is looked up.
func Device(vendor, product string) string {
	return "dev:" + Vendor(vendor) + ":" + Product(vendor, product)
}

// Component is the key under which a part is looked up that has no identifier but
// its name.
func Component(name string) string { return "name:" + Fold(name) }

// Hash is a key as an index keeps it: who finds something by it compares the key
// itself.
func Hash(key string) int64 {
	sum := sha256.Sum256([]byte(key))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

package markdown

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	// MaxBytes is the longest source that is rendered.
	MaxBytes = 256 << 10
	// maxOutput stops documents that grow: one address, defined once, may be
	// used by thousands of links.
	maxOutput = 8 << 20
	// maxBlocks is how deep lists and quotes nest; deeper markers are text.
	maxBlocks = 32
	// maxInlines is how deep emphasis nests before it is dropped.
	maxInlines = 32
	// maxCells is the most cells of a table (rows are filled up to the width
	// of the first, so a short text can mean very many).
	maxCells = 20_000
	// inlineBudget bounds the bytes that inline parsers may look at again and
	// again; goldmark's take quadratic time on runs of brackets or stars. What is
	// left when it is spent is text. Ordinary long documents use a tenth.
	inlineBudget = 50 << 20
)

// ErrTooLong says that a text is longer than MaxBytes, or grows beyond reason.
var ErrTooLong = errors.New("the text is too long")

var theParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(shallow{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
		util.Prioritized(budgeted{parser.NewCodeSpanParser()}, 100),
		util.Prioritized(budgeted{parser.NewLinkParser()}, 200),
		util.Prioritized(budgeted{parser.NewAutoLinkParser()}, 300),
		util.Prioritized(budgeted{parser.NewEmphasisParser()}, 500),
		util.Prioritized(budgeted{extension.NewStrikethroughParser()}, 500),
		util.Prioritized(budgeted{extension.NewLinkifyParser()}, 999),
	),
	parser.WithParagraphTransformers(
		util.Prioritized(fewLines{parser.LinkReferenceParagraphTransformer}, 100),
		util.Prioritized(smallTables{extension.NewTableParagraphTransformer()}, 200),
	),
)

// parse gives the tree of a source, and the source that it points into.
func parse(src string) (ast.Node, []byte, error) {
	if len(src) > MaxBytes {
		return nil, nil, fmt.Errorf("%w: %d bytes, and at most %d are allowed", ErrTooLong, len(src), MaxBytes)
	}
	src = strings.ToValidUTF8(src, "\uFFFD")
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	data := []byte(src)
	return theParser.Parse(text.NewReader(data)), data, nil
}

// shallow refuses to open a container deeper than maxBlocks.
type shallow struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if k := n.Kind(); k == ast.KindList || k == ast.KindBlockquote {
			if depth++; depth >= maxBlocks {
				return nil, parser.NoChildren
			}
		}
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// smallTables leaves a table of more than maxCells as text.
type smallTables struct{ parser.ParagraphTransformer }

// Transform implements parser.ParagraphTransformer.
func (s smallTables) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines, widest := node.Lines(), 0
	for i := range lines.Len() {
		seg := lines.At(i)
		widest = max(widest, 1+bytes.Count(seg.Value(reader.Source()), []byte("|")))
	}
	if widest*lines.Len() <= maxCells {
		s.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// fewLines looks for link definitions in paragraphs of at most maxDefinitions
// lines; goldmark takes time that grows with the square of them.
type fewLines struct{ parser.ParagraphTransformer }

const maxDefinitions = 1000

// Transform implements parser.ParagraphTransformer.
func (f fewLines) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if node.Lines().Len() <= maxDefinitions {
		f.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// budgeted takes each attempt's worst cost, the rest of its block, from the
// document's inlineBudget.
type budgeted struct{ parser.InlineParser }

var budgetKey = parser.NewContextKey()

// Parse implements parser.InlineParser.
func (b budgeted) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	left, ok := pc.Get(budgetKey).(*int)
	if !ok {
		n := inlineBudget
		left = &n
		pc.Set(budgetKey, left)
	}
	_, here := block.PeekLine()
	if lines := parent.Lines(); parent.Type() == ast.TypeBlock && lines.Len() > 0 {
		*left -= max(lines.At(lines.Len()-1).Stop-here.Start, 1)
	}
	if *left < 0 {
		return nil
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// CloseBlock implements parser.CloseBlocker, for those that need it.
func (b budgeted) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := b.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

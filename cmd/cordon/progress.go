package main

import (
	"os"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct{ b *progressbar.ProgressBar }

func newBar(what string) *bar {
	if !isatty.IsTerminal(os.Stderr.Fd()) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())}
}

func (b *bar) set(what string, done, total int64) {
	if b.b != nil {
		b.b.ChangeMax64(max(total, 1))
		b.b.Describe(what)
		_ = b.b.Set64(done)
	}
}

func (b *bar) end() {
	if b.b != nil {
		_ = b.b.Finish()
	}
}

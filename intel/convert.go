package intel

import (
	"io"

	"github.com/cordon-isao/cordon/internal/fault"
)

// converted reads a file of another format as STIX objects.
func (x *Intel) converted(b *Batch, _ io.Reader) (source, error) {
	return nil, fault.InvalidField("format", "Files of the format %q are not read.", string(b.Format))
}

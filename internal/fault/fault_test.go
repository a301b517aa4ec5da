package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/fault"
)

func TestKinds(t *testing.T) {
	under := errors.New("disk 7")
	for want, err := range map[fault.Kind]error{
		fault.Invalid: fault.Invalidf("Bad %d.", 1), fault.Forbidden: fault.Forbiddenf("No."), fault.Conflict: fault.Conflictf("Late."),
		fault.Busy: fault.Busyf("Wait."), fault.Missing: fault.ErrMissing, fault.Internal: under, "": nil,
	} {
		wrapped := err
		if err != nil {
			wrapped = fmt.Errorf("open the door: %w", err)
		}
		if fault.KindOf(wrapped) != want || fault.Is(wrapped, want) != (err != nil) || fault.Is(nil, want) {
			t.Errorf("%v is %q, want %q", err, fault.KindOf(wrapped), want)
		}
	}
	e := &fault.Error{Kind: fault.Busy, Message: "Wait.", Err: under}
	if !errors.Is(e, under) || e.Error() != "Wait.: disk 7" || fault.Sentence(e) != "Wait." {
		t.Error(e)
	}
}

// A reader learns nothing of an internal error.
func TestSentence(t *testing.T) {
	secret := errors.New("password=hunter2")
	for _, err := range []error{secret, &fault.Error{Kind: fault.Internal, Message: "panic in password", Err: secret}} {
		if s := fault.Sentence(err); strings.Contains(s, "password") || !strings.HasSuffix(s, ".") {
			t.Error(s)
		}
	}
	if fault.Sentence(fault.Invalidf("Bad %d.", 1)) != "Bad 1." {
		t.Error("a sentence")
	}
}

func TestFields(t *testing.T) {
	if fault.InvalidFields(nil) != nil || fault.FieldsOf(errors.New("x")) != nil {
		t.Error("nothing wrong is an error")
	}
	one := fault.InvalidField("title", "Shorten to %d.", 80)
	if fs := fault.FieldsOf(one); len(fs) != 1 || fs[0] != (fault.Field{Name: "title", Message: "Shorten to 80."}) || fault.Sentence(one) != "Shorten to 80." {
		t.Error(one)
	}
	two := fault.InvalidFields([]fault.Field{{Name: "a", Message: "A."}, {Name: "b", Message: "B."}})
	if len(fault.FieldsOf(fmt.Errorf("x: %w", two))) != 2 || !strings.HasPrefix(fault.Sentence(two), "2 things") {
		t.Error(two)
	}
	if s := fault.Sentence(fault.InvalidFields([]fault.Field{{Name: "a", Message: "A."}})); s != "A." {
		t.Error(s)
	}
}

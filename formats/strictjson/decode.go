package strictjson

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON text from r, to its end, into v, a pointer.
// On error v may be partly filled; do not use it.
func Decode(r io.Reader, limits Limits, v any) error {
	limits = limits.filled()
	data, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	return UnmarshalLimits(data, limits, v)
}

// Unmarshal reads data into v, a pointer, under the default limits.
func Unmarshal(data []byte, v any) error { return UnmarshalLimits(data, Limits{}, v) }

// UnmarshalLimits is [Unmarshal] under other limits.
func UnmarshalLimits(data []byte, limits Limits, v any) error {
	if err := Check(data, limits); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(!limits.AllowUnknown)); err != nil {
		return explainSemantic(err)
	}
	return nil
}

func explainSemantic(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return explain(err)
	}
	e := &Error{Pointer: string(semantic.JSONPointer), Offset: semantic.ByteOffset, err: semantic.Err}
	var reasoner Reasoner
	switch {
	case errors.Is(semantic.Err, json.ErrUnknownName):
		e.Reason = "a name is not known here"
		name := semantic.JSONPointer.LastToken()
		if known := knownAs(semantic.GoType, name); known != "" {
			// The known name is ours, so it may be shown.
			e.Reason = fmt.Sprintf("a name is not known here; names are case-sensitive, write %q", known)
		}
	case errors.As(semantic.Err, &reasoner):
		e.Reason = reasoner.JSONReason()
	default:
		e.Reason = "the value does not fit"
		if want := wanted(semantic.GoType); want != "" {
			e.Reason += ": " + want + " is wanted"
			if found := kinds[semantic.JSONKind.String()]; found != "" && !strings.HasSuffix(want, found) {
				e.Reason += ", there is " + found
			}
		}
	}
	return e
}

// knownAs finds the name of t's member that folds to the same as name.
func knownAs(t reflect.Type, name string) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return ""
	}
	for _, f := range reflect.VisibleFields(t) {
		known, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if known == "" {
			known = f.Name
		}
		if f.IsExported() && !f.Anonymous && known != "-" && fold(known) == fold(name) {
			return known
		}
	}
	return ""
}

var kinds = map[string]string{
	"null": "null", "false": "a boolean", "true": "a boolean", "string": "a string",
	"number": "a number", "{": "an object", "[": "an array",
}

var (
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// wanted says in JSON's words what a Go type is read from.
func wanted(t reflect.Type) string {
	if t == nil {
		return ""
	}
	if t.Implements(textType) || reflect.PointerTo(t).Implements(textType) {
		return ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number within range"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative and within range"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return ""
}

// Canonical writes v as RFC 8785 JSON: the one spelling of its value. A whole
// number beyond 2^53, which RFC 8785 cannot hold, is an error; give it as a string.
func Canonical(v any) ([]byte, error) {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("writing canonical JSON: %w", err)
	}
	if err := exact(data); err != nil {
		return nil, err
	}
	value := jsontext.Value(data)
	if err := value.Canonicalize(); err != nil {
		return nil, fmt.Errorf("writing canonical JSON: %w", err)
	}
	return value, nil
}

// exact refuses whole numbers that a double would round.
func exact(data []byte) error {
	d := jsontext.NewDecoder(strings.NewReader(string(data)))
	for {
		token, err := d.ReadToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("writing canonical JSON: %w", err)
		}
		if token.Kind() != '0' {
			continue
		}
		digits := strings.TrimPrefix(token.String(), "-")
		if strings.ContainsAny(digits, ".eE") {
			continue
		}
		const largest = "9007199254740992" // 2^53
		if len(digits) > len(largest) || len(digits) == len(largest) && digits > largest {
			return fmt.Errorf("writing canonical JSON: the whole number at %s is beyond 2^53; give it as a string", d.StackPointer())
		}
	}
}

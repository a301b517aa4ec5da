package taxii

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Discovery is what a server says of itself (§4.1.1).
type Discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitzero"`
	Contact     string   `json:"contact,omitzero"`
	Default     string   `json:"default,omitzero"` // the API root for who does not choose
	APIRoots    []string `json:"api_roots,omitzero"`
}

// APIRoot is a group of collections (§4.2.1).
type APIRoot struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitzero"`
	Versions         []string `json:"versions"`           // media types
	MaxContentLength int64    `json:"max_content_length"` // bytes of a POST's body
}

// Collection is a set of objects (§5.2.1).
type Collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitzero"`
	Alias       string   `json:"alias,omitzero"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types,omitzero"`
}

// Collections are those of an API root that the consumer may know of (§5.1.1).
type Collections struct {
	Collections []Collection `json:"collections,omitzero"`
}

// Envelope is a page of objects (§3.7). Each object is the bytes it came as.
type Envelope struct {
	More    bool             `json:"more,omitzero"`
	Next    string           `json:"next,omitzero"`
	Objects []jsontext.Value `json:"objects,omitzero"`
}

// ManifestRecord says of one version of an object when it was added (§5.3.2).
type ManifestRecord struct {
	ID        string `json:"id"`
	DateAdded Time   `json:"date_added"`
	Version   string `json:"version"` // as the object writes it
	MediaType string `json:"media_type,omitzero"`
}

// Manifest is a page of what a collection holds (§5.3.1).
type Manifest struct {
	More    bool             `json:"more,omitzero"`
	Objects []ManifestRecord `json:"objects,omitzero"`
}

// VersionList is a page of one object's versions, as the object writes them
// (§5.8.1).
type VersionList struct {
	More     bool     `json:"more,omitzero"`
	Versions []string `json:"versions,omitzero"`
}

// The two states of a [Status].
const (
	Pending  = "pending"
	Complete = "complete"
)

// Status is how far a POST's objects have come (§4.3.1).
type Status struct {
	ID               string         `json:"id"`
	Status           string         `json:"status"` // Pending or Complete
	RequestTimestamp Time           `json:"request_timestamp,omitzero"`
	TotalCount       int            `json:"total_count"`
	SuccessCount     int            `json:"success_count"`
	Successes        []StatusDetail `json:"successes,omitzero"`
	FailureCount     int            `json:"failure_count"`
	Failures         []StatusDetail `json:"failures,omitzero"`
	PendingCount     int            `json:"pending_count"`
	Pendings         []StatusDetail `json:"pendings,omitzero"`
}

// StatusDetail says it of one object (§4.3.2).
type StatusDetail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitzero"`
}

// ErrorMessage is the body of every answer of 400 and above (§3.6.1).
type ErrorMessage struct {
	Title           string            `json:"title"`
	Description     string            `json:"description,omitzero"`
	ErrorID         string            `json:"error_id,omitzero"`
	ErrorCode       string            `json:"error_code,omitzero"`
	HTTPStatus      string            `json:"http_status,omitzero"` // equal to the answer's own
	ExternalDetails string            `json:"external_details,omitzero"`
	Details         map[string]string `json:"details,omitzero"`
}

// Encode writes a resource of this package as JSON.
func Encode(resource any) ([]byte, error) {
	return json.Marshal(resource, json.Deterministic(true))
}

// AppendEnvelope appends an envelope whose objects are joined as they are:
// each must be one whole JSON object. An empty envelope is {} (§3.7).
func AppendEnvelope(dst []byte, more bool, next string, objects [][]byte) []byte {
	n := len(next) + 64
	for _, o := range objects {
		n += len(o) + 1
	}
	if cap(dst)-len(dst) < n {
		dst = append(make([]byte, 0, len(dst)+n), dst...)
	}
	dst = append(dst, '{')
	sep := ""
	if more {
		dst, sep = append(dst, `"more":true`...), ","
	}
	if next != "" {
		dst = append(append(dst, sep...), `"next":`...)
		dst, _ = jsontext.AppendQuote(dst, next) // only bad UTF-8 fails, and that is written as U+FFFD
		sep = ","
	}
	if len(objects) > 0 {
		dst = append(append(dst, sep...), `"objects":[`...)
		for i, o := range objects {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, o...)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

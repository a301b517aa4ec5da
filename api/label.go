package api

import (
	"fmt"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Label is how a thing is marked and who may read it. Of the audience, a reader
// is told whom he may know of.
type Label struct {
	TLP      string   `json:"tlp" enum:"CLEAR,GREEN,AMBER,AMBER+STRICT,RED" doc:"The TLP 2.0 marking"`
	Audience []string `json:"audience" doc:"The principals that you may know of"`
	Others   bool     `json:"others,omitempty" doc:"There are recipients whom you may not know of"`
}

// NewLabel is a label that an asker chose.
type NewLabel struct {
	TLP      string   `json:"tlp" doc:"RED, AMBER+STRICT, AMBER, GREEN or CLEAR; TLP: may stand before it" example:"AMBER"`
	Audience []string `json:"audience" doc:"public, community, community-private, kind:…, org:…, circle:…, person:…"`
}

// parse reads a label strictly; nil is the zero label. What is unknown is never
// taken for something wider (T-07).
func (l *NewLabel) parse() (policy.Label, error) {
	if l == nil {
		return policy.Label{}, nil
	}
	var out policy.Label
	var bad []fault.Field
	var err error
	if out.TLP, err = policy.ParseTLP(l.TLP); err != nil {
		bad = append(bad, fault.Field{Name: "label.tlp", Message: "This is no TLP 2.0 label. Write RED, AMBER+STRICT, AMBER, GREEN or CLEAR."})
	}
	if len(l.Audience) > policy.MaxAudience {
		bad = append(bad, fault.Field{Name: "label.audience", Message: fmt.Sprintf("An audience has at most %d members. Form a circle and address that.", policy.MaxAudience)})
	} else if out.Audience, err = policy.ParseAudience(l.Audience); err != nil {
		for i, s := range l.Audience {
			if _, err := policy.ParsePrincipal(s); err != nil {
				bad = append(bad, fault.Field{Name: fmt.Sprintf("label.audience[%d]", i),
					Message: "This is no principal. Write public, community, community-private, kind:…, org:…, circle:… or person:…, with the full id."})
			}
		}
	}
	return out, fault.InvalidFields(bad)
}

// label describes a label to its reader.
func (c *call) label(v *db.View, l policy.Label) (Label, error) {
	key := string(l.TLP) + " " + l.Audience.ID()
	if out, ok := c.labels[key]; ok {
		return out, nil
	}
	names, others, err := c.Members.Describe(v, l.Audience)
	if err != nil {
		return Label{}, err
	}
	out := Label{TLP: string(l.TLP), Audience: []string{}, Others: others}
	for _, n := range names {
		out.Audience = append(out.Audience, string(n.Principal))
	}
	if c.labels == nil {
		c.labels = map[string]Label{}
	}
	c.labels[key] = out
	return out, nil
}

package api

import (
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// IntelTerms are under which terms objects come in.
type IntelTerms struct {
	Unmarked    string   `json:"unmarked,omitempty" doc:"How objects without a traffic light are marked; AMBER+STRICT if it is left out"`
	Floor       string   `json:"floor,omitempty" doc:"Nothing is marked wider than this; CLEAR if it is left out"`
	Green       []string `json:"green,omitempty" doc:"Whom GREEN objects reach; the community if it is left out"`
	Amber       []string `json:"amber,omitempty" doc:"Whom AMBER and AMBER+STRICT objects reach; your organization if it is left out"`
	Red         []string `json:"red,omitempty" doc:"Whom RED objects reach; you if it is left out"`
	Attribution string   `json:"attribution,omitempty" enum:"named,community,anonymous"`
	PAP         string   `json:"pap,omitempty" enum:"RED,AMBER,GREEN,CLEAR"`
	AIS         string   `json:"ais,omitempty" enum:"none,usg,everyone,everyone-cisa-proprietary"`
	Scrub       string   `json:"scrub,omitempty" enum:"clean,removed,justified" doc:"Needed for what leaves your organization"`
	Why         string   `json:"why,omitempty"`
	Review      bool     `json:"review,omitempty" doc:"Everything waits for a person"`
}

func termsShape(t intel.Terms) IntelTerms {
	texts := func(ps []policy.Principal) (out []string) {
		for _, p := range ps {
			out = append(out, string(p))
		}
		return out
	}
	return IntelTerms{string(t.Unmarked), string(t.Floor), texts(t.Green), texts(t.Amber), texts(t.Red), string(t.Attribution), t.PAP, t.AIS, string(t.Scrub), t.Why, t.Review}
}

func (t IntelTerms) parse() (out intel.Terms, err error) {
	out = intel.Terms{Attribution: intel.Attribution(t.Attribution), PAP: t.PAP, AIS: t.AIS, Scrub: intel.Scrub(t.Scrub), Why: t.Why, Review: t.Review}
	var bad []fault.Field
	for _, f := range []struct {
		name string
		from string
		to   *policy.TLP
	}{{"unmarked", t.Unmarked, &out.Unmarked}, {"floor", t.Floor, &out.Floor}} {
		if *f.to, err = markingOf("terms."+f.name, f.from); err != nil {
			bad = append(bad, fault.FieldsOf(err)...)
		}
	}
	for _, f := range []struct {
		name string
		from []string
		to   *[]policy.Principal
	}{{"green", t.Green, &out.Green}, {"amber", t.Amber, &out.Amber}, {"red", t.Red, &out.Red}} {
		if len(f.from) == 0 {
			continue
		}
		a, err := policy.ParseAudience(f.from)
		if err != nil {
			bad = append(bad, fault.Field{Name: "terms." + f.name, Message: "Write principals: community, kind:…, org:…, circle:…, person:…, with full ids."})
			continue
		}
		*f.to = a.Members()
	}
	return out, fault.InvalidFields(bad)
}

// NewIntelSource is an outside source as you want it read.
type NewIntelSource struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind" enum:"taxii,misp"`
	URL         string     `json:"url" doc:"Of a TAXII 2.1 API root or collection, or of a MISP feed's folder"`
	Collection  string     `json:"collection,omitempty" doc:"Its id, if it is not in the address"`
	User        string     `json:"user,omitempty" doc:"For HTTP Basic"`
	Password    string     `json:"password,omitempty"`
	Token       string     `json:"token,omitempty" doc:"Bearer"`
	Certificate string     `json:"certificate,omitempty" doc:"PEM, for mutual TLS"`
	Key         string     `json:"key,omitempty" doc:"PEM"`
	Keep        bool       `json:"keep,omitempty" doc:"When you edit it: the credentials stay as they are"`
	Terms       IntelTerms `json:"terms"`
	Minutes     int64      `json:"minutes,omitempty" minimum:"0" doc:"Between two pulls; 60 if it is left out"`
	DayObjects  int64      `json:"day_objects,omitempty" minimum:"0" doc:"At most so many objects a day; 50,000 if it is left out"`
	DayBytes    int64      `json:"day_bytes,omitempty" minimum:"0" doc:"At most so many bytes a day; 256 MiB if it is left out"`
	Since       string     `json:"since,omitempty" doc:"Only what the source added after this day or time"`
}

func (n NewIntelSource) parse() (out intel.NewSource, err error) {
	out = intel.NewSource{Name: n.Name, Kind: intel.SourceKind(n.Kind), URL: n.URL, Collection: n.Collection, Credentials: intel.Credentials{User: n.User, Password: n.Password, Token: n.Token, Certificate: n.Certificate, Key: n.Key},
		Every: time.Duration(min(n.Minutes, 1<<24)) * time.Minute, DayObjects: n.DayObjects, DayBytes: n.DayBytes, Keep: n.Keep}
	if out.Terms, err = n.Terms.parse(); err != nil {
		return out, err
	}
	out.Since, err = moment("since", n.Since)
	return out, err
}

// IntelSource is an outside source of your organization, and how it does.
type IntelSource struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Kind       string       `json:"kind" enum:"taxii,misp"`
	URL        string       `json:"url"`
	Collection string       `json:"collection,omitempty"`
	Person     string       `json:"person" doc:"In whose name it is read"`
	Auth       string       `json:"auth,omitempty" doc:"basic, bearer, certificate; never the secrets"`
	Terms      IntelTerms   `json:"terms"`
	Minutes    int64        `json:"minutes"`
	DayObjects int64        `json:"day_objects"`
	DayBytes   int64        `json:"day_bytes"`
	Since      time.Time    `json:"since,omitzero"`
	State      string       `json:"state" enum:"on,paused,stopped"`
	Why        string       `json:"why,omitempty" doc:"Why it was stopped"`
	Trusted    string       `json:"trusted,omitempty" doc:"Fingerprint of its certificate's key, as seen first"`
	Offered    string       `json:"offered,omitempty" doc:"The one that it shows now, if that is why it was stopped"`
	Health     SourceHealth `json:"health"`
}

// SourceHealth is how a source does.
type SourceHealth struct {
	LastTry  time.Time `json:"last_try,omitzero"`
	LastOK   time.Time `json:"last_ok,omitzero"`
	NextTry  time.Time `json:"next_try,omitzero"`
	Failures int       `json:"failures" doc:"In a row"`
	Error    string    `json:"error,omitempty"`
	Batch    string    `json:"batch,omitempty" doc:"What it brought last"`
	More     bool      `json:"more,omitempty" doc:"It has more than was read"`
	Today    int64     `json:"today" doc:"Objects today"`
	Full     bool      `json:"full,omitempty" doc:"The day's quota is used up"`
	Added    int       `json:"added"`
	Same     int       `json:"same"`
	Held     int       `json:"held"`
	Refused  int       `json:"refused"`
	Back     int       `json:"back" doc:"Objects of your own that came back"`
}

func sourceShape(s intel.Source) IntelSource {
	h := s.Health
	return IntelSource{s.ID, s.Name, string(s.Kind), s.URL, s.Collection, s.PersonName, s.Auth, termsShape(s.Terms), int64(s.Every / time.Minute), s.DayObjects, s.DayBytes, utc(s.Since), string(s.State), s.Why, s.Pin, s.Offered,
		SourceHealth{utc(h.LastTry), utc(h.LastOK), utc(h.NextTry), h.Failures, h.Error, h.Batch, h.More, h.Objects, s.Full(), h.Added, h.Same, h.Held, h.Refused, h.Back}}
}

func (c *call) readSource(v *db.View, id string) (IntelSource, error) {
	s, err := c.Intel.Source(v, id)
	if err != nil {
		return IntelSource{}, err
	}
	return sourceShape(s), nil
}

func (c *call) intelSources(*nothing) (*answer[list[IntelSource]], error) {
	ss, err := c.Intel.Sources(c.view)
	return listed(c.view, ss, err, plain(sourceShape))
}

// InSource is an operation on a source.
type InSource struct {
	Source string `path:"source" doc:"A source's id"`
}

func (c *call) intelSource(in *InSource) (*answer[IntelSource], error) {
	out, err := c.readSource(c.view, in.Source)
	return &answer[IntelSource]{out}, err
}

func (c *call) addSource(in *struct {
	Keyed
	Body NewIntelSource
}) (*created[IntelSource], error) {
	n, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	same := in.Body // what is remembered of it holds no secrets
	same.Password, same.Token, same.Key = "", "", ""
	return makes(c, in.Keyed, "/api/v1/intel/sources/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "add-source", same, func() (string, error) { return c.Intel.Subscribe(tx, n) })
	}, c.readSource)
}

func (c *call) editSource(in *struct {
	InSource
	Body NewIntelSource
}) (*answer[IntelSource], error) {
	n, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	return changes(c, in.Source, func(tx *db.Tx) error { return c.Intel.EditSource(tx, in.Source, n) }, c.readSource)
}

func (c *call) pauseSource(in *InSource) (*answer[IntelSource], error) {
	return changes(c, in.Source, func(tx *db.Tx) error { return c.Intel.PauseSource(tx, in.Source) }, c.readSource)
}

func (c *call) resumeSource(in *InSource) (*answer[IntelSource], error) {
	return changes(c, in.Source, func(tx *db.Tx) error { return c.Intel.ResumeSource(tx, in.Source) }, c.readSource)
}

func (c *call) pullSource(in *InSource) (*answer[IntelSource], error) {
	return notes(c, in.Source, func(tx *db.Tx) error { return c.Intel.PullNow(tx, in.Source) }, c.readSource)
}

func (c *call) trustSource(in *struct {
	InSource
	Body struct {
		Fingerprint string `json:"fingerprint" doc:"The one that the source shows now"`
	}
}) (*answer[IntelSource], error) {
	return changes(c, in.Source, func(tx *db.Tx) error { return c.Intel.TrustSource(tx, in.Source, in.Body.Fingerprint) }, c.readSource)
}

func (c *call) removeSource(in *InSource) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Intel.RemoveSource(tx, in.Source) })
}

// NewIntelHook is what you want to be told.
type NewIntelHook struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Mode  string `json:"mode,omitempty" enum:"json,slack" doc:"json, signed; slack is {\"text\":…}, as chats take it"`
	Query string `json:"query,omitempty" doc:"As in the search box; everything if it is left out"`
}

func (n NewIntelHook) in() intel.NewHook {
	return intel.NewHook{Name: n.Name, URL: n.URL, Mode: intel.HookMode(n.Mode), Query: n.Query}
}

// IntelHook is a webhook of your organization.
type IntelHook struct {
	ID           string    `json:"id"`
	At           time.Time `json:"at"`
	Person       string    `json:"person" doc:"In whose view it tells"`
	Name         string    `json:"name"`
	URL          string    `json:"url"`
	Mode         string    `json:"mode" enum:"json,slack"`
	Query        string    `json:"query"`
	State        string    `json:"state" enum:"on,off,failed"`
	Why          string    `json:"why,omitempty" doc:"Why it was turned off"`
	LastOK       time.Time `json:"last_ok,omitzero"`
	FailingSince time.Time `json:"failing_since,omitzero"`
	NextTry      time.Time `json:"next_try,omitzero"`
	Secret       string    `json:"secret,omitempty" doc:"What it signs with; told once, when it is made or renewed"`
}

func hookShape(h intel.Hook) IntelHook {
	return IntelHook{ID: h.ID, At: utc(h.At), Person: h.PersonName, Name: h.Name, URL: h.URL, Mode: string(h.Mode), Query: h.Query, State: string(h.State), Why: h.Why, LastOK: utc(h.LastOK), FailingSince: utc(h.Failing), NextTry: utc(h.NextTry)}
}

func (c *call) readHook(v *db.View, id string) (IntelHook, error) {
	h, err := c.Intel.Hook(v, id)
	if err != nil {
		return IntelHook{}, err
	}
	return hookShape(h), nil
}

func (c *call) intelHooks(*nothing) (*answer[list[IntelHook]], error) {
	hs, err := c.Intel.Hooks(c.view)
	return listed(c.view, hs, err, plain(hookShape))
}

// InHook is an operation on a webhook.
type InHook struct {
	Hook string `path:"hook" doc:"A webhook's id"`
}

func (c *call) intelHook(in *InHook) (*answer[IntelHook], error) {
	out, err := c.readHook(c.view, in.Hook)
	return &answer[IntelHook]{out}, err
}

func (c *call) addHook(in *struct {
	Keyed
	Body NewIntelHook
}) (*created[IntelHook], error) {
	secret := ""
	out, err := makes(c, in.Keyed, "/api/v1/intel/hooks/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "add-hook", in.Body, func() (id string, err error) {
			id, secret, err = c.Intel.AddHook(tx, in.Body.in())
			return id, err
		})
	}, c.readHook)
	if err == nil {
		out.Body.Secret = secret // not told again to who sends it again
	}
	return out, err
}

func (c *call) editHook(in *struct {
	InHook
	Body NewIntelHook
}) (*answer[IntelHook], error) {
	return changes(c, in.Hook, func(tx *db.Tx) error { return c.Intel.EditHook(tx, in.Hook, in.Body.in()) }, c.readHook)
}

func (c *call) turnHook(in *struct {
	InHook
	Body struct {
		On bool `json:"on"`
	}
}) (*answer[IntelHook], error) {
	return changes(c, in.Hook, func(tx *db.Tx) error { return c.Intel.TurnHook(tx, in.Hook, in.Body.On) }, c.readHook)
}

func (c *call) renewHook(in *InHook) (*answer[IntelHook], error) {
	secret := ""
	out, err := changes(c, in.Hook, func(tx *db.Tx) (err error) {
		secret, err = c.Intel.RenewHookSecret(tx, in.Hook)
		return err
	}, c.readHook)
	if err == nil {
		out.Body.Secret = secret
	}
	return out, err
}

func (c *call) removeHook(in *InHook) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Intel.RemoveHook(tx, in.Hook) })
}

// IntelDelivery is one time that a webhook tells, or told.
type IntelDelivery struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"objects,test"`
	State   string    `json:"state" enum:"waits,delivered,failed,void"`
	Tries   int       `json:"tries"`
	TriedAt time.Time `json:"tried_at,omitzero"`
	NextTry time.Time `json:"next_try,omitzero"`
	Answer  int       `json:"answer,omitempty" doc:"HTTP status of the last try"`
	Error   string    `json:"error,omitempty"`
	Objects int       `json:"objects" doc:"That it is about and that you may still read"`
}

func (c *call) deliveries(in *InHook) (*answer[list[IntelDelivery]], error) {
	if _, err := c.Intel.Hook(c.view, in.Hook); err != nil {
		return nil, err
	}
	ds, err := c.Intel.Deliveries(c.view, in.Hook)
	return listed(c.view, ds, err, plain(func(d intel.Delivery) IntelDelivery {
		return IntelDelivery{d.ID, utc(d.At), d.Kind, string(d.State), d.Tries, utc(d.Tried), utc(d.NextTry), d.Answer, d.Error, d.Objects}
	}))
}

func (c *call) testHook(in *InHook) (*answer[IntelHook], error) {
	return notes(c, in.Hook, func(tx *db.Tx) error {
		_, err := c.Intel.TestHook(tx, in.Hook)
		return err
	}, c.readHook)
}

func (c *call) redeliver(in *struct {
	InHook
	Delivery string `path:"delivery" doc:"A delivery's id"`
}) (*answer[IntelHook], error) {
	return notes(c, in.Hook, func(tx *db.Tx) error { return c.Intel.Redeliver(tx, in.Hook, in.Delivery) }, c.readHook)
}

package api

import (
	"net/url"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// DeviceRecord is a medical device as its maker, or the desk, describes it.
type DeviceRecord struct {
	ID           string    `json:"id"`
	Short        string    `json:"short" doc:"The id as people say it"`
	Revision     int64     `json:"revision" doc:"To be given when you edit"`
	AddedAt      time.Time `json:"added_at"`
	ChangedAt    time.Time `json:"changed_at"`
	Organization string    `json:"organization,omitempty" doc:"The maker, if it is a member"`
	KeptBy       string    `json:"kept_by" doc:"The organization that keeps this record"`
	Maker        string    `json:"maker"`
	Name         string    `json:"name"`
	Models       []string  `json:"models"`
	Description  string    `json:"description,omitempty"`
	UDIs         []string  `json:"udis" doc:"Device identifiers (DI)"`
	Catalog      string    `json:"catalog,omitempty"`
	GMDN         []string  `json:"gmdn"`
	Codes        []string  `json:"codes" doc:"FDA product codes"`
	Class        string    `json:"class,omitempty" enum:"1,2,3"`
	Premarket    []string  `json:"premarket" doc:"K, DEN, P and H numbers"`
	Essential    string    `json:"essential,omitempty" doc:"Essential performance, in the maker's words"`
	Connectors   []string  `json:"connectors" doc:"The ways in which it can be connected"`
	Software     bool      `json:"software" doc:"It has software that its maker validated, installed or authorized"`
	Vulnerable   bool      `json:"vulnerable" doc:"It has characteristics that could be vulnerable to threats"`
	Cyber        bool      `json:"cyber" doc:"A cyber device by section 524B(c): software, an ability to connect, and such characteristics"`
	Sustaining   bool      `json:"sustaining" doc:"Life-supporting or life-sustaining"`
	Implantable  bool      `json:"implantable"`
	Stage        string    `json:"stage" enum:"development,support,limited_support,eos,decommissioned"`
	EOL          string    `json:"eol,omitempty" doc:"End of life, a day"`
	EOS          string    `json:"eos,omitempty" doc:"End of support"`
	Announced    string    `json:"announced,omitempty" doc:"When the end of support was announced"`
	Source       string    `json:"source" enum:"typed,csv,gudid,csaf"`
	Mine         bool      `json:"mine" doc:"You may change it"`
	Label        Label     `json:"label"`
}

func (c *call) deviceShape(v *db.View, p devices.Product) (DeviceRecord, error) {
	l, err := c.label(v, p.Label)
	return DeviceRecord{ID: p.ID, Short: ids.Short(p.ID), Revision: p.Revision, AddedAt: utc(p.At), ChangedAt: utc(p.Changed), Organization: p.Org, KeptBy: p.Kept, Maker: p.Maker, Name: p.Name,
		Models: some(p.Models), Description: p.Description, UDIs: some(p.UDIs), Catalog: p.Catalog, GMDN: some(p.GMDN), Codes: some(p.Codes), Class: p.Class, Premarket: some(p.Premarket),
		Essential: p.Essential, Connectors: some(p.Connectors), Software: p.Software, Vulnerable: p.Vulnerable, Cyber: p.Cyber(), Sustaining: p.Sustaining, Implantable: p.Implantable,
		Stage: string(p.Stage), EOL: p.EOL, EOS: p.EOS, Announced: p.Announced, Source: p.Source, Mine: c.Devices.MayChange(v, p), Label: l}, err
}

func (c *call) readDevice(v *db.View, id string) (DeviceRecord, error) {
	p, err := c.Devices.Product(v, id)
	if err != nil {
		return DeviceRecord{}, err
	}
	return c.deviceShape(v, p)
}

// PlacePaging is asked for with a list whose places are its duty's own.
type PlacePaging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Cursor string `query:"cursor" maxLength:"6000" doc:"The next of the page before"`
}

// renamed gives a duty's fields the names that they have here; from and to alternate.
func renamed(err error, fromTo ...string) error {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	out := make([]fault.Field, len(fields))
	for i, f := range fields {
		name, _, _ := strings.Cut(f.Name, "[")
		for j := 0; j+1 < len(fromTo); j += 2 {
			if name == fromTo[j] {
				f.Name = fromTo[j+1]
				break
			}
		}
		out[i] = f
	}
	return fault.InvalidFields(out)
}

// paged answers a page of things whose next place their duty says.
func paged[T, S any](v *db.View, things []T, next string, err error, shape func(*db.View, T) (S, error)) (*answer[list[S]], error) {
	if err != nil {
		return nil, renamed(err, "after", "cursor")
	}
	items, err := each(v, things, shape)
	return &answer[list[S]]{list[S]{Items: items, Next: next}}, err
}

func (c *call) deviceList(in *struct {
	PlacePaging
	Query string `query:"q" maxLength:"200" doc:"Words of maker, name, models, identifiers, codes and aliases; each may be cut short"`
	Org   string `query:"org" maxLength:"100" doc:"Of this maker"`
	Stage string `query:"stage" enum:"development,support,limited_support,eos,decommissioned"`
	Mine  bool   `query:"mine" doc:"Only what your organization keeps"`
}) (*answer[list[DeviceRecord]], error) {
	ps, next, err := c.Devices.Products(c.view, devices.ProductQuery{Words: in.Query, Org: in.Org, Stage: devices.Stage(in.Stage), Mine: in.Mine, After: in.Cursor, Limit: in.Limit})
	return paged(c.view, ps, next, err, c.deviceShape)
}

// InProduct is an operation on a product.
type InProduct struct {
	Product string `path:"product" doc:"A product's id"`
}

func (c *call) device(in *InProduct) (*answer[DeviceRecord], error) {
	out, err := c.readDevice(c.view, in.Product)
	return &answer[DeviceRecord]{out}, err
}

// DeviceWords is what is said of a product. What is left out stays as it is, or
// empty.
type DeviceWords struct {
	Maker       *string   `json:"maker,omitempty" doc:"Your organization's name if it is left out"`
	Name        *string   `json:"name,omitempty"`
	Models      *[]string `json:"models,omitempty"`
	Description *string   `json:"description,omitempty"`
	UDIs        *[]string `json:"udis,omitempty" doc:"Device identifiers (DI); production identifiers are refused"`
	Catalog     *string   `json:"catalog,omitempty"`
	GMDN        *[]string `json:"gmdn,omitempty" doc:"Codes of five digits"`
	Codes       *[]string `json:"codes,omitempty" doc:"FDA product codes"`
	Class       *string   `json:"class,omitempty" doc:"1, 2, 3 or nothing"`
	Premarket   *[]string `json:"premarket,omitempty" doc:"K, DEN, P and H numbers"`
	Essential   *string   `json:"essential,omitempty"`
	Connectors  *[]string `json:"connectors,omitempty"`
	Software    *bool     `json:"software,omitempty"`
	Vulnerable  *bool     `json:"vulnerable,omitempty"`
	Sustaining  *bool     `json:"sustaining,omitempty"`
	Implantable *bool     `json:"implantable,omitempty"`
	EOL         *string   `json:"eol,omitempty" doc:"A day, such as 2031-12-31, or nothing"`
	EOS         *string   `json:"eos,omitempty"`
	Announced   *string   `json:"announced,omitempty"`
}

func (w DeviceWords) put(f *devices.ProductForm) {
	put(&f.Maker, w.Maker)
	put(&f.Name, w.Name)
	put(&f.Models, w.Models)
	put(&f.Description, w.Description)
	put(&f.UDIs, w.UDIs)
	put(&f.Catalog, w.Catalog)
	put(&f.GMDN, w.GMDN)
	put(&f.Codes, w.Codes)
	put(&f.Class, w.Class)
	put(&f.Premarket, w.Premarket)
	put(&f.Essential, w.Essential)
	put(&f.Connectors, w.Connectors)
	put(&f.Software, w.Software)
	put(&f.Vulnerable, w.Vulnerable)
	put(&f.Sustaining, w.Sustaining)
	put(&f.Implantable, w.Implantable)
	put(&f.EOL, w.EOL)
	put(&f.EOS, w.EOS)
	put(&f.Announced, w.Announced)
}

func (c *call) addDevice(in *struct {
	Keyed
	Body struct {
		DeviceWords
		Stage string    `json:"stage,omitempty" enum:"development,support,limited_support,eos,decommissioned"`
		Label *NewLabel `json:"label,omitempty" doc:"AMBER+STRICT to your organization if it is left out"`
	}
}) (*created[DeviceRecord], error) {
	f := devices.ProductForm{Stage: devices.Stage(in.Body.Stage), Key: in.Key}
	in.Body.put(&f)
	var err error
	if f.Label, err = in.Body.Label.parse(); err != nil {
		return nil, err
	}
	return makes(c, in.Keyed, "/api/v1/products/", func(tx *db.Tx) (string, bool, error) { return c.Devices.AddProduct(tx, f) }, c.readDevice)
}

func (c *call) editDevice(in *struct {
	InProduct
	Body struct {
		Revision int64 `json:"revision" doc:"The product's, as you read it"`
		DeviceWords
	}
}) (*answer[DeviceRecord], error) {
	return changes(c, in.Product, func(tx *db.Tx) error {
		p, err := c.Devices.Product(tx.View, in.Product)
		if err != nil {
			return err
		}
		f := p.Form()
		in.Body.put(&f)
		return c.Devices.ChangeProduct(tx, in.Product, in.Body.Revision, f)
	}, c.readDevice)
}

// DeviceMove is a step in a product's life.
type DeviceMove struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Why  string    `json:"why,omitempty"`
	Owed []string  `json:"owed" doc:"Who has to be told: user, public"`
}

func (c *call) deviceMoves(in *InProduct) (*answer[list[DeviceMove]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	ms, err := c.Devices.StageChanges(c.view, in.Product)
	return listed(c.view, ms, err, plain(func(m devices.StageChange) DeviceMove {
		return DeviceMove{utc(m.At), string(m.From), string(m.To), m.Why, some(m.Owed)}
	}))
}

// DeviceMoved is a product in its new stage.
type DeviceMoved struct {
	Owed    []string     `json:"owed" doc:"Who has to be told of it: user, public"`
	Product DeviceRecord `json:"product"`
}

func (c *call) moveDevice(in *struct {
	InProduct
	Body struct {
		Stage string `json:"stage" enum:"development,support,limited_support,eos,decommissioned"`
		Why   string `json:"why,omitempty"`
	}
}) (*answer[DeviceMoved], error) {
	out := DeviceMoved{Owed: []string{}}
	done, err := changes(c, in.Product, func(tx *db.Tx) error {
		owed, err := c.Devices.MoveStage(tx, in.Product, devices.Stage(in.Body.Stage), in.Body.Why)
		out.Owed = append(out.Owed, owed...)
		return err
	}, c.readDevice)
	if err != nil {
		return nil, err
	}
	out.Product = done.Body
	return &answer[DeviceMoved]{out}, nil
}

// DeviceGap is a responsibility that the facts show is not met.
type DeviceGap struct {
	Stage   string `json:"stage"`
	Role    string `json:"role" enum:"manufacturer,provider"`
	Section string `json:"section" doc:"Of IMDRF N70"`
	Text    string `json:"text"`
	Why     string `json:"why" doc:"What is missing"`
}

func gapShape(g devices.Gap) DeviceGap {
	return DeviceGap{string(g.Stage), g.Role, g.Section, g.Text, g.Why}
}

func (c *call) deviceGaps(in *InProduct) (*answer[list[DeviceGap]], error) {
	gs, err := c.Devices.ProductGaps(c.view, in.Product)
	return listed(c.view, gs, err, plain(gapShape))
}

func (c *call) relabelDevice(in *struct {
	InProduct
	Body relabelBody
}) (*relabelOut, error) {
	return c.relabel(in.Body, func(tx *db.Tx, l policy.Label) (string, error) {
		return c.Devices.RelabelProduct(tx, in.Product, l, in.Body.Why)
	})
}

// DeviceRelabel is a request to loosen a product's label.
type DeviceRelabel struct {
	ID      string    `json:"id"`
	Product string    `json:"product"`
	Title   string    `json:"title" doc:"The product's"`
	Person  string    `json:"person"`
	Name    string    `json:"name" doc:"Who asks"`
	At      time.Time `json:"at"`
	Why     string    `json:"why,omitempty"`
	From    Label     `json:"from"`
	To      Label     `json:"to"`
	State   string    `json:"state" enum:"waiting,approved,refused,withdrawn"`
}

func (c *call) deviceRelabels(*nothing) (*answer[list[DeviceRelabel]], error) {
	rs, err := c.Devices.RelabelsToDecide(c.view)
	return listed(c.view, rs, err, func(v *db.View, r devices.Relabel) (DeviceRelabel, error) {
		from, err := c.label(v, r.From)
		if err != nil {
			return DeviceRelabel{}, err
		}
		to, err := c.label(v, r.To)
		return DeviceRelabel{r.ID, r.Product, r.Title, r.Person, r.PersonName, utc(r.At), r.Why, from, to, r.State}, err
	})
}

func (c *call) approveDeviceRelabel(in *InRelabel) (*nothing, error) {
	return c.decide(in, c.Devices.ApproveRelabel)
}

func (c *call) refuseDeviceRelabel(in *InRelabel) (*nothing, error) {
	return c.decide(in, c.Devices.RefuseRelabel)
}

func (c *call) withdrawDeviceRelabel(in *InRelabel) (*nothing, error) {
	return c.decide(in, c.Devices.WithdrawRelabel)
}

// labelIn reads a label from an address: tlp, and audience with commas between the
// principals. None is the zero label.
func labelIn(q url.Values) (policy.Label, error) {
	if q.Get("tlp") == "" && q.Get("audience") == "" {
		return policy.Label{}, nil
	}
	n := NewLabel{TLP: strings.ReplaceAll(q.Get("tlp"), " ", "+"), Audience: []string{}} // a bare + in an address is a space
	if q.Get("audience") != "" {
		n.Audience = strings.Split(q.Get("audience"), ",")
	}
	l, err := n.parse()
	return l, renamed(err, "label.tlp", "tlp", "label.audience", "audience", "label", "tlp")
}

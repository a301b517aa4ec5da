package forum_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

func (h *house) relabelTopic(by, topic string, l policy.Label) (request string, err error) {
	h.t.Helper()
	h.clock.Add(1e9)
	err = h.write(by, func(tx *db.Tx) (err error) {
		request, err = h.forum.RelabelTopic(tx, topic, l, "because")
		return err
	})
	return request, err
}

// reads tells who of the house reads a post.
func (h *house) reads(post string) (who []string) {
	h.t.Helper()
	for _, p := range []string{pia, pol, wim, wanda, lea, ann, dora, ""} {
		_, err := read(h, p, func(v *db.View) (forum.Post, error) { return h.forum.Post(v, post) })
		if err == nil {
			who = append(who, p)
		} else if !fault.Is(err, fault.Missing) {
			h.t.Fatal(err)
		}
	}
	return who
}

func TestTighteningIsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "openingword", Label: label(policy.Amber, pump, ward, lab)}))
		plain := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "plainword"}))
		labOnly := must[string](h)(h.reply(lea, topic, forum.NewPost{Body: "labword", Label: label(policy.Amber, lab)}))
		mixed := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "mixedword", Label: label(policy.AmberStrict, ward, lab)}))
		own := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "ownword", Label: label(policy.Amber, pump)}))

		next := label(policy.AmberStrict, pump, ward)
		_, err := h.relabelTopic(wim, topic, next)
		wants(t, err, fault.Forbidden, "")
		if r := must[string](h)(h.relabelTopic(pia, topic, next)); r != "" {
			t.Fatalf("tightening waits for %s", r)
		}
		opening := h.posts(pia, topic)[0]
		if opening.Label.TLP != policy.AmberStrict || !opening.Label.Audience.Equal(next.Audience) {
			t.Errorf("the opening post has %v", opening.Label)
		}
		for post, want := range map[string][]string{
			opening.ID: {pia, pol, wim, wanda},
			plain:      {pia, pol, wim, wanda},
			labOnly:    nil, // its readers are out, and nobody came in
			mixed:      {wim, wanda},
			own:        {pia, pol},
		} {
			if diff := cmp.Diff(want, h.reads(post)); diff != "" {
				t.Errorf("readers of %s: %s", post, diff)
			}
		}
		for _, p := range h.posts(pia, topic) {
			if p.Label.TLP != policy.AmberStrict {
				t.Errorf("post %q is %v", p.Body, p.Label)
			}
		}
		for _, q := range []string{"openingword", "plainword", "labword", "mixedword"} {
			if got := h.found(lea, forum.Query{Text: q}); len(got) != 0 {
				t.Errorf("the lab finds %s", q)
			}
		}
		if got := h.found(wanda, forum.Query{Text: "mixedword"}); len(got) != 1 {
			t.Error("the ward does not find its own post any more")
		}
		got := must[forum.Topic](h)(read(h, wim, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, topic) }))
		if got.Posts != 3 {
			t.Errorf("the ward counts %d posts, not 3", got.Posts)
		}
		if got := must[[]forum.Topic](h)(read(h, lea, func(v *db.View) ([]forum.Topic, error) { return h.forum.Topics(v, room, forum.Cursor{}, 10) })); len(got) != 0 {
			t.Errorf("the lab lists %+v", got)
		}
	})
}

func TestTighteningASourceTightensItsQuotations(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "x", Label: label(policy.Amber, pump, ward, lab)}))
		source := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "source"}))
		quote := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "> source", Quote: source}))
		second := must[string](h)(h.reply(lea, topic, forum.NewPost{Body: "> > source", Quote: quote}))
		h.ok(h.write(pia, func(tx *db.Tx) error {
			_, err := h.forum.RelabelPost(tx, source, label(policy.Amber, pump, ward), "")
			return err
		}))
		for _, post := range []string{source, quote, second} {
			if diff := cmp.Diff([]string{pia, pol, wim, wanda}, h.reads(post)); diff != "" {
				t.Errorf("readers of %s: %s", post, diff)
			}
		}
	})
}

func TestLooseningTakesTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "x", Label: label(policy.Amber, pump, ward)}))
		wims := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Ours too, but do not tell."}))
		pias := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "Understood."}))
		strict := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "Us only.", Label: label(policy.AmberStrict, pump)}))
		opening := h.posts(pia, topic)[0].ID

		green := label(policy.Green, policy.Community)
		request := must[string](h)(h.relabelTopic(pia, topic, green))
		if request == "" {
			t.Fatal("one person loosened a label")
		}
		if diff := cmp.Diff([]string{pia, pol, wim, wanda}, h.reads(opening)); diff != "" {
			t.Fatal(diff)
		}
		_, err := h.relabelTopic(pia, topic, green)
		wants(t, err, fault.Conflict, "")

		approve := func(who string) error {
			return h.write(who, func(tx *db.Tx) error { return h.forum.ApproveRelabel(tx, request) })
		}
		wants(t, approve(pia), fault.Forbidden, "") // himself
		wants(t, approve(wim), fault.Forbidden, "") // another organization
		wants(t, approve(dora), fault.Missing, "")  // the desk, which does not read it
		wants(t, approve(lea), fault.Missing, "")
		wants(t, h.db.Write(ctx, policy.Anonymous(), func(tx *db.Tx) error { return h.forum.ApproveRelabel(tx, request) }), fault.Missing, "")
		for who, n := range map[string]int{pol: 1, pia: 0, wim: 0, dora: 0} {
			if got := must[[]forum.Relabel](h)(read(h, who, h.forum.RelabelsToDecide)); len(got) != n {
				t.Errorf("%s is asked for %d decisions, not %d", who, len(got), n)
			}
		}
		h.ok(approve(pol))
		wants(t, approve(pol), fault.Conflict, "")

		everyone := []string{pia, pol, wim, wanda, lea, ann, dora}
		for post, want := range map[string][]string{
			opening: everyone, pias: everyone,
			wims:   {pia, pol, wim, wanda}, // his to loosen
			strict: {pia, pol},
		} {
			if diff := cmp.Diff(want, h.reads(post)); diff != "" {
				t.Errorf("readers of %s: %s", post, diff)
			}
		}
		var verbs []string
		must[int](h)(read(h, pia, func(v *db.View) (int, error) {
			es, err := h.ledger.About(v, topic, 100)
			for _, e := range es {
				if e.Verb == "topic.relabelled" && !e.Access {
					t.Error("live streams are not told of the change")
				}
				verbs = append(verbs, e.Verb)
			}
			return 0, err
		}))
		if diff := cmp.Diff([]string{"topic.started", "post.added", "post.added", "post.added", "relabel.requested", "relabel.approved", "topic.relabelled", "topic.relabelled"}, verbs); diff != "" {
			t.Error(diff)
		}
		// Who came in learns nothing of the audience there was before.
		must[int](h)(read(h, lea, func(v *db.View) (int, error) {
			es, err := h.ledger.About(v, topic, 100)
			for _, e := range es {
				c, err := h.ledger.Open(v, e)
				if err != nil {
					return 0, err
				}
				if e.Verb != "topic.relabelled" || cmp.Diff(`{"to":["GREEN","community"]}`, string(c.Event.Data)) != "" {
					t.Errorf("the lab reads %s %s", e.Verb, c.Event.Data)
				}
			}
			return 0, err
		}))
	})
}

// A sideways change adds readers: it waits, and then takes from each post those
// who may not read the topic any more.
func TestSideways(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "x", Label: label(policy.Amber, pump, ward)}))
		polls := must[string](h)(h.reply(pol, topic, forum.NewPost{Body: "y"}))
		opening := h.posts(pia, topic)[0].ID
		request := must[string](h)(h.relabelTopic(pia, topic, label(policy.Amber, pump, lab)))
		h.ok(h.write(pol, func(tx *db.Tx) error { return h.forum.ApproveRelabel(tx, request) }))
		if diff := cmp.Diff([]string{pia, pol, lea}, h.reads(opening)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{pia, pol}, h.reads(polls)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRequestsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "x", Label: label(policy.Amber, pump, ward)}))
		green := label(policy.Green, policy.Community)
		r := must[string](h)(h.relabelTopic(pia, topic, green))
		wants(t, h.write(pol, func(tx *db.Tx) error { return h.forum.WithdrawRelabel(tx, r) }), fault.Missing, "")
		h.ok(h.write(pia, func(tx *db.Tx) error { return h.forum.WithdrawRelabel(tx, r) }))
		r = must[string](h)(h.relabelTopic(pia, topic, green))
		h.ok(h.write(pol, func(tx *db.Tx) error { return h.forum.RefuseRelabel(tx, r) }))
		wants(t, h.write(pol, func(tx *db.Tx) error { return h.forum.ApproveRelabel(tx, r) }), fault.Conflict, "")
		r = must[string](h)(h.relabelTopic(pia, topic, green))
		must[string](h)(h.relabelTopic(pia, topic, label(policy.Amber, pump))) // the ground of the request is gone
		wants(t, h.write(pol, func(tx *db.Tx) error { return h.forum.ApproveRelabel(tx, r) }), fault.Conflict, "")
		if diff := cmp.Diff([]string{pia, pol}, h.reads(h.posts(pia, topic)[0].ID)); diff != "" {
			t.Error(diff)
		}
	})
}

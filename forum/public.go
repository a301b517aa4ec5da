package forum

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// PublicTopics lists the topics that everyone may read, those with the newest
// public post first. It is one range of the index (audience, at, n), so it costs
// the same however much there is that is not public.
func (f *Forum) PublicTopics(v *db.View, limit int) ([]Topic, error) {
	public := policy.NewAudience(policy.Public).ID()
	return db.All(v, scanTopic(v), topicSelect+` AND a.audience = $3 ORDER BY a.at DESC, a.n DESC LIMIT $4`,
		v.Viewer().Person, clock.Micros(v.Now().Add(-Window)), public, page(limit))
}

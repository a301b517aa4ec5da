// Package forum is where members talk: rooms hold topics, topics hold posts.
//
// Every room, topic, post, file and mention carries a label. A post's label is
// its topic's or stricter, never looser, by whatever path it came about: a
// reply, an edit, a quote, a relabel. A post can be read only by those who can
// read the post and its topic. A topic is independent of its room's audience: it
// may go to people who are not in the room, who then do not learn the room's
// name.
//
// Everything that is shown beside a thing (counts, last activity, unread marks,
// quotes, search hits) is computed in the reader's own view; what he may not see
// moves nothing in his lists (activity.go).
//
// The forum keeps history: edits keep the earlier text, deletion leaves a
// tombstone and destroys the text. It does not moderate, rank or recommend, has
// no presence, and does not tell who has read what.
package forum

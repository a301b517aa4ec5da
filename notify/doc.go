// Package notify tells people by mail that something waits for them in the house, and
// nothing else (T-11): not what, from whom, how much or why.
//
// A person gives an address, shows that it is his, and says when he wants to be told.
// What an exploited vulnerability touches is told at once, what is for him within the
// hour, and the rest once a day or a week; he may move the second into the third and
// turn the third off. Whether something waits is asked in his own view, so that what he
// may not see sends no mail.
//
// It never takes mails, signs nobody in by one, and shows an address to nobody but its
// owner. Notices inside the house do not depend on it.
package notify

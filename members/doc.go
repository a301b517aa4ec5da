// Package members knows who belongs, on what terms, and as what each may read:
// organizations and their life-cycle, people and their roles, circles and their
// rosters, and the ways in: invitations, passkeys, sessions and API tokens.
//
// It answers the questions the rest of the program asks about people: who is
// this session (Authenticate), what may the rules know (Facts), is this label
// lawful and are its principals real (CheckLabel), who would read it (Reach).
//
// It knows no password and no e-mail address: only a passkey signs in. It never
// tells a viewer of an organization, circle or person outside the viewer's own
// eyes, and no role lets anybody read more.
package members

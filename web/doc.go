// Package web is the door for people: pages, and the forms on them.
//
// One file a page action (room_show.go, topic_start.go). A handler parses
// strictly, makes one call to a duty and renders; it holds no rule and no SQL.
// All routes with their rights stand in routes.go. Every page works without
// script; live updates, the command menu and the keyboard are additions
// (web/assets/app.js).
package web

package intel

import "slices"

// Action is something that a reader does with what he was told.
type Action string

// The actions that permissible actions are about (MISP taxonomy PAP, version 3).
const (
	ActSearchLogs Action = "search-logs" // in one's own logs; nobody else learns of it
	ActLookUp     Action = "look-up"     // at third parties
	ActMonitor    Action = "monitor"     // the traffic to it, or a honeypot
	ActBlock      Action = "block"       // traffic to or from it
	ActProbe      Action = "probe"       // ping, scan, fetch
	ActPublish    Action = "publish"     // say it in public
)

// papAllowed are the actions that each level adds to the stricter one.
var papAllowed = map[string][]Action{
	"RED":   {ActSearchLogs},
	"AMBER": {ActSearchLogs, ActLookUp, ActMonitor},
	"GREEN": {ActSearchLogs, ActLookUp, ActMonitor, ActBlock, ActProbe},
	"CLEAR": {ActSearchLogs, ActLookUp, ActMonitor, ActBlock, ActProbe, ActPublish},
}

// PAPAllows reports whether permissible actions allow an action. Whoever
// shared without saying anything set no limit beside the traffic light; a level
// that nobody knows allows what RED does.
func PAPAllows(pap string, a Action) bool {
	switch allowed, known := papAllowed[pap]; {
	case pap == "":
		return true
	case !known:
		return a == ActSearchLogs
	default:
		return slices.Contains(allowed, a)
	}
}

// PAPSentence says what permissible actions allow; "" for "".
func PAPSentence(pap string) string {
	switch pap {
	case "":
		return ""
	case "AMBER":
		return "Search your logs, look it up at third parties and monitor traffic. Do not block or contact it: whoever is behind it could notice."
	case "GREEN":
		return "Search, look up, monitor and block. Do not publish it."
	case "CLEAR":
		return "No restriction on what you do with it."
	}
	return "Search your own logs only. Do not look it up at third parties, block or contact it: whoever is behind it could notice."
}

// strictestPAP is the stricter of two levels, "" being none.
func strictestPAP(a, b string) string {
	ia, ib := slices.Index(PAPs, a), slices.Index(PAPs, b)
	switch {
	case a == "" || b != "" && ib < ia:
		return b
	default:
		return a
	}
}

package vultron

// ReportState is where one participant stands with a report (RM).
type ReportState string

// The states of a report.
const (
	ReportStart    ReportState = "start" // the participant does not have it
	ReportReceived ReportState = "received"
	ReportInvalid  ReportState = "invalid"
	ReportValid    ReportState = "valid"
	ReportAccepted ReportState = "accepted"
	ReportDeferred ReportState = "deferred"
	ReportClosed   ReportState = "closed" // final
)

// ReportEvent is what a participant does with a report.
type ReportEvent string

// The events of a report.
const (
	Receive    ReportEvent = "receive"
	Validate   ReportEvent = "validate"
	Invalidate ReportEvent = "invalidate"
	Accept     ReportEvent = "accept"
	Defer      ReportEvent = "defer"
	Close      ReportEvent = "close"
)

// Report is the report-management machine, one per participant (domain section
// c; Vultron RM).
var Report = &Machine[ReportState, ReportEvent]{
	name:  "report",
	start: ReportStart,
	ends:  []ReportState{ReportClosed},
	rows: []Transition[ReportState, ReportEvent]{
		{ReportStart, Receive, ReportReceived},
		{ReportReceived, Validate, ReportValid},
		{ReportReceived, Invalidate, ReportInvalid},
		{ReportInvalid, Validate, ReportValid},
		{ReportInvalid, Close, ReportClosed},
		{ReportValid, Accept, ReportAccepted},
		{ReportValid, Defer, ReportDeferred},
		{ReportAccepted, Defer, ReportDeferred},
		{ReportAccepted, Close, ReportClosed},
		{ReportDeferred, Accept, ReportAccepted},
		{ReportDeferred, Close, ReportClosed},
	},
}

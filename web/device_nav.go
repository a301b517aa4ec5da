package web

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/web/ui"
)

// The pages about devices that have a tab.
const (
	devicesAtProducts    = "/devices"
	devicesAtDeployments = "/deployments"
	devicesAtExposure    = "/exposure"
	devicesAtVulns       = "/vulnerabilities"
	devicesAtFeeds       = "/feeds/vulnerabilities"
)

// deviceTabs are the tabs of the pages about devices, with the one that the reader is
// on.
func (c *Ctx) deviceTabs(current string) []ui.Tab {
	tabs := []ui.Tab{
		{Label: "Products", Href: devicesAtProducts},
		{Label: "My deployments", Href: devicesAtDeployments},
		{Label: "Exposure", Href: devicesAtExposure},
		{Label: "Lifecycle", Href: lifecycleAt},
		{Label: "Vulnerabilities", Href: devicesAtVulns},
		{Label: "Feeds", Href: devicesAtFeeds},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == current
	}
	return tabs
}

// ofDevices reports whether a path is one of the pages about devices that are not below
// /devices.
func ofDevices(path string) bool {
	return slices.ContainsFunc([]string{devicesAtDeployments, devicesAtExposure, devicesAtVulns, devicesAtFeeds, "/sboms", "/findings", "/inventories", "/lifecycle"}, func(at string) bool {
		return path == at || strings.HasPrefix(path, at+"/")
	})
}

package web

import (
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
)

// exampleProducts are invented products, for the list that has none yet.
func exampleProducts() []productRow {
	return []productRow{
		{P: devices.Product{Maker: "Pumpworks", Name: "Infusion Pump A4", Models: []string{"A4-100", "A4-200"}, Stage: devices.Support, Label: policy.Label{TLP: policy.Amber}}, Versions: 4,
			SBOM: &devices.SBOM{Quality: sbom.Report{Score: 86}}, Count: matching.Count{Bands: map[string]int{"critical": 1, "high": 3, "medium": 7}, Open: 11, Exploited: 1}},
		{P: devices.Product{Maker: "Pumpworks", Name: "Pump Gateway", Models: []string{"GW-2"}, Stage: devices.LimitedSupport, Label: policy.Label{TLP: policy.Green}}, Versions: 2,
			Count: matching.Count{Bands: map[string]int{"low": 2}, Open: 2}},
	}
}

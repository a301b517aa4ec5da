package taxii

import (
	"encoding/base64"
	"slices"
)

func basicOf(token string) string {
	return base64.StdEncoding.EncodeToString([]byte("anyone:" + token))
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

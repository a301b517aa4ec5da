package furnish

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// deviceFiles are tables of invented products and inventories, real SBOMs, and public
// records of vulnerabilities (device/SOURCE.md).
//
//go:embed device
var deviceFiles embed.FS

// DeviceAdvisories are the advisories of the archive that the demo takes in as records.
var DeviceAdvisories = []string{"icsma-17-017-02", "icsma-18-025-01", "icsma-18-058-02", "icsma-18-156-01", "icsma-18-233-01", "icsma-19-022-01", "icsma-20-023-01", "icsma-20-049-01", "icsma-20-170-01", "icsma-20-170-04",
	"icsma-20-254-01", "icsma-20-296-02", "icsma-21-047-01", "icsma-21-187-01", "icsma-21-294-01", "icsma-21-355-01", "icsma-22-062-01", "icsma-22-244-01", "icsma-23-194-01", "icsma-24-200-01"}

// noProducts are advisories whose product tree lists operating systems, or a whole
// family one by one: their products would be no help in a list.
var noProducts = []string{"icsma-20-049-01", "icsma-22-062-01"}

// deviceLargest is far above the largest of the files, unpacked.
const deviceLargest = 8 << 20

// Device is one of the files about devices, unpacked: "sbom/roost.xml".
func Device(name string) ([]byte, error) {
	if text, err := deviceFiles.ReadFile("device/" + name); err == nil {
		return text, nil
	}
	packed, err := deviceFiles.ReadFile("device/" + name + ".gz")
	if err != nil {
		return nil, fmt.Errorf("there is no file %q about devices", name)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, deviceLargest+1))
	if err == nil && len(text) > deviceLargest {
		err = fmt.Errorf("it is larger than %d bytes", deviceLargest)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	return text, nil
}

// onDay is a day in a table: so many days back.
var onDay = regexp.MustCompile(`@(-?[0-9]{1,4})d`)

// DeviceTable is one of the tables with its days filled in: when says when an hour
// was, so many days back.
func DeviceTable(name string, when func(days int, hour string) time.Time) ([]byte, error) {
	text, err := Device(name)
	if err != nil {
		return nil, err
	}
	text = onDay.ReplaceAllFunc(text, func(b []byte) []byte {
		days, _ := strconv.Atoi(string(onDay.FindSubmatch(b)[1])) // the expression lets nothing else through
		return []byte(when(days, "12:00").UTC().Format(time.DateOnly))
	})
	return text, nil
}

// DeviceNames are the names of the files in a folder, as [Device] takes them.
func DeviceNames(folder string) ([]string, error) {
	files, err := deviceFiles.ReadDir("device/" + folder)
	if err != nil {
		return nil, fmt.Errorf("there is no folder %q about devices", folder)
	}
	var list []string
	for _, f := range files {
		list = append(list, path.Join(folder, strings.TrimSuffix(f.Name(), ".gz")))
	}
	return list, nil
}

// DeviceDocuments are the advisories of [DeviceAdvisories]: in one archive, as a feed
// brings them, and those by id whose products are worth a list.
func (c *Community) DeviceDocuments() (archive []byte, products map[string][]byte, err error) {
	products = map[string][]byte{}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, a := range c.Advisories {
		if !slices.Contains(DeviceAdvisories, a.ID) {
			continue
		}
		f, err := z.Create(a.FileName())
		if err != nil {
			return nil, nil, err
		}
		if _, err := f.Write(a.CSAF); err != nil {
			return nil, nil, err
		}
		if !slices.Contains(noProducts, a.ID) {
			products[a.ID] = a.CSAF
		}
	}
	if err := z.Close(); err != nil {
		return nil, nil, err
	}
	if len(products) != len(DeviceAdvisories)-len(noProducts) {
		return nil, nil, fmt.Errorf("%d of %d advisories about devices are in the archive", len(products)+len(noProducts), len(DeviceAdvisories))
	}
	return b.Bytes(), products, nil
}

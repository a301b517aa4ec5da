package scrub

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// truth is what R-046 asks of each kind: a line, and what is found in it as
// "kind text", or nothing.
var truth = []struct {
	line string
	want []string
}{
	// E-mail addresses: people's, not institutions' mailboxes.
	{"Write to jane.doe@example.org for details", []string{"email jane.doe@example.org"}},
	{"E-mail:j_doe+pumps@mail.hospital.example.", []string{"email j_doe+pumps@mail.hospital.example"}},
	{"mailto:Jane.Doe@Example.COM", []string{"email Jane.Doe@Example.COM"}},
	{"a@b.co and c@d.io", []string{"email a@b.co", "email c@d.io"}},
	{"<o'neil@example.ie>", []string{"email o'neil@example.ie"}},
	{"Report to psirt@example.com", nil},
	{"contact security@vendor.example or cert@vendor.example", nil},
	{"https://user:pass@host.example/path", nil},
	{"git@github.com:org/repo", nil},
	{"npm install left-pad@1.3.0", nil},
	{"login as root@pump", nil},
	{"decorated with @Override", nil},

	// Phone numbers.
	{"Call me at 312-555-0142.", []string{"phone 312-555-0142"}},
	{"(312) 555-0142 after six", []string{"phone (312) 555-0142"}},
	{"phone: 312 555 0142", []string{"phone 312 555 0142"}},
	{"Tel. +49 30 901820", []string{"phone +49 30 901820"}},
	{"+1 (800) 258 5361", []string{"phone +1 (800) 258 5361"}},
	{"reach her under +44 20 7946 0958 today", []string{"phone +44 20 7946 0958"}},
	{"1-800-722-9377", []string{"phone 1-800-722-9377"}},
	{"cell 5551234567", []string{"phone 5551234567"}},
	{"fax number: 555-0142", []string{"phone 555-0142"}},
	{"312.555.0142", []string{"phone 312.555.0142"}},
	{"CVE-2023-31222 and CVE-2024-1234567", nil},
	{"build 312555014", nil},
	{"ICSMA-24-319-01, part number 989803-1234", nil},
	{"UUID 123e4567-e89b-12d3-a456-426614174000", nil},
	{"port 104, 2762 and 11112 are open", nil},
	{"2024-03-05T10:00:00Z", nil},
	{"the call 0x5551234 returns", nil},
	{"offset +12 -34", nil},
	{"[  +1.999878] kernel: registered", nil},

	// Social security numbers.
	{"SSN 219-09-9999", []string{"ssn 219-09-9999"}},
	{"ssn: 219099999", []string{"ssn 219099999"}},
	{"Social Security Number is 219 09 9999", []string{"ssn 219 09 9999"}},
	{"it printed 219-09-9999 in the log", []string{"ssn 219-09-9999"}},
	{"000-12-3456 and 666-12-3456 and 912-34-5678", nil},
	{"123-00-4567 and 123-45-0000", nil},
	{"part 1-219-09-9999-3", nil},
	{"social security administration", nil},

	// Record numbers.
	{"MRN 00482913", []string{"record-number 00482913"}},
	{"MRN: A-482913 was shown", []string{"record-number A-482913"}},
	{"medical record number (MRN) 482913", []string{"record-number 482913"}},
	{"Medical Record #482913", []string{"record-number 482913"}},
	{"patient ID: PID-10239", []string{"record-number PID-10239"}},
	{"the patient number was 55012", []string{"record-number 55012"}},
	{"Pt # 88123", []string{"record-number 88123"}},
	{"accession number 20240305-17", []string{"record-number 20240305-17"}},
	{"NHS number 943 476 5919", []string{"record-number 943 476 5919"}},
	{"Medicare ID 1EG4-TE5-MK73", []string{"record-number 1EG4-TE5-MK73"}},
	{"encounter no. 778812", []string{"record-number 778812"}},
	{"medical record numbers could be read", nil},
	{"patient id fields are not encrypted", nil},
	{"the patient identifier is sent in clear text", nil},
	{"PatientID (0010,0020)", nil},
	{"CVE-2024-12345", nil},

	// Dates of birth.
	{"DOB 03/05/1962", []string{"birth-date 03/05/1962"}},
	{"D.O.B.: 5 March 1962", []string{"birth-date 5 March 1962"}},
	{"date of birth: March 5, 1962", []string{"birth-date March 5, 1962"}},
	{"Date of Birth was 1962-03-05", []string{"birth-date 1962-03-05"}},
	{"born on 5.3.1962", []string{"birth-date 5.3.1962"}},
	{"born March 5th, 1962", []string{"birth-date March 5th, 1962"}},
	{"PatientBirthDate 19620305", []string{"birth-date 19620305"}},
	{"PatientName: Jane Doe", []string{"patient-name Jane Doe"}},
	{"PatientID=4711-22", []string{"record-number 4711-22"}},
	{"birthdate=19620305", []string{"birth-date 19620305"}},
	{"geboren am 05.03.1962", []string{"birth-date 05.03.1962"}},
	{"the date of birth is not masked", nil},
	{"born out of need in 2014", nil},
	{"released on 2024-03-05", nil},

	// Patients' names.
	{"patient John Smith reported an alarm", []string{"patient-name John Smith"}},
	{"The patient, Mary Ann Jones, was moved", []string{"patient-name Mary Ann Jones"}},
	{"Patient: John Q. Smith", []string{"patient-name John Q. Smith"}},
	{"Pt: Smith, John", []string{"patient-name Smith, John"}},
	{"PATIENT NAME: SMITH, JOHN", []string{"patient-name SMITH, JOHN"}},
	{"patient's name is Jane Doe", []string{"patient-name Jane Doe"}},
	{"Patient name: Miller", []string{"patient-name Miller"}},
	{"PN is SMITH^JOHN^Q in the header", []string{"patient-name SMITH^JOHN"}},
	{"patient named Jean-Luc O’Neil", []string{"patient-name Jean-Luc O’Neil"}},
	{"Pt. Maria de Souza fell", []string{"patient-name Maria de Souza"}},
	{"patient Jürgen Müller", []string{"patient-name Jürgen Müller"}},
	{"patient Mr. Smith called", []string{"patient-name Smith"}},
	{"Mrs. Smith called the desk", []string{"person-name Smith"}},
	{"Mr Smith and Ms. Jones", []string{"person-name Smith", "person-name Jones"}},
	{"Dr. Gregory Miller saw it", []string{"person-name Gregory Miller"}},
	{"nurse Joan Miller restarted the pump", []string{"person-name Joan Miller"}},
	{"her husband Peter Miller unplugged it", []string{"person-name Peter Miller"}},
	{"Philips Patient Information Center iX", nil},
	{"Patient Data Manager 4.2", nil},
	{"Patient Monitoring Systems are affected", nil},
	{"the patient. John wrote this", nil},
	{"Patient Safety Officer", nil},
	{"patient harm is possible", nil},
	{"each patient can be identified", nil},
	{"Patient: unknown", nil},
	{"Medtronic MyCareLink Patient Monitor", nil},
	{"patient Windows Server 2019 host", nil},
	{"the Patient Portal Access page", nil},
	{"Dr. Web antivirus", nil},
	{"a nurse Call System", nil},
	{"MS Windows and MR Conditional", nil},

	// Postal addresses.
	{"He lives at 742 Evergreen Terrace", []string{"street-address 742 Evergreen Terrace"}},
	{"12 N. Main St, ward 3", []string{"street-address 12 N. Main St"}},
	{"1600 Pennsylvania Avenue NW", []string{"street-address 1600 Pennsylvania Avenue"}},
	{"350 5th Avenue", []string{"street-address 350 5th Avenue"}},
	{"P.O. Box 4411", []string{"street-address P.O. Box 4411"}},
	{"Springfield, IL 62704", []string{"street-address Springfield, IL 62704"}},
	{"Hauptstraße 12", []string{"street-address Hauptstraße 12"}},
	{"copied from 2 USB Drives", nil},
	{"a 64 GB Flash Drive", nil},
	{"3 Way Handshake", nil},
	{"on the way to 5 Street lamps", nil},
	{"Windows 10 Drive Encryption", nil},

	// Serial and lot numbers.
	{"S/N 4021998", []string{"device-serial 4021998"}},
	{"SN: AB-102938", []string{"device-serial AB-102938"}},
	{"serial number 34512-A of the pump", []string{"device-serial 34512-A"}},
	{"Serial No.: X12Y345", []string{"device-serial X12Y345"}},
	{"serial 8842190", []string{"device-serial 8842190"}},
	{"(01)00643169001763(17)270305(21)SN9922", []string{"device-serial SN9922"}},
	{"(01)00643169001763(17)270305(10)LOT88A(21)SN9922", []string{"device-serial LOT88A", "device-serial SN9922"}},
	{"(01) 00643169001763 (21) 771", []string{"device-serial 771"}},
	{"(01)00643169001763", nil},
	{"a serial port at 9600 baud", nil},
	{"serial numbers are predictable", nil},
	{"RS-232 serial console", nil},
	{"deserialization CVE-2023-12345", nil},
	{"(21) see there", nil},

	// Internet addresses, and what only looks like one.
	{"traffic came from 203.0.113.9", []string{"address 203.0.113.9"}},
	{"the pump at 10.0.0.5 answers", []string{"address 10.0.0.5"}},
	{"IP address 192.168.1.20", []string{"address 192.168.1.20"}},
	{"http://10.1.2.3:8080/x", []string{"address 10.1.2.3"}},
	{"host 2001:db8::8a2e:370:7334 replied", []string{"address 2001:db8::8a2e:370:7334"}},
	{"10.20.0.0/16", []string{"address 10.20.0.0"}},
	{"version 10.2.156.12", nil},
	{"firmware 3.0.0.1 and prior", nil},
	{"Oracle Database Server 12.1.0.2", nil},
	{"OID 1.2.840.10008.1.2.1", nil},
	{"binds to 127.0.0.1 or 0.0.0.0", nil},
	{"999.1.1.1", nil},
	{"at 10:20:30 it stopped", nil},
	{"MAC 00:1b:63:84:45:e6", nil},
	{"std::vector and a::b", nil},
	{"hxxp 203[.]0[.]113[.]9", nil},

	// Days on which something happened to a patient.
	{"The patient was harmed on 2024-03-05", []string{"patient-date 2024-03-05"}},
	{"admitted on March 5, 2024 with arrhythmia", []string{"patient-date March 5, 2024"}},
	{"On 5 March 2024 the patient lost therapy", []string{"patient-date 5 March 2024"}},
	{"pt implanted 03/05/2024", []string{"patient-date 03/05/2024"}},
	{"died 3/5/24", []string{"patient-date 3/5/24"}},
	{"the patch was released on 2024-03-05", nil},
	{"Patient Monitor 2024-03-05 build", nil},
	{"the patient in March 2024", nil},
	{"the patient is well. Fixed on 2024-03-05", nil},

	// The language of advisories.
	{"CWE-798 Use of Hard-coded Credentials, CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", nil},
	{"sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", nil},
	{"SHA-1 da39a3ee5e6b4b0d3255bfef95601890afd80709", nil},
	{"KB5034441, 510(k) K123456, model 8015", nil},
	{"versions 1.2.3 to 4.5.6-rc1 (2024.3.1)", nil},
	{"", nil},
}

func TestTruth(t *testing.T) {
	if len(truth) < 120 {
		t.Errorf("only %d lines", len(truth))
	}
	all, want := strings.Builder{}, 0
	for _, c := range truth {
		var got []string
		for _, f := range Find(c.line) {
			got = append(got, string(f.Kind)+" "+f.Text)
			if f.Why == "" || f.Why != f.Kind.Sentence() || !strings.HasSuffix(f.Why, ".") {
				t.Errorf("%q: %s has no sentence", c.line, f.Kind)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.line, d)
		}
		all.WriteString(c.line + "\n\n")
		want += len(c.want)
	}
	// In one text they are found as well.
	found := Find(all.String())
	if len(found) != want {
		t.Errorf("%d findings in one text, %d in lines", len(found), want)
	}
	for _, f := range found {
		if f.Text != all.String()[f.Start:f.End] {
			t.Errorf("%q does not stand at %d", f.Text, f.Start)
		}
	}
	kinds := map[Kind]bool{}
	for _, f := range found {
		kinds[f.Kind] = true
	}
	for k := range sentences {
		if !kinds[k] {
			t.Errorf("%s is never found", k)
		}
	}
}

func TestLabels(t *testing.T) {
	for text, want := range map[string][]string{
		"This is TLP:RED": {"TLP:RED"}, "tlp: amber + strict, then TLP:AMBER": {"TLP:AMBER+STRICT", "TLP:AMBER"},
		"TLP WHITE and TLP:CLEAR": {"TLP:CLEAR"}, "TLP-GREEN": {"TLP:GREEN"}, "[TLP:GREEN] TLP=RED TLP:GREEN": {"TLP:GREEN", "TLP:RED"},
		"the red pump": nil, "TLP:REDUCED": nil, "TLPRED": nil, "the TLP is green": nil, "TLP 2.0": nil,
	} {
		if d := cmp.Diff(want, Labels(text)); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
}

// Time grows with the text, whatever the text: sixteen times as long may take
// eighty times the time, for other work goes on, where looking at each pair of
// places would take 256 times.
func TestLinear(t *testing.T) {
	for _, piece := range []string{"patient ", "1", "1.", "A", "a@", "Aa ", "admitted ", "(01)00643169001763(10)a", "0:", "Mr. Aa ", "a@b.co,", "1.1.1.1,"} {
		took := func(n int) time.Duration {
			text := strings.Repeat(piece, n/len(piece))
			best := time.Hour
			for range 3 {
				start := time.Now()
				Find(text)
				best = min(best, time.Since(start))
			}
			return best
		}
		var short, long time.Duration
		for range 5 { // what grows too fast does so each time; a pause falls once
			if short, long = took(8<<10), took(128<<10); long <= 80*short {
				break
			}
		}
		if long > 80*short {
			t.Errorf("%q: %v for 8 KiB, %v for 128 KiB", piece, short, long)
		}
	}
}

// What lies past the bounds is not read and not told.
func TestBounds(t *testing.T) {
	text := strings.Repeat(" ", MaxText) + "SSN 219-09-9999 TLP:RED"
	if len(Find(text)) != 0 || len(Labels(text)) != 0 {
		t.Error("text past the bound was read")
	}
	if n := len(Find(strings.Repeat("a@b.co ", 5000))); n != MaxFindings {
		t.Errorf("%d findings", n)
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range truth {
		f.Add(c.line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range Find(text) {
			if found.Start < end || found.End <= found.Start || found.Text != text[found.Start:found.End] || found.Why == "" {
				t.Errorf("%q: %+v after %d", text, found, end)
			}
			if utf8.ValidString(text) && !utf8.ValidString(found.Text) {
				t.Errorf("%q: %q cuts a letter in two", text, found.Text)
			}
			end = found.End
		}
		for _, l := range Labels(text) {
			if !slices.Contains([]string{"TLP:RED", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:GREEN", "TLP:CLEAR"}, l) {
				t.Errorf("%q: %s", text, l)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("The pump's web server does not check who asks; an attacker on the network can change the rate of infusion (CVE-2024-12345).\n", 33)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Find(text)
	}
}

func ExampleFind() {
	for _, f := range Find("Pt: John Smith, DOB 3/5/1962, saw the alarm.") {
		fmt.Println(f.Text, "-", f.Why)
	}
	// Output:
	// John Smith - This looks like a patient's name.
	// 3/5/1962 - This looks like a patient's date of birth.
}

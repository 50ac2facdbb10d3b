package bank

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz/lzma"

	"postern/portal/money"
)

func euro(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func crowns(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CZK"} }

// TestEPC writes the example of the guideline EPC069-12 and one with a structured reference.
func TestEPC(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		payment Payment
		want    string
	}{
		{"the guideline's example", Payment{Name: "Red Cross of Belgium", IBAN: "BE72000000001616", BIC: "BPOTBEB1",
			Amount: euro(100), Reference: "Urgency fund"},
			"BCD\n002\n1\nSCT\nBPOTBEB1\nRed Cross of Belgium\nBE72000000001616\nEUR1.00\n\n\nUrgency fund"},
		{"a structured reference", Payment{Name: "Franz Mustermänn", IBAN: "DE71110220330123456789",
			BIC: "BHBLDEHHXXX", Amount: euro(1230), Reference: "RF18 5390 0754 7034"},
			"BCD\n002\n1\nSCT\nBHBLDEHHXXX\nFranz Mustermänn\nDE71110220330123456789\nEUR12.30\n\nRF18539007547034"},
		{"no structured reference: its check digits are wrong", Payment{Name: "A", IBAN: "DE71110220330123456789",
			Amount: euro(1230), Reference: "RF19539007547034"},
			"BCD\n002\n1\nSCT\n\nA\nDE71110220330123456789\nEUR12.30\n\n\nRF19539007547034"},
		{"symbols", Payment{Name: "A", IBAN: "SK3112000000198742637541", Amount: euro(99999999999),
			VariableSymbol: "1234567890", ConstantSymbol: "308"},
			"BCD\n002\n1\nSCT\n\nA\nSK3112000000198742637541\nEUR999999999.99\n\n\n/VS1234567890/SS/KS308"},
		{"a line break in a name", Payment{Name: "A\nEUR9999", IBAN: "DE71110220330123456789", Amount: euro(1)},
			"BCD\n002\n1\nSCT\n\nA EUR9999\nDE71110220330123456789\nEUR0.01"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, ok := test.payment.Code("FR")
			if diff := cmp.Diff(Code{FormatEPC, test.want}, code); !ok || diff != "" {
				t.Error(diff)
			}
		})
	}
	long := Payment{Name: strings.Repeat("ä", 100), IBAN: "DE71110220330123456789", Amount: euro(1),
		Reference: strings.Repeat("ö", 300)}
	code, _ := long.Code("")
	if lines := strings.Split(code.Payload, "\n"); len([]rune(lines[5])) != 70 || len([]rune(lines[10])) != 140 {
		t.Errorf("not cut: %q", lines)
	}
}

// TestSPAYD writes the examples of the Czech Banking Association.
func TestSPAYD(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		payment Payment
		want    string
	}{
		{"the standard's example", Payment{IBAN: "CZ5855000000001265098001", Amount: crowns(48050),
			Reference: "Payment for the goods"},
			"SPD*1.0*ACC:CZ5855000000001265098001*AM:480.50*CC:CZK*MSG:Payment for the goods"},
		{"symbols and a date", Payment{IBAN: "CZ5855000000001265098001", BIC: "RZBCCZPP", Amount: crowns(48050),
			VariableSymbol: "1234567890", SpecificSymbol: "7", ConstantSymbol: "0308", Name: "Obchod*1",
			Due: time.Date(2012, 5, 24, 12, 0, 0, 0, time.UTC)},
			"SPD*1.0*ACC:CZ5855000000001265098001+RZBCCZPP*AM:480.50*CC:CZK*DT:20120524*RN:Obchod%2A1" +
				"*X-KS:0308*X-SS:7*X-VS:1234567890"},
		{"other letters", Payment{IBAN: "CZ5855000000001265098001", Amount: euro(100), Reference: "Šálek 100 %"},
			"SPD*1.0*ACC:CZ5855000000001265098001*AM:1.00*CC:EUR*MSG:%C5%A0%C3%A1lek 100 %25"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, ok := test.payment.Code("CZ")
			if diff := cmp.Diff(Code{FormatSPAYD, test.want}, code); !ok || diff != "" {
				t.Error(diff)
			}
		})
	}
}

// unpacked returns the fields of a PAY by square code, after checking its checksum and length.
func unpacked(t *testing.T, code string) []string {
	t.Helper()
	raw, err := base32.HexEncoding.WithPadding(base32.NoPadding).DecodeString(code)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint16(raw[2:])
	header := binary.LittleEndian.AppendUint32([]byte{0x5d}, squareDictionary)
	header = binary.LittleEndian.AppendUint64(header, uint64(size))
	reader, err := lzma.NewReader(bytes.NewReader(append(header, raw[4:]...)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil || len(content) != int(size) {
		t.Fatalf("%d bytes of %d, %v", len(content), size, err)
	}
	if sum := crc32.ChecksumIEEE(content[4:]); sum != binary.LittleEndian.Uint32(content) {
		t.Fatal("the checksum is wrong")
	}
	return strings.Split(string(content[4:]), "\t")
}

// TestPayBySquare compares our codes with published ones of other programs. Compressors differ, so the fields
// are compared, except the amount's trailing zero and the invoice, which ours leave out.
func TestPayBySquare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		published string
		payment   Payment
	}{
		{"without a note",
			"0004I0006UC5LT8E21H3IC1K9R40P82GJL22NTU0586BBEOEKDMQSVUUBAOP1C0FFE14UJA1F1LJMV0FONE35J05TRC77FTIMV87" +
				"NKNANNOFJB684000",
			Payment{Name: "John Doe", IBAN: "SK4523585719461382368397", Amount: euro(2530)}},
		{"with symbols",
			"0804O0002G0L2UES834BQT9SQJQA9M5QGN1AHN4VO0KB6MVM9RPFU06E5LQEOQUN07FTDIF96UAS90AOPDCSE86CMTRAI45IDKRH" +
				"J6BUOIG1162LVVVRAKA000",
			Payment{Name: "John Doe", IBAN: "SK9611000000002918599669", Amount: euro(10000), VariableSymbol: "123"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, ok := test.payment.Code("SK")
			if !ok || code.Format != FormatPayBySquare {
				t.Fatalf("%+v", code)
			}
			want, got := unpacked(t, test.published), unpacked(t, code.Payload)
			want[0], want[3] = "", test.payment.Amount.Decimal()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	code, _ := Payment{Name: "Kníhkupectvo\tŽaba", IBAN: "SK4523585719461382368397", Amount: euro(1),
		Reference: "Objednávka\nč. 7", Due: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)}.Code("")
	fields := unpacked(t, code.Payload)
	if fields[5] != "20260305" || fields[10] != "Objednavka c. 7" || fields[16] != "Knihkupectvo Zaba" {
		t.Errorf("%q", fields)
	}
}

// TestFormats checks which format a payer gets.
func TestFormats(t *testing.T) {
	t.Parallel()
	const czech, slovak, german = "CZ5855000000001265098001", "SK4523585719461382368397", "DE71110220330123456789"
	tests := []struct {
		iban, payer string
		amount      money.Amount
		want        Format
	}{
		{czech, "CZ", crowns(100), FormatSPAYD},
		{czech, "SK", crowns(100), FormatSPAYD},
		{czech, "", euro(100), FormatSPAYD},
		{czech, "DE", euro(100), FormatEPC},
		{slovak, "", euro(100), FormatPayBySquare},
		{slovak, "SK", euro(100), FormatPayBySquare},
		{slovak, "AT", euro(100), FormatEPC},
		{slovak, "CZ", crowns(100), FormatSPAYD},
		{german, "DE", euro(100), FormatEPC},
		{german, "", euro(100), FormatEPC},
		{german, "DE", money.Amount{Minor: 100, Currency: "PLN"}, ""},
		{german, "DE", euro(0), ""},
		{"", "DE", euro(100), ""},
	}
	for _, test := range tests {
		code, ok := Payment{Name: "Shop", IBAN: test.iban, Amount: test.amount}.Code(test.payer)
		if code.Format != test.want || ok != (test.want != "") {
			t.Errorf("%s from %s in %s: %q", test.iban, test.payer, test.amount.Currency, code.Format)
		}
	}
}

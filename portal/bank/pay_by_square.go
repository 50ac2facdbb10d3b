package bank

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/ulikunitz/xz/lzma"
)

const (
	squareName = 70
	squareText = 140
	// The LZMA parameters that PAY by square prescribes, and the size of the header that it leaves out.
	squareDictionary = 1 << 17
	lzmaHeader       = 13
)

// payBySquare writes one payment order as PAY by square 1.0 of the Slovak Banking Association: fields parted
// by tabs, a checksum before them, compressed, in base32.
func (p Payment) payBySquare() string {
	data := p.squareFields()
	content := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(data)))
	content = append(content, data...)
	packed := []byte{0, 0} // PAY by square, version 1.0
	packed = binary.LittleEndian.AppendUint16(packed, uint16(len(content)))
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(append(packed,
		compressed(content)...))
}

func (p Payment) squareFields() string {
	due := ""
	if !p.Due.IsZero() {
		due = p.Due.Format("20060102")
	}
	return strings.Join([]string{
		"",  // invoice
		"1", // payments
		"1", // a payment order
		p.Amount.Decimal(), p.Amount.Currency, due, p.VariableSymbol, p.ConstantSymbol, p.SpecificSymbol,
		"", // the reference of a payment without symbols
		cut(plain(p.Reference), squareText),
		"1", p.IBAN, p.BIC, // one account
		"0", "0", // neither a standing order nor a direct debit
		cut(plain(p.Name), squareName), "", "", // the holder's name and address
	}, "\t")
}

// compressed returns content as a raw LZMA stream. Writing to memory cannot fail.
func compressed(content []byte) []byte {
	var out bytes.Buffer
	writer, err := lzma.WriterConfig{
		Properties: &lzma.Properties{LC: 3, LP: 0, PB: 2}, DictCap: squareDictionary, EOSMarker: true,
	}.NewWriter(&out)
	if err != nil {
		return nil
	}
	_, _ = writer.Write(content)
	_ = writer.Close()
	return out.Bytes()[lzmaHeader:]
}

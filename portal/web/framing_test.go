package web

import "testing"

// TestClearLength also covers what the library itself refuses, since a later version may accept more.
func TestClearLength(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, header string
		want         bool
	}{
		{"nothing", "", true},
		{"others", "Host: a.test\r\nX-Length: 1\r\n", true},
		{"a length", "Content-Length: 5\r\n", true},
		{"a coding", "Transfer-Encoding: chunked\r\n", true},
		{"a coding in capitals", "TRANSFER-ENCODING: CHUNKED\r\n", true},
		{"a coding without spaces", "transfer-encoding:chunked\r\n", true},
		{"a coding with spaces", "Transfer-Encoding: \t chunked \t\r\n", true},
		{"a coding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", true},
		{"both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", false},
		{"both, the other way round", "Transfer-Encoding: chunked\r\nHost: a.test\r\nContent-Length: 5\r\n",
			false},
		{"both in small letters", "content-length: 5\r\ntransfer-encoding: chunked\r\n", false},
		{"both in capitals", "CONTENT-LENGTH: 5\r\nTRANSFER-ENCODING: CHUNKED\r\n", false},
		{"an unknown coding", "Transfer-Encoding: xchunked\r\n", false},
		{"a coding that goes on", "Transfer-Encoding: chunkedx\r\n", false},
		{"a coding with more", "Transfer-Encoding: chunked;q=1\r\n", false},
		{"a quoted coding", "Transfer-Encoding: \"chunked\"\r\n", false},
		{"codings in a list", "Transfer-Encoding: gzip, chunked\r\n", false},
		{"no coding", "Transfer-Encoding: identity\r\n", false},
		{"an empty coding", "Transfer-Encoding:\r\n", false},
		{"a second coding", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := clearLength([]byte(test.header)); got != test.want {
				t.Errorf("clear: %t, want %t", got, test.want)
			}
		})
	}
}

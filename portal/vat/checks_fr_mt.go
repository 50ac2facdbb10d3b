package vat

import "strings"

// checkFR: a two-character key, followed by a SIREN with its Luhn digit. The key is two digits (the SIREN
// followed by 12, modulo 97) or, with letters (never I or O), two digits in a mixed base (DGFiP). Monaco
// uses 000 and its own numbers instead of a SIREN.
func checkFR(b string) bool {
	siren := b[2:]
	if siren[:3] != "000" && !luhn(siren) {
		return false
	}
	if allDigits(b[:2]) {
		return remainder(siren+"12", 97) == pair(b, 0)
	}
	return frenchKey(b[:2], siren)
}

func frenchKey(key, siren string) bool {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	hi, lo := strings.IndexByte(alphabet, key[0]), strings.IndexByte(alphabet, key[1])
	if hi < 0 || lo < 0 {
		return false
	}
	n := hi*34 + lo - 100
	if isDigit(key[0]) {
		n = hi*24 + lo - 10
	}
	return (remainder(siren, 11)+1+n/11)%11 == n%11
}

// checkGB: modulus 97, either plain or, since 2009, with 55 added (HMRC, "9755"). Government departments
// have GD000 to GD499, health authorities HA500 to HA999. The last three of 12 digits identify a branch.
func checkGB(b string) bool {
	switch b[:2] {
	case "GD":
		return b[2] <= '4'
	case "HA":
		return b[2] >= '5'
	}
	r := (weigh(b, 8, 7, 6, 5, 4, 3, 2) + pair(b, 7)) % 97
	return r == 0 || r == 42 && b[0] != '0'
}

// checkHR: ISO 7064 MOD 11,10 (OIB; Zakon o osobnom identifikacijskom broju).
func checkHR(b string) bool { return mod11x10(b) }

// checkHU: weights 9, 7, 3, 1, modulus 10.
func checkHU(b string) bool { return weigh(b, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 }

// checkIE: modulus 23 over seven digits and, since 2013, a second letter with weight nine. In the old
// format the second character is a letter, + or *, and the first digit counts as the last one.
func checkIE(b string) bool {
	if !isDigit(b[1]) {
		b = "0" + b[2:7] + b[:1] + b[7:]
	}
	sum := weigh(b, 8, 7, 6, 5, 4, 3, 2)
	if len(b) == 9 {
		second := strings.IndexByte("WABCDEFGHI", b[8])
		if second < 0 {
			return false
		}
		sum += 9 * second
	}
	return letterAt("WABCDEFGHIJKLMNOPQRSTUV", sum%23, b[7])
}

// checkIT: Luhn; digits 8 to 10 identify the issuing office: a province, 120 or 121, 888 or 999 (D.M. 23
// December 1976).
func checkIT(b string) bool {
	office := 10*pair(b, 7) + digit(b, 9)
	switch {
	case office >= 1 && office <= 100, office == 120, office == 121, office == 888, office == 999:
		return luhn(b)
	}
	return false
}

// checkLT: repeating weights 1 to 9, modulus 11; if the remainder is 10, again with weights from 3.
func checkLT(b string) bool {
	n := len(b) - 1
	r := circle(b[:n], 1) % 11
	if r == 10 {
		r = circle(b[:n], 3) % 11 % 10
	}
	return r == digit(b, n)
}

// circle returns the sum of the digits of s with the weights from, from+1, ... 9, 1, 2, ...
func circle(s string, from int) int {
	sum := 0
	for i := range len(s) {
		sum += ((from-1+i)%9 + 1) * digit(s, i)
	}
	return sum
}

// checkLU: the first six digits modulo 89.
func checkLU(b string) bool { return remainder(b[:6], 89) == pair(b, 6) }

// checkLV: legal entities begin with 4 to 9 and use modulus 11; all others are personal codes.
func checkLV(b string) bool {
	if b[0] <= '3' {
		return latvianPerson(b)
	}
	return weigh(b, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
}

// checkMT: modulus 37; the first digit is not 0.
func checkMT(b string) bool {
	return b[0] != '0' && weigh(b, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0
}

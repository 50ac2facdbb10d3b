package vat

import "strings"

// All functions here rely on the shapes of the rules: ASCII digits, and upper-case letters where the shape
// has letters.

func digit(s string, i int) int { return int(s[i] - '0') }

// weigh returns the sum of the first len(weights) digits of s, each times its weight.
func weigh(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * digit(s, i)
	}
	return sum
}

// complement returns the check digit of the plain modulus 11 scheme, 11 - sum mod 11, from 1 to 11.
func complement(sum int) int { return 11 - sum%11 }

// luhnSum returns the Luhn sum of s, with its last digit counted once (ISO/IEC 7812-1, annex B). A number
// with a valid check digit has a sum that is a multiple of 10.
func luhnSum(s string) int {
	sum := 0
	for i := range len(s) {
		d := digit(s, len(s)-1-i)
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum
}

func luhn(s string) bool { return luhnSum(s)%10 == 0 }

// mod11x10 reports whether s satisfies ISO 7064 MOD 11,10.
func mod11x10(s string) bool {
	p := 10
	for i := range len(s) - 1 {
		t := (p + digit(s, i)) % 10
		if t == 0 {
			t = 10
		}
		p = t * 2 % 11
	}
	return (p+digit(s, len(s)-1))%10 == 1
}

// remainder returns the number s modulo m. Letters count as two digits, A = 10 to Z = 35, as in
// ISO 7064 MOD 97-10.
func remainder(s string, m int) int {
	r := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			r = (r*10 + digit(s, i)) % m
		} else {
			r = (r*100 + int(s[i]-'A') + 10) % m
		}
	}
	return r
}

// pair returns the two-digit number at index i of s.
func pair(s string, i int) int { return 10*digit(s, i) + digit(s, i+1) }

// letterAt reports whether c is letter i of an alphabet of check letters.
func letterAt(alphabet string, i int, c byte) bool {
	return strings.IndexByte(alphabet, c) == i
}

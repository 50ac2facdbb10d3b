package vat

import "strings"

// checkAT: Luhn over 8 digits, offset by 4 (BMF, Umsatzsteuer-Identifikationsnummer).
func checkAT(b string) bool {
	return (luhnSum(b[1:8])+4+digit(b, 8))%10 == 0
}

// checkBE: 97 minus the first eight digits modulo 97. Enterprise numbers begin with 0 or, more recently,
// with 1 (Crossroads Bank for Enterprises); numbers that begin with 2 to 8 are establishment units, not VAT
// IDs.
func checkBE(b string) bool {
	return b[0] <= '1' && 97-remainder(b[:8], 97) == pair(b, 8)
}

// checkBG: 9 digits for a legal entity, 10 for a person: a citizen, a foreigner or another taxpayer.
func checkBG(b string) bool {
	if len(b) == 10 {
		return egn(b) || bulgarianForeigner(b) || bulgarianOther(b)
	}
	r := weigh(b, 1, 2, 3, 4, 5, 6, 7, 8) % 11
	if r == 10 {
		r = weigh(b, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10
	}
	return r == digit(b, 8)
}

func bulgarianForeigner(b string) bool {
	return weigh(b, 21, 19, 17, 13, 11, 9, 7, 3, 1)%10 == digit(b, 9)
}

func bulgarianOther(b string) bool {
	c := complement(weigh(b, 4, 3, 2, 7, 6, 5, 4, 3, 2))
	return c != 10 && c%11 == digit(b, 9)
}

// checkCY: digits in odd positions are replaced; the sum modulo 26 gives the letter. 12 is reserved.
func checkCY(b string) bool {
	odd := [10]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21}
	sum := 0
	for i := range 8 {
		if d := digit(b, i); i%2 == 0 {
			sum += odd[d]
		} else {
			sum += d
		}
	}
	return b[:2] != "12" && 'A'+byte(sum%26) == b[8]
}

// checkCZ: 8 digits for a legal entity; 9 digits beginning with 6 for an individual without a birth number;
// otherwise a birth number.
func checkCZ(b string) bool {
	switch {
	case len(b) == 8:
		return b[0] != '9' && complement(weigh(b, 8, 7, 6, 5, 4, 3, 2))%10 == digit(b, 7)
	case len(b) == 9 && b[0] == '6':
		return (weigh(b[1:], 8, 7, 6, 5, 4, 3, 2)%11+8)%10 == digit(b, 8)
	}
	return birthNumber(b)
}

// checkDE: ISO 7064 MOD 11,10; the first digit is not 0 (BZSt).
func checkDE(b string) bool { return b[0] != '0' && mod11x10(b) }

// checkDK: weighted modulus 11 of the CVR number (Erhvervsstyrelsen); the first digit is not 0.
func checkDK(b string) bool {
	return b[0] != '0' && weigh(b, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// checkEE: weights 3, 7, 1, modulus 10.
func checkEE(b string) bool { return weigh(b, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 }

// checkEL: powers of two, modulus 11 (AADE).
func checkEL(b string) bool {
	return weigh(b, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == digit(b, 8)
}

// checkES: Real Decreto 1065/2007, articles 18 to 22, and Orden EHA/451/2008: for persons, the number
// modulo 23 gives the letter; for foreigners, X, Y, Z stand for 0, 1, 2.
func checkES(b string) bool {
	switch {
	case isDigit(b[0]):
		return spanishLetter(b[:8], b[8])
	case b[0] >= 'X':
		return spanishLetter(string(b[0]-'X'+'0')+b[1:8], b[8])
	case strings.IndexByte("KLM", b[0]) >= 0:
		return spanishLetter(b[1:8], b[8])
	}
	return spanishEntity(b)
}

func spanishLetter(digits string, c byte) bool {
	return letterAt("TRWAGMYFPDXBNJZSQVHLCKE", remainder(digits, 23), c)
}

// spanishEntity: a Luhn check digit, written as a digit, as a letter, or as either, depending on the kind
// of entity that the first letter indicates.
func spanishEntity(b string) bool {
	c := (10 - luhnSum(b[1:8]+"0")%10) % 10
	asDigit := isDigit(b[8]) && digit(b, 8) == c
	asLetter := letterAt("JABCDEFGHI", c, b[8])
	switch b[0] {
	case 'A', 'B', 'E', 'H':
		return asDigit
	case 'P', 'Q', 'S':
		return asLetter
	case 'C', 'D', 'F', 'G', 'J', 'N', 'R', 'U', 'V', 'W':
		return asDigit || asLetter
	}
	return false
}

// checkFI: weighted modulus 11 of the Y-tunnus (PRH).
func checkFI(b string) bool { return weigh(b, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 }

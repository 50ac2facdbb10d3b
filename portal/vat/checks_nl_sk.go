package vat

// checkNL: companies use their RSIN with weighted modulus 11. The IDs of sole traders since 2020 are random
// and satisfy ISO 7064 MOD 97-10 together with the letters NL (Belastingdienst).
func checkNL(b string) bool {
	if b[10:] == "00" {
		return false
	}
	return weigh(b, 9, 8, 7, 6, 5, 4, 3, 2)%11 == digit(b, 8) || remainder("NL"+b, 97) == 1
}

// checkPL: weighted modulus 11 of the NIP; numbers with a remainder of 10 are not issued.
func checkPL(b string) bool {
	return weigh(b, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digit(b, 9)
}

// checkPT: weighted modulus 11 of the NIF (Decreto-Lei 14/2013); the first digit is not 0.
func checkPT(b string) bool {
	c := complement(weigh(b, 9, 8, 7, 6, 5, 4, 3, 2))
	if c >= 10 {
		c = 0
	}
	return b[0] != '0' && c == digit(b, 8)
}

// checkRO: the CUI padded with zeros to ten digits, times ten, modulus 11.
func checkRO(b string) bool {
	full := "0000000000"[len(b):] + b
	return b[0] != '0' && weigh(full, 7, 5, 3, 2, 1, 7, 5, 3, 2)*10%11%10 == digit(full, 9)
}

// checkSE: an organisation or personal number with its Luhn digit, then 01 to 94.
func checkSE(b string) bool {
	n := pair(b, 10)
	return n >= 1 && n <= 94 && luhn(b[:10])
}

// checkSI: weighted modulus 11; numbers with a result of 11 are not issued; the first digit is not 0.
func checkSI(b string) bool {
	c := complement(weigh(b, 8, 7, 6, 5, 4, 3, 2))
	return b[0] != '0' && c != 11 && c%10 == digit(b, 7)
}

// checkSK: divisible by 11; the first digit is not 0, and the third is one of 2, 3, 4, 7, 8, 9.
func checkSK(b string) bool {
	switch b[2] {
	case '2', '3', '4', '7', '8', '9':
		return b[0] != '0' && remainder(b, 11) == 0
	}
	return false
}

// checkCH: weighted modulus 11 of the UID (eCH-0097); numbers with a check digit of 10 are not issued.
func checkCH(b string) bool {
	return complement(weigh(b[1:], 5, 4, 3, 2, 7, 6, 5, 4))%11 == digit(b, 9)
}

// checkNO: weighted modulus 11 of the organisation number (Brønnøysundregistrene); numbers with a check
// digit of 10 are not issued.
func checkNO(b string) bool {
	return complement(weigh(b, 3, 2, 7, 6, 5, 4, 3, 2))%11 == digit(b, 8)
}

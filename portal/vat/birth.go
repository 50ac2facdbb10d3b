package vat

import "time"

// Personal numbers that serve as VAT IDs contain a date of birth, usually at the beginning.

// isDate reports whether a date exists.
func isDate(year, month, day int) bool {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return int(t.Month()) == month && t.Day() == day
}

// egn reports whether s is a Bulgarian citizen's EGN (ordinance on unified registration numbers of
// GRAO): YYMMDD with 20 added to the month for births before 1900 and 40 from 2000 on.
func egn(s string) bool {
	year, month := 1900+pair(s, 0), pair(s, 2)
	switch {
	case month > 40:
		year, month = year+100, month-40
	case month > 20:
		year, month = year-100, month-20
	}
	return isDate(year, month, pair(s, 4)) &&
		weigh(s, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == digit(s, 9)
}

// birthNumber reports whether s is a Czech or Slovak rodné číslo (Act 133/2000 Coll., section 13): YYMMDD,
// with 50 added to the month for women, followed by 3 digits for births from 1880 to 1953 or by 4 digits
// since then, which make the number divisible by 11. Since 2004 a further 20 may be added to the month.
func birthNumber(s string) bool {
	yy := pair(s, 0)
	switch {
	case len(s) == 9 && yy < 54:
		return birthDate(1900+yy, s)
	case len(s) == 9:
		return yy >= 80 && birthDate(1800+yy, s)
	case yy < 54:
		return birthDate(2000+yy, s) && birthCheck(2000+yy, s)
	}
	return birthDate(1900+yy, s) && birthCheck(1900+yy, s)
}

func birthDate(year int, s string) bool {
	month := pair(s, 2)
	if month > 50 {
		month -= 50
	}
	if month > 20 && year >= 2004 {
		month -= 20
	}
	return isDate(year, month, pair(s, 4))
}

// birthCheck also accepts numbers issued until 1985 in which a remainder of 10 was written as 0.
func birthCheck(year int, s string) bool {
	r := remainder(s[:9], 11)
	return r == digit(s, 9) || r == 10 && s[9] == '0' && year <= 1985
}

// latvianPerson reports whether s is a personas kods: DDMMYY, the century (0 for 18.., 1 for 19.., 2 for
// 20..), three digits and a check digit. Codes issued since July 2017 begin with 32 and contain no date
// (Population Register Act); they have no published check.
func latvianPerson(s string) bool {
	if s[:2] == "32" {
		return true
	}
	year := 1800 + 100*digit(s, 6) + pair(s, 4)
	sum := 1 + weigh(s, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9)
	return s[6] <= '2' && isDate(year, pair(s, 2), pair(s, 0)) && sum%11%10 == digit(s, 10)
}

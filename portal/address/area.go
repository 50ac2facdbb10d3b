package address

import (
	"slices"
	"strings"
	"sync"
)

// area returns the code of an area, given as the code or the name in the country's list, or as a code of
// ISO 3166-2 in any usual spelling: JP-13, TR34, us_ca. An area that is not on the list stays as given.
func (n *country) area(given string) string {
	word := strings.ToLower(given)
	if code, ok := n.areas[word]; ok {
		return code
	}
	rest, prefixed := strings.CutPrefix(word, strings.ToLower(n.code))
	bare := strings.TrimLeft(rest, "-_ ")
	if !prefixed || bare == rest && n.code == "CN" { // WooCommerce counts China's provinces in its own way: CN11
		return given
	}
	if n.code == "CN" {
		bare = chineseCode(bare)
	}
	if slices.ContainsFunc(n.choices, func(c Choice) bool { return strings.EqualFold(c.Code, bare) }) {
		return n.areas[bare]
	}
	return given
}

// chineseCode returns the number of a Chinese province by its letters in ISO 3166-2, which has had letters
// since 2017, or the code as given.
func chineseCode(code string) string {
	if number := chineseNumbers()[code]; number != "" {
		return number
	}
	return code
}

var chineseNumbers = sync.OnceValue(func() map[string]string {
	const list = "ah 34 bj 11 cq 50 fj 35 gd 44 gs 62 gx 45 gz 52 ha 41 hb 42 he 13 hi 46 hl 23 hn 43 jl 22 js 32 " +
		"jx 36 ln 21 nm 15 nx 64 qh 63 sc 51 sd 37 sh 31 sn 61 sx 14 tj 12 xj 65 xz 54 yn 53 zj 33"
	words, numbers := strings.Fields(list), map[string]string{}
	for pair := range slices.Chunk(words, 2) {
		numbers[pair[0]] = pair[1]
	}
	return numbers
})

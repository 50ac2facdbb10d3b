package vat

import "testing"

// TestSpanishNumbers uses numbers that their owners publish in legal notices and official registers. The
// control character follows Orden EHA/451/2008, article 3, for entities, and Real Decreto 1065/2007,
// articles 19 and 20, for persons.
func TestSpanishNumbers(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"A28015865": true, // Telefónica
		"A39000013": true, // Banco Santander
		"A46103834": true, // Mercadona
		"A15075062": true, // Inditex
		"A28017895": true, // El Corte Inglés
		"A78374725": true, // Repsol
		"B63272603": true, // Google Spain
		"Q2818014I": true, // Universidad Complutense de Madrid
		"Q0818001J": true, // Universitat de Barcelona
		"P2807900B": true, // Ayuntamiento de Madrid
		"12345678Z": true, // the Interior Ministry's example of a DNI
		"X1234567L": true, // its example of an NIE
		// A public bug report called the first number valid. Doubling 8, 9, 7 and 8 gives 7+9+5+7, the
		// others 4+3+7: 42, so 8 completes it to 50.
		"B84937783": false,
		"B84937788": true,
		"A28015860": false, "Q2818014A": false, "P2807900C": false, "12345678A": false,
		"A2801586E": false, // the right control as a letter, where a company has a digit
	} {
		if got := checkES(number); got != want {
			t.Errorf("%s: %t, want %t", number, got, want)
		}
	}
}

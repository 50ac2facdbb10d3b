package demo

// product is a product in the demo's shop.
type product struct {
	sku, name string
	cents     int64 // in the shop's currency
	drawing   string
	hue       float64
	unit      string // "kg" if it is sold by weight, "" by piece
	digital   bool
	options   [][2]string
}

func (p product) picture() string { return p.sku + ".png" }

// products returns the products of the demo's shop, with names as long as real ones.
func products() []product {
	return []product{
		{sku: "HRN-01", name: "Hrnček Hájenka, smaltovaný", cents: 1290, drawing: "mug", hue: 150,
			options: [][2]string{{"Farba", "lesná zelená"}, {"Objem", "0,4 l"}}},
		{sku: "HRN-02", name: "Ručne točený hrnček s divokými jahodami", cents: 2450, drawing: "mug", hue: 8},
		{sku: "KNI-01", name: "Atlas stromov Západných Karpát", cents: 3290, drawing: "book", hue: 95},
		{sku: "KNI-02", name: "Kochbuch der Großmutter: Buchweizenpfannkuchen und Zwetschgenknödel",
			cents: 2690, drawing: "book", hue: 275},
		{sku: "LMP-01", name: "Schreibtischlampe Waldlichtung, höhenverstellbar", cents: 8990,
			drawing: "lamp", hue: 42, options: [][2]string{{"Schirm", "Leinen"}}},
		{sku: "LMP-02", name: "Lampáš na sviečku", cents: 1990, drawing: "lamp", hue: 25},
		{sku: "STR-01", name: "Sadenica: jedľa biela (Abies alba), trojročná", cents: 790,
			drawing: "tree", hue: 135},
		{sku: "FLA-01", name: "Bylinný sirup z čiernej bazy", cents: 640, drawing: "bottle", hue: 300},
		{sku: "FLA-02", name: "Edelstahl-Thermosflasche mit Doppelwandisolierung", cents: 3490,
			drawing: "bottle", hue: 205, options: [][2]string{{"Inhalt", "1 l"}, {"Farbe", "Schieferblau"}}},
		{sku: "TAN-01", name: "Tanier plytký, modrotlač", cents: 1590, drawing: "plate", hue: 220},
		{sku: "TAS-01", name: "Plátená taška Každý deň do lesa", cents: 1450, drawing: "bag", hue: 60},
		{sku: "TAS-02", name: "Wanderrucksack Donaudampfschifffahrtsgesellschaftskapitän, regendicht",
			cents: 12900, drawing: "bag", hue: 185, options: [][2]string{{"Volumen", "28 l"}}},
		{sku: "STO-01", name: "Stolička z jaseňového dreva", cents: 15900, drawing: "chair", hue: 33},
		{sku: "KAV-01", name: "Káva Etiópia Yirgacheffe, zrnková, na váhu", cents: 3480, drawing: "bean",
			hue: 20, unit: "kg"},
		{sku: "CAJ-01", name: "Lipový kvet, sušený, na váhu", cents: 4260, drawing: "bean",
			hue: 75, unit: "kg"},
		{sku: "DIG-01", name: "Field guide to mountain birds (e-book)", cents: 1199, drawing: "file",
			hue: 240, digital: true},
		{sku: "DIG-02", name: "Strih na detskú bundu (PDF)", cents: 599, drawing: "file",
			hue: 330, digital: true},
	}
}

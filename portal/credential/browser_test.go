package credential

import "testing"

// TestDevice names browsers by the User-Agent headers that they send.
func TestDevice(t *testing.T) {
	t.Parallel()
	const (
		blink    = "AppleWebKit/537.36 (KHTML, like Gecko) "
		windows  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + blink
		android  = "Mozilla/5.0 (Linux; Android 10; K) " + blink
		chromeOS = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + blink
		webkit   = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
		iphone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " + webkit
		ipad     = "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) " + webkit
		mac      = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit
		chrome   = "Chrome/138.0.0.0 Safari/537.36"
	)
	for _, test := range [][2]string{
		{"Firefox, Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		{"Firefox, Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		{"Firefox, Android", "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"},
		{"Firefox, iPhone", iphone + "FxiOS/140.0 Mobile/15E148 Safari/605.1.15"},
		{"Chrome, Windows", windows + chrome},
		{"Chrome, Android", android + "Chrome/138.0.0.0 Mobile Safari/537.36"},
		{"Chrome, iPhone", iphone + "CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1"},
		{"Chrome, ChromeOS", chromeOS + chrome},
		{"Edge, Windows", windows + chrome + " Edg/138.0.0.0"},
		{"Edge, Android", android + "Chrome/138.0.0.0 Mobile Safari/537.36 EdgA/138.0.0.0"},
		{"Edge, iPhone", iphone + "Version/18.0 EdgiOS/138.0.0 Mobile/15E148 Safari/604.1"},
		{"Opera, Windows", windows + chrome + " OPR/121.0.0.0"},
		{"Opera, iPhone", iphone + "Version/18.5 Mobile/15E148 Safari/604.1 OPT/5.4.0"},
		{"Samsung Internet, Android", android + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"},
		{"Huawei Browser, Android", android +
			"Chrome/114.0.0.0 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36"},
		{"Vivaldi, Windows", windows + chrome + " Vivaldi/7.4.3684.43"},
		{"Seznam.cz, Windows", windows + "Chrome/108.0.0.0 Safari/537.36 SznProhlizec/12.0"},
		{"Yandex, Windows", windows + "Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36"},
		{"DuckDuckGo, iPhone", iphone + "Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"},
		{"DuckDuckGo, macOS", mac + "Version/18.5 Safari/605.1.15 Ddg/18.5"},
		{"DuckDuckGo, Windows", windows + chrome + " Edg/138.0.0.0 Ddg/138.0.0.0"},
		{"Safari, macOS", mac + "Version/18.5 Safari/605.1.15"},
		{"Safari, iPhone", iphone + "Version/18.5 Mobile/15E148 Safari/604.1"},
		{"Safari, iPad", ipad + "Version/16.6 Mobile/15E148 Safari/604.1"},
		{"iPhone", iphone + "Mobile/15E148"},
		{"curl", "curl/8.5.0"},
		{"", "something else"},
		{"", ""},
	} {
		want, agent := test[0], test[1]
		if got := (Browser{UserAgent: agent}).Device(); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}

package main

import (
	"net/url"
	"strings"
	"testing"
)

func TestStorePassword(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "password", "from:file\r\n")
	for _, c := range []struct {
		name        string
		store       string
		value, file string
		want        string
		fault       string // "" for none
	}{
		{"none", "mongodb://u@db/shop", "", "", "mongodb://u@db/shop", ""},
		{"none, and one in the address", "mongodb://u:p@db/shop", "", "", "mongodb://u:p@db/shop", ""},
		{"environment", "mongodb://u@db/shop", "pw", "", "mongodb://u:pw@db/shop", ""},
		{"file", "mongodb://u@db/shop", "", file, "mongodb://u:from%3Afile@db/shop", ""},
		{"several hosts", "mongodb://u@a:1,b:2/shop?w=1&x=@", "pw", "",
			"mongodb://u:pw@a:1,b:2/shop?w=1&x=@", ""},
		{"no database", "mongodb+srv://u@db", "pw", "", "mongodb+srv://u:pw@db", ""},
		{"options only", "mongodb://u@db?w=1", "pw", "", "mongodb://u:pw@db?w=1", ""},
		{"signs of its own", "mongodb://u@db/shop", "a b+c$%:@/?#[]ž", "",
			"mongodb://u:a%20b%2Bc%24%25%3A%40%2F%3F%23%5B%5D%C5%BE@db/shop", ""},
		{"a directory", "/srv/a@b", "pw", "", "/srv/a@b", ""},
		{"a directory, and a file that is not there", "/srv/a", "", "/nowhere", "/srv/a", ""},
		{"no user", "mongodb://db/shop", "pw", "", "mongodb://db/shop",
			"STORE: there is a password but no user in the URL"},
		{"a user without a name", "mongodb://@db/shop", "pw", "", "mongodb://@db/shop", "no user in the URL"},
		{"only the options hold the sign", "mongodb://db/?x=u@db", "pw", "", "mongodb://db/?x=u@db",
			"no user in the URL"},
		{"in the address and the environment", "mongodb://u:p@db/shop", "pw", "", "mongodb://u:p@db/shop",
			"in VARIABLE; use only one"},
		{"in the address and a file", "mongodb://u:p@db/shop", "", file, "mongodb://u:p@db/shop",
			"in --file; use only one"},
		{"in both places", "mongodb://u@db/shop", "pw", file, "mongodb://u@db/shop",
			"--file: VARIABLE has the password already"},
		{"no such file", "mongodb://u@db/shop", "", "/nowhere", "mongodb://u@db/shop",
			"--file: open /nowhere"},
		{"an empty file", "mongodb://u@db/shop", "", writeFile(t, "empty", "\n"),
			"mongodb://u@db/shop", "is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var wrong problems
			p := storePassword{of: "STORE", variable: "VARIABLE", flag: "--file",
				value: c.value, file: c.file}
			if got := p.address(c.store, &wrong); got != c.want {
				t.Errorf("address %s, want %s", got, c.want)
			}
			if said := strings.Join(wrong, "\n"); len(wrong) > 1 || (c.fault == "") != (said == "") ||
				!strings.Contains(said, c.fault) {
				t.Errorf("problems %q, want %q", said, c.fault)
			}
		})
	}
}

func TestEscapedPasswordComesBack(t *testing.T) {
	t.Parallel()
	for char := rune(' '); char < 0x200; char++ {
		password := "a" + string(char) + "z"
		u, err := url.Parse("mongodb://u:" + escaped(password) + "@db/shop")
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := u.User.Password(); got != password {
			t.Errorf("%q comes back as %q", password, got)
		}
	}
}

// TestStorePasswordOfCommands checks which password each command uses, by the error for an address without
// a user.
func TestStorePasswordOfCommands(t *testing.T) {
	t.Parallel()
	const bare, closed = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "mongodb://u@127.0.0.1:1/?serverSelectionTimeoutMS=100"
	const secret = "geheim:@/+%$ #"
	dir, file := shopStore(t), writeFile(t, "password", secret)
	serve := []string{"serve", "--smtp", "smtp://mail.example", "--addr", "127.0.0.1:0", "--secret-key-file",
		"secret.key", "--store"}
	list := []string{"shop", "list", "--secret-key-file", "secret.key", "--store"}
	set := func(name string) map[string]string { return map[string]string{name: secret} }
	for _, c := range []struct {
		name   string
		env    map[string]string
		args   []string
		status int
		want   string
	}{
		{"store", set("PORTAL_STORE_PASSWORD"), append(list, bare), exitUsage,
			"--store: there is a password"},
		{"store, by a file", nil, append(list, bare, "--store-password-file", file), exitUsage,
			"--store: there is a password"},
		{"store, by a file in the environment", map[string]string{"PORTAL_STORE_PASSWORD_FILE": file},
			append(list, bare), exitUsage, "--store: there is"},
		{"served store", set("PORTAL_STORE_PASSWORD"), append(serve, bare), exitUsage,
			"--store: there is a password"},
		{"store that takes it", set("PORTAL_STORE_PASSWORD"), append(list, closed), exitFailure,
			"no server at 127.0.0.1:1"},
		{"served store that takes it", set("PORTAL_STORE_PASSWORD"), append(serve, closed), exitFailure,
			"no server at 127.0.0.1:1"},
		{"directory", set("PORTAL_STORE_PASSWORD"), []string{"shop", "list", "--store", dir},
			exitOK, "Bookshop"},
		{"source", set("PORTAL_COPY_FROM_PASSWORD"), []string{"copy", bare, dir}, exitUsage,
			"FROM: there is a password"},
		{"source, by a file", nil, []string{"copy", bare, dir, "--from-password-file", file}, exitUsage,
			"FROM: there is a password"},
		{"source that takes it", set("PORTAL_COPY_FROM_PASSWORD"), []string{"copy", closed, dir}, exitFailure,
			"no server at 127.0.0.1:1"},
		{"target", set("PORTAL_COPY_TO_PASSWORD"), []string{"copy", dir, bare}, exitUsage,
			"TO: there is a password"},
		{"target, by a file", nil, []string{"copy", dir, bare, "--to-password-file", file}, exitUsage,
			"TO: there is a password"},
		{"target that takes it", set("PORTAL_COPY_TO_PASSWORD"), []string{"copy", dir, closed}, exitFailure,
			"no server at 127.0.0.1:1"},
		{"another command's", set("PORTAL_STORE_PASSWORD"), []string{"copy", dir, bare}, exitFailure,
			"no server at 127.0.0.1:1"},
		{"source of a sort there is not", nil, []string{"copy", "postgres://x", dir}, exitUsage,
			"FROM: must be a directory"},
		{"target of a sort there is not", nil, []string{"copy", dir, "postgres://x"}, exitUsage,
			"TO: must be a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := call(t, c.env, c.args...).want(t, c.status, c.want)
			if strings.Contains(said.out+said.err, "geheim") {
				t.Errorf("the password is shown: %s%s", said.out, said.err)
			}
		})
	}
}

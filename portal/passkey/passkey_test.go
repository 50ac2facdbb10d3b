package passkey_test

import (
	"errors"
	"testing"

	"postern/portal/passkey"
	"postern/portal/passkey/passkeytest"
)

const origin = "https://account.shop.test"

func site(t *testing.T) passkey.Site {
	t.Helper()
	s, err := passkey.NewSite("Shop", origin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made returns a person with a passkey and the authenticator that has it.
func made(t *testing.T, s passkey.Site) (passkey.Person, *passkeytest.Key) {
	t.Helper()
	p := passkey.Person{Handle: []byte("0123456789abcdef"), Email: "boss@shop.test"}
	authenticator := passkeytest.New(t, s.Host, s.Origin)
	options, challenge, err := s.Ask(p)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.Add(p, challenge, authenticator.Create(options))
	if err != nil {
		t.Fatal(err)
	}
	p.Keys = append(p.Keys, key)
	return p, authenticator
}

func TestSitesThatHavePasskeys(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]struct {
		host, origin string
		err          error
	}{
		"https://account.shop.test":      {"account.shop.test", "https://account.shop.test", nil},
		"https://Account.Shop.test:8443": {"account.shop.test", "https://account.shop.test:8443", nil},
		"http://localhost:8080":          {"localhost", "http://localhost:8080", nil},
		"http://127.0.0.1:8080":          {err: passkey.ErrAddress},
		"https://[::1]:8443":             {err: passkey.ErrAddress},
		"https://192.0.2.7":              {err: passkey.ErrAddress},
		"http://shop.internal":           {err: passkey.ErrInsecure},
	} {
		got, err := passkey.NewSite("Shop", base)
		if !errors.Is(err, want.err) || got.Host != want.host || got.Origin != want.origin {
			t.Errorf("%s: %+v, %v", base, got, err)
		}
	}
}

// TestAnswersThatAreRefused checks each way in which the answer to a question may be wrong.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	s := site(t)
	for name, test := range map[string]struct {
		change func(*passkeytest.Key)
		want   error
	}{
		"right":                {func(*passkeytest.Key) {}, nil},
		"another origin":       {func(k *passkeytest.Key) { k.Origin = "https://evil.test" }, passkey.ErrSite},
		"another port":         {func(k *passkeytest.Key) { k.Origin += ":8443" }, passkey.ErrSite},
		"another host":         {func(k *passkeytest.Key) { k.Host = "evil.test" }, passkey.ErrSite},
		"another passkey":      {func(k *passkeytest.Key) { k.ID = []byte("0123456789abcdef") }, passkey.ErrUnknown},
		"nobody present":       {func(k *passkeytest.Key) { k.Flags &^= passkeytest.Present }, passkey.ErrRefused},
		"nobody verified":      {func(k *passkeytest.Key) { k.Flags &^= passkeytest.Verified }, passkey.ErrRefused},
		"suddenly syncable":    {func(k *passkeytest.Key) { k.Flags |= passkeytest.Syncable }, passkey.ErrRefused},
		"synced, not syncable": {func(k *passkeytest.Key) { k.Flags |= passkeytest.Synced }, passkey.ErrRefused},
	} {
		p, authenticator := made(t, s)
		options, challenge, err := s.AskProof(p)
		if err != nil {
			t.Fatal(err)
		}
		test.change(authenticator)
		if _, err := s.Prove(p, challenge, authenticator.Prove(options)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewPasskeysThatAreRefused checks the same of the answer that makes a passkey.
func TestNewPasskeysThatAreRefused(t *testing.T) {
	t.Parallel()
	s := site(t)
	for name, change := range map[string]func(*passkeytest.Key){
		"another origin":  func(k *passkeytest.Key) { k.Origin = "https://evil.test" },
		"another host":    func(k *passkeytest.Key) { k.Host = "evil.test" },
		"nobody present":  func(k *passkeytest.Key) { k.Flags &^= passkeytest.Present },
		"nobody verified": func(k *passkeytest.Key) { k.Flags &^= passkeytest.Verified },
	} {
		p := passkey.Person{Handle: []byte("0123456789abcdef"), Email: "boss@shop.test"}
		options, challenge, err := s.Ask(p)
		if err != nil {
			t.Fatal(err)
		}
		authenticator := passkeytest.New(t, s.Host, s.Origin)
		change(authenticator)
		if _, err := s.Add(p, challenge, authenticator.Create(options)); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChallengeOfAnotherQuestion answers an earlier question, and sends the answer of one kind of question to
// the other.
func TestChallengeOfAnotherQuestion(t *testing.T) {
	t.Parallel()
	s := site(t)
	p, authenticator := made(t, s)
	earlier, _, err := s.AskProof(p)
	if err != nil {
		t.Fatal(err)
	}
	options, challenge, err := s.AskProof(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]string{
		"earlier": authenticator.Prove(earlier), "of a new passkey": authenticator.Create(options), "none": "",
		"text": "{}", "null": "null",
	} {
		if _, err := s.Prove(p, challenge, answer); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Add(p, "", answer); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("%s, as a new passkey: %v", name, err)
		}
	}
}

// TestAnswerOfAnotherPerson checks that neither another person's passkey nor that person's handle is accepted.
func TestAnswerOfAnotherPerson(t *testing.T) {
	t.Parallel()
	s := site(t)
	p, _ := made(t, s)
	_, stranger := made(t, s)
	options, challenge, err := s.AskProof(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prove(p, challenge, stranger.Prove(options)); !errors.Is(err, passkey.ErrUnknown) {
		t.Errorf("the passkey: %v", err)
	}
	other, authenticator := made(t, s)
	options, challenge, err = s.AskProof(other)
	if err != nil {
		t.Fatal(err)
	}
	other.Handle = []byte("fedcba9876543210")
	if _, err := s.Prove(other, challenge, authenticator.Prove(options)); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("the handle: %v", err)
	}
}

// TestCounter checks that a counter which does not grow is the sign of a copy, and that an authenticator which
// never counts is none.
func TestCounter(t *testing.T) {
	t.Parallel()
	s := site(t)
	p, authenticator := made(t, s)
	for _, step := range []struct {
		count uint32
		want  error
	}{{0, nil}, {0, nil}, {5, nil}, {5, passkey.ErrCopied}, {4, passkey.ErrCopied}, {0, passkey.ErrCopied}, {6, nil}} {
		options, challenge, err := s.AskProof(p)
		if err != nil {
			t.Fatal(err)
		}
		authenticator.Count = step.count
		key, err := s.Prove(p, challenge, authenticator.Prove(options))
		if !errors.Is(err, step.want) || key.Ref() != p.Keys[0].Ref() {
			t.Errorf("count %d after %d: %v", step.count, p.Keys[0].Count, err)
		}
		p.Keys[0] = key
	}
}

// TestPasskeyOfAnotherHost checks that a key from before a change of the base URL is neither asked for nor
// accepted, and that one from a copied authenticator is not.
func TestPasskeyOfAnotherHost(t *testing.T) {
	t.Parallel()
	s := site(t)
	p, _ := made(t, s)
	moved := s
	moved.Host, moved.Origin = "konto.shop.test", "https://konto.shop.test"
	if _, _, err := moved.AskProof(p); !errors.Is(err, passkey.ErrUnknown) {
		t.Errorf("at another host: %v", err)
	}
	p.Keys[0].CopiedAt = p.Keys[0].AddedAt.AddDate(1, 0, 0)
	if _, _, err := s.AskProof(p); !errors.Is(err, passkey.ErrUnknown) {
		t.Errorf("after it was copied: %v", err)
	}
}

package plain

import (
	"regexp"
	"strings"
)

// Secret tells whether a name, of a field, a header or the key of an entry, says that its value is no one else's business: a token,
// a password, a private key. It goes by the words in the name, in any spelling, and rather hides too much than too little. Page
// tokens, idempotency keys, public keys and ids of keys are no secrets.
func Secret(name string) bool {
	name = innocent.Replace(separators.Replace(strings.ToLower(name)))
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name != "key" && name != "keys" && strings.Contains(name, "key")
}

var (
	separators = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

	// innocent takes words out of a name that look like secret ones. It tries them in this order.
	innocent = strings.NewReplacer(
		"pagetoken", "", "idempotencykey", "", "publickey", "", "kmskey", "", "keyid", "",
		"authoriz", "auth", "authoris", "auth", "author", "",
	)

	secretWords = []string{
		"token", "secret", "password", "passwd", "passphrase", "jwt", "credential", "cookie", "signature", "auth",
	}
)

// Masked returns a text with … instead of what is secret by its look, wherever it came from: the query and the user of a URI, for a
// presigned link is as good as a password, tokens, and private keys.
func Masked(text string) string {
	for _, look := range looks {
		if strings.Contains(text, look.sign) {
			text = look.pattern.ReplaceAllString(text, look.shown)
		}
	}
	return text
}

// looks are the forms that secrets have. The sign is what every one of a form contains: nearly all texts have none.
var looks = []struct {
	sign    string
	pattern *regexp.Regexp
	shown   string
}{
	{"://", regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s"]*@`), "${1}…@"},
	{"://", regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^?#\s"]*[?#])[^\s"]+`), "${1}…"},
	{"earer", regexp.MustCompile(`([Bb]earer\s+)[\w.~+/=-]{8,}`), "${1}…"},                                 // an authorization header
	{"eyJ", regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?`), "…"},                                  // a JWT
	{"t1.", regexp.MustCompile(`\bt1\.[\w.=-]{16,}`), "t1.…"},                                              // an IAM token
	{"_", regexp.MustCompile(`\by[0-9]_[\w-]{16,}`), "…"},                                                  // an OAuth token
	{"AQVN", regexp.MustCompile(`\bAQVN[\w-]{16,}`), "…"},                                                  // an API key
	{"PRIVATE KEY", regexp.MustCompile(`(?s)(BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|$)`), "${1}…${2}"}, // PEM
}

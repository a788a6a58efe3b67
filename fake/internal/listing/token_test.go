package listing_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/imagefake/imagefake/fake/internal/listing"
)

var (
	anyKey   = rapid.SliceOfN(rapid.Byte(), 0, listing.MaxKey)
	anyParts = rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00\x01\x02")), 0, 3, -1), 0, 4)
)

func TestTokenGivesItsKeyBack(t *testing.T) {
	urlSafe := regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)
	rapid.Check(t, func(t *rapid.T) {
		scope := listing.NewScope(anyParts.Draw(t, "parts")...)
		key := anyKey.Draw(t, "key")
		token := scope.Token(key)
		require.Regexp(t, urlSafe, token)
		got, err := scope.Key(token)
		require.NoError(t, err)
		require.Equal(t, string(key), string(got))
	})
}

func TestTokenLengthAtMaxKey(t *testing.T) {
	var scope listing.Scope
	require.GreaterOrEqual(t, listing.MaxKey, 64, "a name of 63 characters and a byte beside it")
	require.Len(t, scope.Token(make([]byte, listing.MaxKey)), 100)

	long := bytes.Repeat([]byte("k"), 10*listing.MaxKey)
	token := scope.Token(long)
	require.Greater(t, len(token), 100)
	key, err := scope.Key(token)
	require.NoError(t, err)
	require.Equal(t, long, key)
}

func TestTokenOfAnotherListing(t *testing.T) {
	require.NotEqual(t, listing.NewScope("ab", "c"), listing.NewScope("a", "bc"))
	rapid.Check(t, func(t *rapid.T) {
		one, other := anyParts.Draw(t, "parts"), anyParts.Draw(t, "other parts")
		token := listing.NewScope(one...).Token(anyKey.Draw(t, "key"))
		same := len(one) == len(other)
		for i := 0; same && i < len(one); i++ {
			same = one[i] == other[i]
		}
		_, err := listing.NewScope(other...).Key(token)
		if same {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, listing.ErrOtherListing)
	})
}

// Every other byte in every place; 0 to 3 bytes of key bring all the ways base64 can end.
func TestTokenWithOneCharacterChanged(t *testing.T) {
	scope := listing.NewScope("List", "folder")
	for _, length := range []int{0, 1, 2, 3, listing.MaxKey} {
		token := scope.Token(bytes.Repeat([]byte("k"), length))
		for i := range token {
			for b := range 256 {
				if changed := token[:i] + string([]byte{byte(b)}) + token[i+1:]; changed != token {
					if _, err := scope.Key(changed); err != listing.ErrBadToken {
						t.Fatalf("token %q changed to %q: got error %v, expected %v", token, changed, err, listing.ErrBadToken)
					}
				}
			}
		}
	}
}

func TestTokenDamaged(t *testing.T) {
	scope := listing.NewScope("List", "folder")
	// AAAAAA is four zero bytes: the right checksum, of nothing.
	for _, token := range []string{"", "A", "AAAA", "AAAAAA", "100", strings.Repeat("A", 100), "не токен", "=", "\n"} {
		_, err := scope.Key(token)
		require.ErrorIs(t, err, listing.ErrBadToken, token)
	}
	rapid.Check(t, func(t *rapid.T) {
		token := scope.Token(anyKey.Draw(t, "key"))
		from := rapid.IntRange(0, len(token)).Draw(t, "from")
		to := rapid.IntRange(from, len(token)).Draw(t, "to")
		damaged := token[:from] + rapid.StringMatching(`[A-Za-z0-9_\n=-]{0,3}`).Draw(t, "put in") + token[to:]
		if damaged == token {
			t.Skip("nothing changed")
		}
		_, err := scope.Key(damaged)
		require.ErrorIs(t, err, listing.ErrBadToken, "%q made of %q", damaged, token)
	})
}

// FuzzToken: a token is refused, or is the one that its key makes.
func FuzzToken(f *testing.F) {
	scope := listing.NewScope("List", "folder")
	for _, token := range []string{
		"", "A", "AAAAAA", "garbage", "=", scope.Token(nil), scope.Token([]byte("k")), scope.Token([]byte("key")), scope.Token([]byte("key")) + "\n",
		scope.Token(bytes.Repeat([]byte("k"), listing.MaxKey)), listing.NewScope("List", "other").Token([]byte("key")),
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		key, err := scope.Key(token)
		if err == nil {
			require.Equal(t, token, scope.Token(key))
		} else {
			require.True(t, err == listing.ErrBadToken || err == listing.ErrOtherListing, "%v", err)
			require.Nil(t, key)
		}
		made := scope.Token([]byte(token)) // any text may be a key as well
		key, err = scope.Key(made)
		require.NoError(t, err)
		require.Equal(t, token, string(key))
		_, err = listing.NewScope(token).Key(made)
		require.Equal(t, listing.ErrOtherListing, err)
	})
}

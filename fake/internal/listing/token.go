package listing

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// MaxKey is the length in bytes of the longest key whose token has no more than the 100 characters a request may carry:
// 75 bytes in base64, less the scope and the checksum.
const MaxKey = 75 - len(Scope{}) - crc32.Size

// Errors of [Scope.Key].
var (
	ErrBadToken     = errors.New("the page token is damaged or was not issued here: pass next_page_token exactly as it was answered")
	ErrOtherListing = errors.New("the page token belongs to another list: method, folder, filter and order must stay the same from page to page")
)

// A Scope is a digest of all that a page token belongs to: the method, the folder, the filter, the order. It is what lets a server
// tell a token used elsewhere without remembering the tokens it gave.
type Scope [6]byte

// NewScope makes the scope of these parts. Other parts, in number, order or content, make another scope, as surely as 48 bits can tell.
func NewScope(parts ...string) Scope {
	digest := sha256.New()
	for _, part := range parts {
		digest.Write(binary.AppendUvarint(nil, uint64(len(part)))) // else ("ab", "c") were ("a", "bc")
		digest.Write([]byte(part))
	}
	var s Scope
	copy(s[:], digest.Sum(nil))
	return s
}

// Token returns the page token that stands for a key: the place in the order of the list after which the next page begins. It consists of
// letters, digits, - and _, and depends on nothing but the scope and the key. What is in it is nobody's business and may change.
//
// The token of a key longer than [MaxKey] is good in every way, but has more than 100 characters: the check of page_token in the
// next request refuses it. A key that may be longer than MaxKey is a mistake in the choice of the key.
func (s Scope) Token(key []byte) string {
	text := append(s[:], key...)
	text = binary.LittleEndian.AppendUint32(text, crc32.ChecksumIEEE(text))
	return base64.RawURLEncoding.EncodeToString(text)
}

// Key returns the key that a token of this scope stands for. It fails with [ErrBadToken] if the token is none, and with
// [ErrOtherListing] if it is one of another scope.
//
// A damaged token is never taken for another place in the list: every change of one character is found, because the CRC behind the key
// finds every change within 32 bits in a row; any other change is missed once in 2^32. It is no signature: a token can be forged.
func (s Scope) Key(token string) ([]byte, error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	// The decoder passes over line breaks and spare bits; a token has one spelling.
	if err != nil || base64.RawURLEncoding.EncodeToString(text) != token || len(text) < len(s)+crc32.Size {
		return nil, ErrBadToken
	}
	text, sum := text[:len(text)-crc32.Size], text[len(text)-crc32.Size:]
	if crc32.ChecksumIEEE(text) != binary.LittleEndian.Uint32(sum) {
		return nil, ErrBadToken
	}
	scope, key := text[:len(s)], text[len(s):]
	if !bytes.Equal(scope, s[:]) {
		return nil, ErrOtherListing
	}
	return key, nil
}

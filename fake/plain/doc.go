// Package plain writes what a test saw as plain text: the same text in every run and in every binary, on one line, without secrets.
//
// It is what the packages fake, assert and scenario share below them, and public because they must not copy it; a test may use it for
// texts of its own. It knows no server, no lock and no clock.
//
//   - messages: [Message] with all that is in one, for comparing; [Redacted] for showing;
//   - how messages differ: [Differences] and [Partial], field by field, and [Want] for one field at a [Path];
//   - texts of others: [Line] for what would break out of its line, [Masked] and [Secret] for what is no one else's business;
//   - goroutines of a stack dump: [CurrentGoroutine] and [Goroutines];
//   - the pages of a test: [KeepsArtifacts], [ArtifactPath] and [WriteArtifact]; and the command that runs one again: [TestCommand].
//
// Its texts are promised within one version of the module only, as are the texts of everything that is built on it.
package plain

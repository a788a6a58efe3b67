package fake

import "github.com/imagefake/imagefake/fake/plain"

// bubble returns the name of the testing/synctest bubble the caller runs in, "" outside of one. Where the runtime does not tell, a use
// from the wrong bubble is no longer explained, and the runtime's own fatal error remains.
func bubble() string {
	// A goroutine is in the bubble of the one that starts it, and its stack is short: the runtime walks all of it.
	name := make(chan string)
	go func() { name <- plain.CurrentGoroutine().Bubble }()
	return <-name
}

package fake

import (
	"bytes"
	"runtime"
)

// bubble returns the name of the testing/synctest bubble the caller runs in, "" outside of one. The runtime tells it nowhere but in
// the first line of a stack trace: "goroutine 7 [running, synctest bubble 3]:". Should that line change, every goroutine seems to
// run outside: a use from the wrong bubble is then no longer explained, and the runtime's own fatal error remains.
func bubble() string {
	// A goroutine is in the bubble of the one that starts it, and its stack is short: the runtime walks all of it.
	name := make(chan string)
	go func() { name <- ownBubble() }()
	return <-name
}

func ownBubble() string {
	var header [128]byte
	line, _, _ := bytes.Cut(header[:runtime.Stack(header[:], false)], []byte("]"))
	_, name, found := bytes.Cut(line, []byte("synctest "))
	if !found {
		return ""
	}
	return string(name)
}

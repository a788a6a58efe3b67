package plain

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestParseHeader(t *testing.T) {
	for line, want := range map[string]Goroutine{
		"goroutine 7 [running]:":                                        {ID: "7", State: "running"},
		"goroutine 7 [running, synctest bubble 3]:":                     {ID: "7", State: "running", Bubble: "bubble 3"},
		"goroutine 12 [chan receive (durable), synctest bubble 3]:":     {ID: "12", State: "chan receive", Durable: true, Bubble: "bubble 3"},
		"goroutine 12 [select, 5 minutes, synctest bubble 14]:":         {ID: "12", State: "select", Bubble: "bubble 14"},
		"goroutine 1 [sync.Cond.Wait, locked to thread]:":               {ID: "1", State: "sync.Cond.Wait"},
		"goroutine 1 gp=0xc000002380 m=0 mp=0x5aa2e0 [running]:":        {ID: "1", State: "running"},
		"goroutine 9 [running]:\ngoroutine 10 [select, synctest bub 1]": {ID: "9", State: "running"},
	} {
		require.Equal(t, want, parseHeader(line), line)
	}
}

func TestGoroutines(t *testing.T) {
	self := CurrentGoroutine()
	require.Empty(t, self.Bubble)
	synctest.Test(t, func(t *testing.T) {
		inside := CurrentGoroutine()
		require.NotEqual(t, self.ID, inside.ID)
		require.True(t, strings.HasPrefix(inside.Bubble, "bubble "), inside.Bubble)
		ended := make(chan struct{})
		go func() { <-ended }()
		synctest.Wait()
		waiting := 0
		for _, g := range Goroutines() {
			if g.Bubble == inside.Bubble && g.State == "chan receive" && strings.Contains(g.Trace, "TestGoroutines") {
				require.True(t, g.Durable)
				require.Equal(t, inside.ID, g.Parent())
				waiting++
			}
		}
		require.Positive(t, waiting)
		close(ended)
	})
}

package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outcome returns how a run that held ended, in a word: "ok", the code of a gRPC status anywhere in the chain of the error, or what
// the error says.
func (r *result) outcome() string {
	switch {
	case r.skipped:
		return "skipped"
	case r.err == nil:
		return "ok"
	}
	if st, ok := status.FromError(r.err); ok && st.Code() != codes.OK {
		return st.Code().String()
	}
	switch {
	case errors.Is(r.err, context.DeadlineExceeded):
		return codes.DeadlineExceeded.String()
	case errors.Is(r.err, context.Canceled):
		return codes.Canceled.String()
	}
	return fmt.Sprintf("%q", r.err.Error())
}

// A tally counts how runs ended.
type tally struct {
	held   map[string]int
	broken int
}

func (c *tally) add(r *result) {
	if r.broken() {
		c.broken++
		return
	}
	if c.held == nil {
		c.held = make(map[string]int)
	}
	c.held[r.outcome()]++
}

// String returns the counts: "31 ended ok, 4 with Unavailable, 1 broke".
func (c *tally) String() string {
	var parts []string
	if n := c.held["ok"]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d ended ok", n))
	}
	kinds := slices.SortedFunc(maps.Keys(c.held), func(a, b string) int {
		if d := c.held[b] - c.held[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, kind := range kinds {
		switch {
		case kind == "ok":
		case len(parts) == 0:
			parts = append(parts, fmt.Sprintf("%d ended with %s", c.held[kind], kind))
		default:
			parts = append(parts, fmt.Sprintf("%d with %s", c.held[kind], kind))
		}
	}
	if c.broken > 0 {
		parts = append(parts, fmt.Sprintf("%d broke", c.broken))
	}
	return strings.Join(parts, ", ")
}

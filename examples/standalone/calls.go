package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
)

// shown prints what happens to a server: a line for each call that has been answered, and misuse at once.
type shown struct {
	cloud    *fake.Server
	out      io.Writer
	seen     int          // the Seq up to which calls were looked at
	awaited  map[int]bool // those of them that were not answered yet
	misuses  int          // that have been printed
	finished chan struct{}
}

// show prints what happens from now on, until the server closes.
func show(cloud *fake.Server, out io.Writer) *shown {
	s := &shown{cloud: cloud, out: out, seen: cloud.Dropped(), awaited: make(map[int]bool), finished: make(chan struct{})}
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().AddDate(100, 0, 0)) // without a deadline Await sets one
	go func() {
		defer close(s.finished)
		defer cancel()
		_ = cloud.Await(ctx, func() bool { s.print(); return false }) // ends as the server closes
	}()
	return s
}

// end prints what is left to print. The server is closed by then.
func (s *shown) end() {
	<-s.finished
	s.print()
}

// print prints what is new.
func (s *shown) print() {
	first := true
	for e := range s.cloud.Events() {
		if first {
			s.noteGap(e.Seq)
			first = false
		}
		if e.Seq <= s.seen && !s.awaited[e.Seq] {
			continue
		}
		s.seen = max(s.seen, e.Seq)
		if e.Kind != fake.CallEvent {
			continue
		}
		if e.Call.Running() {
			s.awaited[e.Seq] = true
			continue
		}
		delete(s.awaited, e.Seq)
		fmt.Fprintln(s.out, line(e.Call))
	}
	if joined, ok := s.cloud.Err().(interface{ Unwrap() []error }); ok {
		all := joined.Unwrap()
		for _, err := range all[s.misuses:] {
			fmt.Fprintln(s.out, "MISUSE:", plain.Lines(err.Error()))
		}
		s.misuses = len(all)
	}
}

// noteGap says that the record, which begins with an event, has let go what was not looked at yet.
func (s *shown) noteGap(oldest int) {
	if oldest > s.seen+1 {
		fmt.Fprintf(s.out, "... too much at once: calls among %d events are not shown\n", oldest-s.seen-1)
	}
	maps.DeleteFunc(s.awaited, func(seq int, _ bool) bool { return seq < oldest })
}

// line returns a call in a line: when it was answered, who made it, method, subject, status. What a client chose stays on its line.
func line(c *fake.Call) string {
	text := fmt.Sprintf("%s  %-12s %-22s %-20s %v", c.End.Format(time.TimeOnly), plain.Line(c.Caller), plain.Line(c.Method.String()),
		plain.Line(cmp.Or(c.ResourceID, c.OperationID, "-")), c.Status.Code())
	if c.Status.Code() != codes.OK {
		text += ": " + plain.Line(c.Status.Message())
	}
	return text
}

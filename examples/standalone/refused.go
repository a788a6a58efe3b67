package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
)

// lines is a writer for several goroutines: what is written at once stays together.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(text)
}

// calledKey is where a request notes that it became a call.
type calledKey struct{}

// called notes that the request of a context has become a call, which is printed as such.
func called(ctx context.Context) {
	if became, ok := ctx.Value(calledKey{}).(*atomic.Bool); ok {
		became.Store(true)
	}
}

// showRefused prints the requests that are refused before they are calls: an unknown path, a body that cannot be read.
func showRefused(next http.Handler, out io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := plain.Line(r.Method + " " + r.URL.Path) // the transcoder writes its own path there
		became := new(atomic.Bool)
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), calledKey{}, became)))
		if !became.Load() && answer.status >= http.StatusBadRequest {
			fmt.Fprintf(out, "%s  %-12s %s: %d: %s\n", time.Now().UTC().Format(time.TimeOnly), restCaller, asked, answer.status,
				plain.Line(string(bytes.TrimSpace(answer.text))))
		}
	})
}

// maxRefusal is how much of a refusal is printed, in bytes.
const maxRefusal = 300

// answer remembers how an answer begins.
type answer struct {
	http.ResponseWriter
	status int
	text   []byte
}

func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK { // others come before the answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(text []byte) (int, error) {
	a.text = append(a.text, text[:min(len(text), maxRefusal-len(a.text))]...)
	return a.ResponseWriter.Write(text)
}

// Unwrap lets http.ResponseController find what the answer stands before.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

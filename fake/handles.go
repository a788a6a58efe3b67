package fake

import (
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
)

// handles is the handles a server has given out or will. It is guarded by the server's lock.
type handles struct {
	server  *Server            // whose they are; nothing of it is used here
	known   map[any]*Operation // by identity
	started []*Operation       // by calls to this server, in order
}

// A beginning is a call that starts an operation. Its address is in all versions of that operation and in no other.
type beginning struct {
	server *Server
	call   *Call
}

// identity tells an operation from another of the same id: its beginning, or the id where no call has started it.
func identity(op *lro.Operation) any {
	if op.By == nil {
		return op.Id
	}
	return op.By
}

// add notes an operation that a call has just started.
func (h *handles) add(op *lro.Operation) {
	if h.starter(op) != nil {
		h.started = append(h.started, h.get(op))
	}
}

// starter returns the call of this server that started an operation, nil if it was none: the state came from another server.
func (h *handles) starter(op *lro.Operation) *Call {
	if b, ok := op.By.(*beginning); ok && b.server == h.server {
		return b.call
	}
	return nil
}

// get returns the handle of an operation.
func (h *handles) get(op *lro.Operation) *Operation {
	if h.known == nil {
		h.known = make(map[any]*Operation)
	}
	began := identity(op)
	handle := h.known[began]
	if handle == nil {
		handle = &Operation{server: h.server, id: op.Id, method: Method(op.Method), resource: op.Subject, began: began, call: h.starter(op)}
		h.known[began] = handle
	}
	return handle
}

// unhanded returns the first operation in a world that was neither handed out nor rejected, nil if there is none.
func (h *handles) unhanded(w *world.World, rejected map[*Operation]bool) *Operation {
	for _, op := range h.started {
		if !op.handed && !rejected[op] && op.in(w) != nil {
			return op
		}
	}
	return nil
}

// in returns the operation as it stands in a world, nil if the world does not have it.
func (o *Operation) in(w *world.World) *lro.Operation {
	if op, _ := w.GetOperation(o.id); op != nil && identity(op) == o.began {
		return op
	}
	return nil
}

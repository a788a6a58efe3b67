package fake

import (
	"maps"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
)

// handles is the handles a server has given out or will. It is guarded by the server's lock.
type handles struct {
	server  *Server // whose they are; nothing of it is used here
	byID    map[string]*Operation
	started []*Operation // by calls, in order
}

// add notes an operation that a call has started.
func (h *handles) add(op *lro.Operation, by *Call) {
	if h.byID[op.Id] != nil || by == nil || by.Seq != op.Call {
		return
	}
	h.get(op).call = by
	h.started = append(h.started, h.byID[op.Id])
}

// get returns the handle of an operation.
func (h *handles) get(op *lro.Operation) *Operation {
	if h.byID == nil {
		h.byID = make(map[string]*Operation)
	}
	handle := h.byID[op.Id]
	if handle == nil {
		handle = &Operation{server: h.server, id: op.Id, method: Method(op.Method), image: op.Subject}
		h.byID[op.Id] = handle
	}
	return handle
}

// unhanded returns the first operation that was neither handed out nor rejected, nil if there is none.
func (h *handles) unhanded(rejected map[*Operation]bool) *Operation {
	for _, op := range h.started {
		if !op.handed && !rejected[op] {
			return op
		}
	}
	return nil
}

// keep drops the handles of operations that are not in the world any more: their ids may be given out again.
func (h *handles) keep(w *world.World) {
	gone := func(op *Operation) bool { _, unknown := w.GetOperation(op.id); return unknown != nil }
	maps.DeleteFunc(h.byID, func(_ string, op *Operation) bool { return gone(op) })
	h.started = slices.DeleteFunc(slices.Clone(h.started), gone)
}

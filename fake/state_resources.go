package fake

import (
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/protobuf/proto"
)

// AddResources is [Server.AddImages] for resources of any kind, images included: any message of the cloud's API that has an id. They
// are returned as stored, in the same order, those that are misuse left out. What is absent is filled: a new id, the present time, the
// status of a resource that is as it should be. A resource whose message has a folder_id must be in a folder. Fields are not checked
// further [choice], and clients see a resource only where its service is served: see [WithNeighbours].
func (s *Server) AddResources(resources ...proto.Message) []proto.Message {
	s.tb.Helper()
	s.checkBubble()
	if s.closed() {
		s.misuse("AddResources: the server is closed")
		return nil
	}
	stored := make([]proto.Message, 0, len(resources))
	var broken []error
	s.do(nil, func(w *world.World, now time.Time) {
		for _, given := range resources {
			added, err := w.AddResource(given, now)
			if err != nil {
				broken = append(broken, err)
				continue
			}
			stored = append(stored, added)
		}
	})
	for _, err := range broken {
		s.misuse("AddResources: %v", err)
	}
	return cloneMessages(stored)
}

// Resource returns a copy of the resource with that id, whatever it is and in whatever status; nil if there is none.
//
//	disk, _ := cloud.Resource(id).(*compute.Disk)
func (s *Server) Resource(id string) proto.Message {
	s.tb.Helper()
	s.checkBubble()
	var m proto.Message
	s.look(func(w *world.World) { m = w.Resource(id) })
	return clonedMessage(m)
}

// Resources returns copies of the resources for which every where holds, in order of creation: all without one, images and the public
// catalogue included. A where must not change the resource and must not use the server.
func (s *Server) Resources(where ...func(proto.Message) bool) []proto.Message {
	s.tb.Helper()
	s.checkBubble()
	if slices.ContainsFunc(where, func(holds func(proto.Message) bool) bool { return holds == nil }) {
		s.misused("Resources(nil): leave it out for all resources, or give it a func that picks some")
		return nil
	}
	var present *world.World
	s.look(func(w *world.World) { present = w.Clone() })
	return resourcesOf(present, where)
}

// ChangeResource changes a resource at once, without an operation, as if another client had done it a moment ago: change gets a copy,
// and what it makes of that is the resource from now on. Operations under way go on. An unknown id is misuse, and so are another id or
// folder and a name that is taken. change must not use the server.
func (s *Server) ChangeResource(id string, change func(proto.Message)) {
	s.tb.Helper()
	s.checkBubble()
	if change == nil {
		s.misuse("ChangeResource(%q, nil): give it a func that changes the resource", id)
		return
	}
	var wrong error
	s.do(nil, func(w *world.World, now time.Time) { wrong = w.ChangeResource(id, change, now) })
	if wrong != nil {
		s.misuse("ChangeResource(%q): %v", id, wrong)
	}
}

// RemoveResource takes a resource out at once, without an operation, as if it had vanished. What belongs to it stays: the disks of an
// instance, say. An unknown id is misuse.
func (s *Server) RemoveResource(id string) {
	s.tb.Helper()
	s.checkBubble()
	found := false
	s.do(nil, func(w *world.World, now time.Time) { found = w.RemoveResource(id, now) })
	if !found {
		s.misuse("RemoveResource: there is no resource %q", id)
	}
}

// Resources returns copies of the resources for which every where holds, in order of creation, images included. A nil where is left out.
func (st *State) Resources(where ...func(proto.Message) bool) []proto.Message {
	where = slices.DeleteFunc(slices.Clone(where), func(holds func(proto.Message) bool) bool { return holds == nil })
	return resourcesOf(st.copy(), where)
}

// Resource returns a copy of the resource with that id, nil if there is none.
func (st *State) Resource(id string) proto.Message {
	return clonedMessage(st.copy().Resource(id))
}

func resourcesOf(w *world.World, where []func(proto.Message) bool) []proto.Message {
	return cloneMessages(slices.DeleteFunc(w.Resources(), func(m proto.Message) bool {
		return slices.ContainsFunc(where, func(holds func(proto.Message) bool) bool { return !holds(m) })
	}))
}

func cloneMessages(messages []proto.Message) []proto.Message {
	clones := make([]proto.Message, len(messages))
	for i, m := range messages {
		clones[i] = proto.Clone(m)
	}
	return clones
}

// clonedMessage returns a copy of a message, nil of nil.
func clonedMessage(m proto.Message) proto.Message {
	if m == nil {
		return nil
	}
	return proto.Clone(m)
}

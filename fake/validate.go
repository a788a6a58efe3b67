package fake

import "github.com/imagefake/imagefake/fake/internal/contract"

// validate checks a request to what the server answers itself; nil lets it pass. All that can be wrong with a request by itself is found
// here, so that a fault before the commit meets only calls which passed.
func (s *Server) validate(e *errand) *answer {
	switch {
	case e.row.own:
	case e.neighbour != nil && s.handlers[e.Method] == nil:
		return s.checkNeighbour(e)
	default:
		return nil
	}
	if path := contract.Unmodelled(e.Request); path != "" {
		s.misuse("%v was sent the field %s, which this fake does not model: what the code under test means by it is lost here", e.Call, path)
		return &answer{status: contract.NotModelled(e.Method.String(), path)}
	}
	var beyond *contract.Violation
	if e.row.check != nil {
		beyond = e.row.check(s, e)
	}
	if broken := contract.First(e.Request, s.settings.world.Rules.Check(e.Request), beyond); broken != nil {
		return &answer{status: contract.InvalidRequest(broken)}
	}
	return nil
}

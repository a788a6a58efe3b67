package model

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// cursor is what a page token means: the list it is of, and the last thing on the page before.
type cursor struct {
	list string
	last entry
}

// entry is one thing in a list, with all that it may be ordered by.
type entry struct {
	id, name string
	created  int64
	place    int // in order of creation
	msg      proto.Message
}

// page cuts a page out of a sorted list, and learns what the token behind it means.
func page[M any](c *Cloud, a *Answer, list, token string, size int64, all []entry, less func(x, y entry) int, given string) (msgs []M, more bool) {
	if token != "" {
		at, ok := c.tokens[token]
		if !ok || at.list != list {
			a.Refusals = append(a.Refusals, senseless)
			return nil, false
		}
		all = slices.DeleteFunc(all, func(e entry) bool { return less(e, at.last) <= 0 })
	}
	slices.SortFunc(all, less)
	size = cmp.Or(size, 100)
	if more = int64(len(all)) > size; more {
		all = all[:size]
		if given != "" {
			c.tokens[given] = cursor{list, all[size-1]}
		}
	}
	for _, e := range all {
		msgs = append(msgs, e.msg.(M))
	}
	return msgs, more
}

// senseless refuses a filter, an order or a token that means nothing. What is wrong with it is said in the server's own words.
var senseless = Refusal{codes.InvalidArgument, "", true}

// next returns the token that the reply has to have: the one given, if there has to be any.
func next(more bool, given string) string {
	switch {
	case !more:
		return ""
	case given == "":
		return "there had to be a page token"
	}
	return given
}

// list answers a List of images.
func (c *Cloud) list(r *compute.ListImagesRequest, answered proto.Message) (a Answer) {
	given, _ := answered.(*compute.ListImagesResponse)
	keep, ok := c.setup.filter(r.Filter)
	less, sorted := order(r.OrderBy)
	if !ok || !sorted {
		a.Refusals = append(a.Refusals, senseless)
		return a
	}
	var all []entry
	for i, im := range c.images {
		if m := im.msg; m != nil && m.FolderId == r.FolderId && keep(m.Name) {
			all = append(all, entry{m.Id, m.Name, m.CreatedAt.AsTime().UnixNano(), i, m})
		}
	}
	list := strings.Join([]string{"images", r.FolderId, r.Filter, r.OrderBy}, "\n")
	msgs, more := page[*compute.Image](c, &a, list, r.PageToken, r.PageSize, all, less, given.GetNextPageToken())
	a.Reply = &compute.ListImagesResponse{Images: msgs, NextPageToken: next(more, given.GetNextPageToken())}
	return a
}

// order returns the order that order_by asks for.
func order(by string) (func(x, y entry) int, bool) {
	words := strings.Fields(by)
	if len(words) > 2 || strings.TrimSpace(by) == "" && by != "" {
		return nil, false
	}
	less := func(x, y entry) int { return strings.Compare(x.id, y.id) }
	if len(words) > 0 {
		switch words[0] {
		case "id":
		case "name":
			less = func(x, y entry) int { return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.id, y.id)) }
		case "createdAt", "created_at":
			less = func(x, y entry) int { return cmp.Or(cmp.Compare(x.created, y.created), cmp.Compare(x.place, y.place)) }
		default:
			return nil, false
		}
	}
	if len(words) == 2 {
		switch up := less; words[1] {
		case "asc":
		case "desc":
			less = func(x, y entry) int { return up(y, x) }
		default:
			return nil, false
		}
	}
	return less, true
}

var (
	quoted    = `"(?:[^"\\]|\\["'\\])*"|'(?:[^'\\]|\\["'\\])*'`
	value     = `(?:` + quoted + `|[-_a-z0-9]+)`
	values    = regexp.MustCompile(value)
	condition = regexp.MustCompile(`^\s*name(?:\s*(!?=)\s*(` + value + `)|\s+((?i:NOT\s+)?(?i:IN))\s*\(\s*(` + value + `(?:\s*,\s*` + value + `)*)\s*\))`)
	and       = regexp.MustCompile(`^\s+(?i:AND)\s`)
)

// filter returns what a filter lets pass, and whether it is one.
func (s *Setup) filter(text string) (func(name string) bool, bool) {
	valid := func(v string) bool { return whole(`[a-z]([-a-z0-9]{0,61}[a-z0-9])?`, v) && len(v) >= 3 }
	if s.Loose {
		valid = func(v string) bool { return whole(looseName, v) && v != "" }
	}
	keep := func(string) bool { return true }
	for rest := text; rest != ""; {
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		var listed []string
		for _, v := range values.FindAllString(m[2]+m[4], -1) {
			if v[0] == '"' || v[0] == '\'' {
				v = regexp.MustCompile(`\\(.)`).ReplaceAllString(v[1:len(v)-1], "$1")
			}
			if !valid(v) {
				return nil, false
			}
			listed = append(listed, v)
		}
		before, negated := keep, strings.HasPrefix(m[1], "!") || len(m[3]) > 2
		keep = func(name string) bool { return before(name) && slices.Contains(listed, name) != negated }
		rest = rest[len(m[0]):]
		if strings.TrimSpace(rest) == "" {
			break
		}
		joint := and.FindString(rest)
		if joint == "" {
			return nil, false
		}
		rest = rest[len(joint):]
		if strings.TrimSpace(rest) == "" {
			return nil, false
		}
	}
	return keep, true
}

// listOperations answers a ListOperations: newest first, also of an image that is gone.
func (c *Cloud) listOperations(r *compute.ListImageOperationsRequest, answered proto.Message) (a Answer) {
	if c.known(r.ImageId) == nil {
		a.refuse(codes.NotFound, "Image %q not found", r.ImageId)
		if r.PageToken != "" && c.tokens[r.PageToken].list != "operations\n"+r.ImageId {
			a.Refusals = append(a.Refusals, senseless)
		}
		return a
	}
	given, _ := answered.(*compute.ListImageOperationsResponse)
	var all []entry
	for i, o := range c.ops {
		if o.image == r.ImageId && !o.unborn {
			all = append(all, entry{place: i, msg: o.msg()})
		}
	}
	newest := func(x, y entry) int { return cmp.Compare(y.place, x.place) }
	msgs, more := page[*operation.Operation](c, &a, "operations\n"+r.ImageId, r.PageToken, r.PageSize, all, newest, given.GetNextPageToken())
	a.Reply = &compute.ListImageOperationsResponse{Operations: msgs, NextPageToken: next(more, given.GetNextPageToken())}
	return a
}

// listBindings answers a ListAccessBindings.
func (c *Cloud) listBindings(r *access.ListAccessBindingsRequest, answered proto.Message) (a Answer) {
	im := c.image(r.ResourceId)
	if im == nil {
		a.refuse(codes.NotFound, "Image %q not found", r.ResourceId)
		if r.PageToken != "" && c.tokens[r.PageToken].list != "bindings\n"+r.ResourceId {
			a.Refusals = append(a.Refusals, senseless)
		}
		return a
	}
	given, _ := answered.(*access.ListAccessBindingsResponse)
	var all []entry
	for _, b := range im.bindings {
		all = append(all, entry{name: b.RoleId, id: b.Subject.Type + " " + b.Subject.Id, msg: b})
	}
	byRole := func(x, y entry) int { return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.id, y.id)) }
	msgs, more := page[*access.AccessBinding](c, &a, "bindings\n"+r.ResourceId, r.PageToken, r.PageSize, all, byRole, given.GetNextPageToken())
	a.Reply = &access.ListAccessBindingsResponse{AccessBindings: msgs, NextPageToken: next(more, given.GetNextPageToken())}
	return a
}

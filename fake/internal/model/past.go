package model

import (
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// version is an image between two of its changes; access bindings are a part of it.
type version struct {
	msg      *compute.Image // nil: it did not exist, or was gone
	bindings []*access.AccessBinding
	from     int // the number of the change that made it so
}

// note keeps what an image has become.
func (c *Cloud) note(im *image) {
	c.changes++
	im.versions = append(im.versions, version{im.msg, im.bindings, c.changes})
}

// Forget makes all that is now what it has always been: nothing can be seen as it was before.
func (c *Cloud) Forget() {
	for _, im := range c.images {
		im.versions = []version{{im.msg, im.bindings, 0}}
	}
	for _, o := range c.ops {
		o.always, o.versions = true, []*operation.Operation{o.msg()}
	}
}

// Seen returns the cloud as a replica sees it that lags by so many changes of each thing. Whoever has seen a name taken has seen it
// given up.
func (c *Cloud) Seen(changes int) *Cloud {
	past := c.Clone()
	at := make([]int, len(c.images))
	for i, im := range c.images {
		at[i] = max(0, len(im.versions)-1-changes)
	}
	for again := true; again; {
		again = false
		for i, giver := range c.images {
			for j, taker := range c.images {
				for _, took := range taker.versions[:at[j]+1] {
					if i == j || took.msg == nil || took.msg.Name == "" {
						continue
					}
					for k := at[i]; k < len(giver.versions)-1; k++ {
						had := giver.versions[k].msg
						if had != nil && had.Name == took.msg.Name && had.FolderId == took.msg.FolderId && giver.versions[k+1].from <= took.from {
							at[i], again = k+1, true
						}
					}
				}
			}
		}
	}
	for i, im := range past.images {
		v := im.versions[at[i]]
		im.msg, im.bindings, im.unborn = v.msg, v.bindings, v.msg == nil && at[i] == 0 && len(im.versions) > 1
	}
	for _, o := range past.ops {
		i := len(o.versions) - 1 - changes
		if o.always {
			i = max(0, i)
		}
		if o.unborn = i < 0; !o.unborn {
			o.frozen = o.versions[i]
		}
	}
	return past
}

// Lags tells whether an operation is seen otherwise than it is.
func (c *Cloud) Lags(id string) bool {
	o := c.op(id)
	return o != nil && (!o.always || len(o.versions) > 1)
}

// See answers a read as a replica that lags does.
func (c *Cloud) See(call Call, changes int) Answer {
	c.Tell(call.Now)
	if r, poll := call.Request.(*operation.GetOperationRequest); poll {
		if !c.Lags(r.OperationId) {
			return c.Do(call)
		}
		if o := c.Seen(changes).op(r.OperationId); o != nil {
			return Answer{Reply: o.msg()}
		}
		return unknown(r.OperationId)
	}
	return c.Seen(changes).read(call)
}

package model_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/internal/model"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

var (
	callers  = []string{"ann", "bob"}
	folders  = []string{"b1gone", "b1gtwo"}
	names    = []string{"", "web", "web", "web-2", "db1", "cache", "web-10"}
	families = []string{"", "web", "base"}
	statuses = []compute.Image_Status{compute.Image_READY, compute.Image_ERROR, compute.Image_CREATING, compute.Image_DELETING}
)

// plan is a plan of both.
type plan model.Plan

// The plans that calls ask for by a header.
var plans = map[string]plan{
	"p00": {},
	"p01": {Steps: polls(1)},
	"p02": {Steps: polls(3)},
	"p03": {Steps: []model.Trigger{{After: 10 * time.Second}}},
	"p04": {Steps: []model.Trigger{{}}},
	"p05": {Steps: []model.Trigger{{}, {After: time.Second}, {Polls: 2}, {}}},
	"p06": {Steps: []model.Trigger{{After: time.Second}, {After: 20 * time.Second}, {Polls: 1}}},
	"p07": {Err: broken},
	"p08": {Steps: polls(2), Err: broken},
	"p09": {Steps: []model.Trigger{{After: time.Second}}, Err: broken, Rollback: &model.Trigger{After: 5 * time.Second}},
	"p10": {Steps: []model.Trigger{{}}, Err: broken, Keep: true},
	"p11": {Steps: []model.Trigger{{}, {}}, Rollback: &model.Trigger{Polls: 2}},
	"p12": {Steps: []model.Trigger{{After: 3 * time.Second}, {}}, TooLate: true},
	"p13": {Steps: polls(2), Err: broken, Rollback: &model.Trigger{}, Keep: true},
	"p14": {Err: broken, Rollback: &model.Trigger{Polls: 1}},
}

var broken = &spb.Status{Code: int32(codes.Internal), Message: "the disk cannot be read"}

func polls(n int) []model.Trigger { return []model.Trigger{{Polls: n}} }

func trigger(t model.Trigger) fake.StepTrigger {
	switch {
	case t.Polls > 0:
		return fake.Polls(t.Polls)
	case t.After > 0:
		return fake.After(t.After)
	}
	return fake.ByHand()
}

func (p plan) fake() fake.Plan {
	f := fake.Plan{KeepFailed: p.Keep, TooLate: p.TooLate}
	for _, t := range p.Steps {
		f.Steps = append(f.Steps, fake.Step{When: trigger(t)})
	}
	if p.Err != nil {
		f.Err = status.FromProto(p.Err)
	}
	if p.Rollback != nil {
		f.Rollback = trigger(*p.Rollback)
	}
	return f
}

// The sources that the servers know.
var registered = []fake.Source{
	{Disk: "fhm0123456789abcdefg", Size: 7*gib + 1, StorageSize: 2 * gib, OS: &compute.Os{Type: compute.Os_WINDOWS}, ProductIDs: []string{"p1", "p2"}},
	{Snapshot: "snap", Size: 3 * gib, StorageSize: 5 * gib, ProductIDs: []string{"p2"}},
	{Object: "https://storage.yandexcloud.net/b/good", Size: 6 * gib, Format: "vmdk"},
	{Object: "https://storage.yandexcloud.net/b/bad", Size: 6 * gib, Format: "iso"},
	{Object: "https://storage.yandexcloud.net/b/secret", Forbidden: true, Size: gib},
}

// sources returns them as the model wants them.
func sources() (all []model.Source) {
	for _, s := range registered {
		kind, id := "disk", s.Disk
		if s.Snapshot != "" {
			kind, id = "snapshot", s.Snapshot
		} else if s.Object != "" {
			kind, id = "object", s.Object
		}
		all = append(all, model.Source{Kind: kind, ID: id, Size: s.Size, StorageSize: s.StorageSize, OS: s.OS, ProductIDs: s.ProductIDs,
			Format: s.Format, Forbidden: s.Forbidden})
	}
	return all
}

func sample[V any](rt *rapid.T, label string, of ...V) V {
	return rapid.SampledFrom(of).Draw(rt, label)
}

// anyImage draws the id of an image: mostly of one that exists, else of one that is gone or never was.
func (m *machine) anyImage(rt *rapid.T) string {
	var ids []string
	for _, im := range m.at.cloud.Images() {
		ids = append(ids, im.Id, im.Id)
	}
	for _, o := range m.at.cloud.Operations() {
		ids = append(ids, model.ImageOf(o))
	}
	return rapid.SampledFrom(append(ids, "fd8neverwas")).Draw(rt, "image")
}

// idle draws the id of an image on which no operation runs, "" if there is none.
func (m *machine) idle(rt *rapid.T) string {
	busy := make(map[string]bool)
	for _, o := range m.at.cloud.Operations() {
		if !o.Done {
			busy[model.ImageOf(o)] = true
		}
	}
	var ids []string
	for _, im := range m.at.cloud.Images() {
		if !busy[im.Id] {
			ids = append(ids, im.Id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return rapid.SampledFrom(ids).Draw(rt, "image")
}

// anyOperation draws the id of an operation: mostly of one that runs.
func (m *machine) anyOperation(rt *rapid.T) string {
	var ids []string
	for _, o := range m.at.cloud.Operations() {
		ids = append(ids, o.Id)
		if !o.Done {
			ids = append(ids, o.Id, o.Id, o.Id)
		}
	}
	if len(ids) == 0 {
		return "fd8neverwas"
	}
	return rapid.SampledFrom(ids).Draw(rt, "operation")
}

var sizes = []int64{0, 0, 4 * mib, 5*mib + 1, gib, 4 * gib, 7*gib + 1, 8 * gib, 9 * gib}

func labels(rt *rapid.T) map[string]string {
	return sample(rt, "labels", nil, nil, map[string]string{"env": "prod"}, map[string]string{"env": "test", "team": "a_b-1", "x": ""})
}

func (m *machine) drawSeed(rt *rapid.T) *compute.Image {
	im := &compute.Image{FolderId: sample(rt, "folder", folders...), Name: sample(rt, "name", names...), Family: sample(rt, "family", families...),
		Status: sample(rt, "status", compute.Image_STATUS_UNSPECIFIED, compute.Image_READY, compute.Image_ERROR)}
	if rapid.Bool().Draw(rt, "sized") {
		im.MinDiskSize = sample(rt, "size", sizes...)
	}
	return im
}

func (m *machine) drawCreate(rt *rapid.T) *compute.CreateImageRequest {
	r := &compute.CreateImageRequest{
		FolderId: sample(rt, "folder", folders...), Name: sample(rt, "name", names...), Family: sample(rt, "family", families...),
		Labels: labels(rt), MinDiskSize: sample(rt, "size", sizes...), Pooled: rapid.Bool().Draw(rt, "pooled"),
		ProductIds: sample(rt, "products", nil, nil, []string{"p3", "p2", "p3"}),
		Os:         sample(rt, "os", nil, nil, &compute.Os{}, &compute.Os{Type: compute.Os_LINUX}, &compute.Os{Type: compute.Os_WINDOWS}),
	}
	switch sample(rt, "source", "disk", "known disk", "snapshot", "known snapshot", "image", "image", "object", "known object") {
	case "disk":
		r.Source = &compute.CreateImageRequest_DiskId{DiskId: sample(rt, "id", "epd00000000000000000", "disk", "fhmUPPERCASE00000000")}
	case "known disk":
		r.Source = &compute.CreateImageRequest_DiskId{DiskId: registered[0].Disk}
	case "snapshot":
		r.Source = &compute.CreateImageRequest_SnapshotId{SnapshotId: "fd8snapshot"}
	case "known snapshot":
		r.Source = &compute.CreateImageRequest_SnapshotId{SnapshotId: registered[1].Snapshot}
	case "image":
		r.Source = &compute.CreateImageRequest_ImageId{ImageId: m.anyImage(rt)}
	case "object":
		r.Source = &compute.CreateImageRequest_Uri{Uri: sample(rt, "uri", "https://storage.yandexcloud.net/b/any?sig=1",
			"http://storage.yandexcloud.net/b/any", "https://storage.yandexcloud.net/b", "https://example.com/b/any")}
	case "known object":
		r.Source = &compute.CreateImageRequest_Uri{Uri: registered[rapid.IntRange(2, 4).Draw(rt, "object")].Object}
	}
	return r
}

func (m *machine) create(rt *rapid.T) { m.call(rt, "Create", m.drawCreate(rt)) }

// createOdd spoils one thing of a request that may be good.
func (m *machine) createOdd(rt *rapid.T) {
	r := m.drawCreate(rt)
	switch rapid.IntRange(0, 8).Draw(rt, "spoil") {
	case 0:
		r.FolderId = sample(rt, "folder", "", long("f", 51), long("ф", 50))
	case 1:
		r.Name = sample(rt, "name", "a", "Web", "1web", "web_1", "web-", long("w", 63), long("w", 64))
	case 2:
		r.Description = sample(rt, "description", long("д", 256), long("d", 257))
	case 3:
		r.Labels = sample(rt, "labels", map[string]string{"Env": "x"}, map[string]string{"env": "Prod"}, map[string]string{"a/b": "c.d@e"},
			map[string]string{"": "x"}, map[string]string{long("k", 64): "", "ok": ""}, map[string]string{"z": "A", "b": "B"}, many(65), many(64))
	case 4:
		r.Family = sample(rt, "family", "ab", "abc", "Web", "web_x")
	case 5:
		r.MinDiskSize = sample(rt, "size", int64(1), 4*mib-1, -1, 4<<40, 4<<40+1)
	case 6:
		r.ProductIds = []string{"ok", sample(rt, "product", long("p", 51), long("п", 50))}
	case 7:
		r.Source = nil
	case 8:
		r.Source = &compute.CreateImageRequest_SnapshotId{SnapshotId: sample(rt, "id", "", long("s", 51))}
	}
	m.call(rt, "Create", r)
}

func (m *machine) update(rt *rapid.T) {
	r := &compute.UpdateImageRequest{ImageId: m.anyImage(rt), Name: sample(rt, "name", append(names, "Bad Name")...), Labels: labels(rt),
		MinDiskSize: sample(rt, "size", sizes...), Description: sample(rt, "description", "", "new", long("d", 257))}
	if rapid.Bool().Draw(rt, "masked") {
		paths := rapid.SliceOfN(rapid.SampledFrom([]string{"name", "description", "min_disk_size", "labels", "name", "labels", "family"}), 0, 3)
		r.UpdateMask = mask(paths.Draw(rt, "mask")...)
	}
	m.call(rt, "Update", r)
}

func (m *machine) remove(rt *rapid.T) {
	m.call(rt, "Delete", &compute.DeleteImageRequest{ImageId: m.anyImage(rt)})
}

func (m *machine) get(rt *rapid.T) {
	m.call(rt, "Get", &compute.GetImageRequest{ImageId: m.anyImage(rt)})
}

func (m *machine) latest(rt *rapid.T) {
	m.call(rt, "GetLatestByFamily", &compute.GetImageLatestByFamilyRequest{FolderId: sample(rt, "folder", folders...),
		Family: sample(rt, "family", append(families, "none", "ab", "Web")...)})
}

func (m *machine) list(rt *rapid.T) {
	m.pages(rt, "List", &compute.ListImagesRequest{
		FolderId: sample(rt, "folder", folders...), PageSize: sample(rt, "size", int64(0), 1, 2, 3, 1000),
		Filter: sample(rt, "filter", "", "", `name = "web"`, `name="web"`, "name != web", `name IN ("web", 'db1')`, `NAME = "web"`,
			`name not in (web) AND name != "cache"`, `name = "web" and name = 'db1'`),
		OrderBy: sample(rt, "order", "", "id", "id desc", "name", "name desc", "createdAt", "created_at desc", "name asc"),
	})
}

// listOdd asks for lists in ways that are wrong or nearly so.
func (m *machine) listOdd(rt *rapid.T) {
	r := &compute.ListImagesRequest{FolderId: sample(rt, "folder", folders...)}
	switch rapid.IntRange(0, 4).Draw(rt, "spoil") {
	case 0:
		r.Filter = sample(rt, "filter", "family = 'web'", "name", "name =", "name = 'web", "name = 'we'", "name = 'w_b'", "name = 'Web'", "name IN ()",
			"name IN (web", "name = web OR name = db1", "name = web AND", "name = ''", "name < web", long("x", 1001), `name = "w\nb"`)
	case 1:
		r.OrderBy = sample(rt, "order", "colour", "name up", "name desc desc", long("x", 101))
	case 2:
		r.PageSize = sample(rt, "size", int64(-1), 1001, 1<<40)
	case 3:
		r.PageToken = sample(rt, "token", "x", "AAAA", long("t", 100), long("t", 101), long("т", 100))
	case 4:
		r.FolderId = sample(rt, "folder", "", long("f", 51))
	}
	m.pages(rt, "List", r)
}

// listOn uses a token that was given before, now and then for another list.
func (m *machine) listOn(rt *rapid.T) {
	if len(m.given) == 0 {
		return
	}
	g := rapid.SampledFrom(m.given).Draw(rt, "token")
	switch r := g.on().(type) {
	case *compute.ListImagesRequest:
		r.PageSize = sample(rt, "size", r.PageSize, 1, 2)
		switch rapid.IntRange(0, 9).Draw(rt, "other") {
		case 0:
			r.OrderBy = "name desc"
		case 1:
			r.FolderId = folders[0]
		case 2:
			r.Filter = "name != web"
		}
		m.pages(rt, g.method, r)
	case *compute.ListImageOperationsRequest:
		if rapid.IntRange(0, 5).Draw(rt, "other") == 0 {
			r.ImageId = m.anyImage(rt)
		}
		m.pages(rt, g.method, r)
	}
}

func (m *machine) listOperations(rt *rapid.T) {
	m.pages(rt, "ListOperations", &compute.ListImageOperationsRequest{ImageId: m.anyImage(rt), PageSize: sample(rt, "size", int64(0), 1, 2)})
}

func (m *machine) listBindings(rt *rapid.T) {
	m.call(rt, "ListAccessBindings", &access.ListAccessBindingsRequest{ResourceId: m.anyImage(rt)})
}

func bindings(rt *rapid.T, least int) []*access.AccessBinding {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) *access.AccessBinding {
		return &access.AccessBinding{RoleId: sample(rt, "role", "viewer", "editor"),
			Subject: &access.Subject{Id: sample(rt, "subject", "ann", "bob"), Type: "userAccount"}}
	}), least, 4).Draw(rt, "bindings")
}

func (m *machine) setBindings(rt *rapid.T) {
	r := &access.SetAccessBindingsRequest{ResourceId: m.anyImage(rt), AccessBindings: bindings(rt, 0)}
	if len(r.AccessBindings) > 0 && rapid.IntRange(0, 4).Draw(rt, "spoil") == 0 {
		spoil(rt, r.AccessBindings[len(r.AccessBindings)-1])
	}
	m.call(rt, "SetAccessBindings", r)
}

func spoil(rt *rapid.T, b *access.AccessBinding) {
	switch rapid.IntRange(0, 3).Draw(rt, "how") {
	case 0:
		b.RoleId = sample(rt, "role", "", long("r", 65))
	case 1:
		b.Subject = nil
	case 2:
		b.Subject.Id = sample(rt, "subject", "", long("s", 101))
	case 3:
		b.Subject.Type = ""
	}
}

func (m *machine) updateBindings(rt *rapid.T) {
	r := &access.UpdateAccessBindingsRequest{ResourceId: m.anyImage(rt)}
	for _, b := range bindings(rt, 0) {
		r.AccessBindingDeltas = append(r.AccessBindingDeltas, &access.AccessBindingDelta{AccessBinding: b,
			Action: sample(rt, "action", access.AccessBindingAction_ADD, access.AccessBindingAction_ADD, access.AccessBindingAction_REMOVE)})
	}
	if n := len(r.AccessBindingDeltas); n > 0 {
		switch rapid.IntRange(0, 9).Draw(rt, "spoil") {
		case 0:
			r.AccessBindingDeltas[n-1].Action = 0
		case 1:
			r.AccessBindingDeltas[n-1].AccessBinding = nil
		case 2:
			spoil(rt, r.AccessBindingDeltas[n-1].AccessBinding)
		}
	}
	m.call(rt, "UpdateAccessBindings", r)
}

// bad asks with ids that are missing or too long.
func (m *machine) bad(rt *rapid.T) {
	id := sample(rt, "id", "", long("i", 51), long("и", 50), long("i", 65))
	switch rapid.IntRange(0, 5).Draw(rt, "method") {
	case 0:
		m.call(rt, "Get", &compute.GetImageRequest{ImageId: id})
	case 1:
		m.call(rt, "Delete", &compute.DeleteImageRequest{ImageId: id})
	case 2:
		m.call(rt, "ListOperations", &compute.ListImageOperationsRequest{ImageId: id, PageSize: sample(rt, "size", int64(0), -1, 1001)})
	case 3:
		m.call(rt, "ListAccessBindings", &access.ListAccessBindingsRequest{ResourceId: id, PageToken: sample(rt, "token", "", "x", long("t", 101))})
	case 4:
		m.call(rt, "OperationGet", getOperation(id))
	case 5:
		m.call(rt, "OperationCancel", cancelOperation(id))
	}
}

func (m *machine) poll(rt *rapid.T) { m.call(rt, "OperationGet", getOperation(m.anyOperation(rt))) }

// pollAgain comes back at once, so that the second poll may be held.
func (m *machine) pollAgain(rt *rapid.T) {
	id := m.anyOperation(rt)
	m.call(rt, "OperationGet", getOperation(id))
	m.call(rt, "OperationGet", getOperation(id))
}

func (m *machine) cancel(rt *rapid.T) {
	m.call(rt, "OperationCancel", cancelOperation(m.anyOperation(rt)))
}

// hand draws an operation to move by hand, "" if there is none.
func (m *machine) hand(rt *rapid.T) string {
	if len(m.at.cloud.Operations()) == 0 {
		return ""
	}
	return m.anyOperation(rt)
}

func (m *machine) step(rt *rapid.T) {
	if id := m.hand(rt); id != "" {
		m.at.server.Operation(id).Step()
		m.misuse(rt, !m.at.cloud.Step(id), "Step of %s", id)
	}
}

func (m *machine) complete(rt *rapid.T) {
	if id := m.hand(rt); id != "" {
		m.at.server.Operation(id).Complete()
		m.misuse(rt, !m.at.cloud.Complete(id), "Complete of %s", id)
	}
}

func (m *machine) fail(rt *rapid.T) {
	if id := m.hand(rt); id != "" {
		m.at.server.Operation(id).Fail(codes.DataLoss, "by hand")
		m.misuse(rt, !m.at.cloud.Fail(id, codes.DataLoss, "by hand"), "Fail of %s", id)
	}
}

func (m *machine) rollBack(rt *rapid.T) {
	if id := m.hand(rt); id != "" {
		m.at.server.Operation(id).RollBack(codes.DataLoss, "by hand")
		m.misuse(rt, !m.at.cloud.RollBack(id, codes.DataLoss, "by hand"), "RollBack of %s", id)
	}
}

func (m *machine) cancelByHand(rt *rapid.T) {
	if id := m.hand(rt); id != "" {
		m.at.server.Operation(id).Cancel()
		m.at.cloud.Cancel(id)
	}
}

func long(s string, n int) string {
	return string(slices.Repeat([]rune(s), n))
}

func many(n int) map[string]string {
	all := make(map[string]string)
	for i := range n {
		all[fmt.Sprintf("k%d", i)] = "v"
	}
	return all
}

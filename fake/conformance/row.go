package conformance

// Source is where a row of the contract comes from, best first.
type Source string

const (
	Reference Source = "ref"    // the published gRPC reference
	Guide     Source = "guide"  // the API design guide
	Docs      Source = "docs"   // other pages of the documentation
	Proto     Source = "proto"  // comments and options of go-genproto
	Seen      Source = "seen"   // seen in production
	SDK       Source = "sdk"    // what the official SDKs do
	Choice    Source = "choice" // nothing is known: the kit decided
)

// A Row is one sentence of the contract.
type Row struct {
	ID     string
	Says   string
	Source Source
	Tests  []string // tests of the kit that show it beside the cases: "fake.TestGet"
}

// Rows returns the contract, in its order.
func Rows() []Row {
	return []Row{
		// Services.
		{"services.own", "ImageService, OperationService, ApiEndpointService and IamTokenService are served, with health and reflection", Reference, nil},
		{"services.unserved", "a method that nobody serves is Unimplemented", Guide, nil},
		{"services.tokens", "any OAuth token or JWT gives an IAM token t1.x.y, good for an hour of the wall clock", SDK, nil},

		// Validation.
		{"rules.fields", "every published rule of a request field is enforced, before permissions and state", Reference, nil},
		{"rules.runes", "lengths count characters, patterns match the whole value", Reference, nil},
		{"rules.source", "Create has exactly one source, and it is not empty", Reference, nil},
		{"rules.page-size", "page_size is 0 to 1000, and 0 means 100", Guide, nil},
		{"rules.text", "a refusal says Request validation error, the field in Go spelling, and one reason", Seen, nil},
		{"rules.name-text", "of a bad name the reason is: invalid resource name", Seen, nil},
		{"rules.label-text", "of a bad label value the reason names the value", Seen, nil},
		{"rules.details", "a refusal has a BadRequest detail with the path in proto spelling", Choice, nil},
		{"rules.first", "of several wrong fields the first in field order is named", Choice, nil},
		{"rules.no-trace", "a refused request leaves nothing behind", Guide, nil},
		{"rules.unmodelled", "a populated field that the fake does not model is refused, and the test is told", Choice, nil},

		// Errors.
		{"errors.image-unknown", "an unknown image is NotFound, and named", Seen, nil},
		{"errors.family-empty", "a family without a READY image is NotFound, and named", Seen, nil},
		{"errors.source-unknown", "Create from an unknown image is FailedPrecondition at once", Seen, nil},
		{"errors.name-taken", "a name that is taken in the folder is AlreadyExists", Seen, nil},
		{"errors.min-disk-size", "a min_disk_size below the need is InvalidArgument at once", Choice, nil},
		{"errors.min-disk-text", "its text names the least size that would do", Docs, nil},
		{"errors.quota", "too many images are ResourceExhausted, with a QuotaFailure", Seen, nil},
		{"errors.active", "too many running operations are ResourceExhausted", Seen, nil},
		{"errors.folder-denied", "a forbidden folder is PermissionDenied", Seen, nil},
		{"errors.folder-unknown", "Create in an unknown folder is FailedPrecondition", Seen, nil},
		{"errors.token", "no token, an unknown one and an expired one are Unauthenticated where auth is on", Seen, nil},
		{"errors.operation-unknown", "an unknown operation is NotFound", Choice, nil},
		{"errors.not-ready", "what needs a READY image is FailedPrecondition for any other", Choice, nil},
		{"errors.uri", "a source URI that is none of Object Storage is InvalidArgument at once", Seen, nil},
		{"errors.object", "what is wrong with the object itself fails the operation", Seen, nil},
		{"errors.mask", "a path that cannot be updated is InvalidArgument, and named", Choice, nil},
		{"errors.filter", "a filter that cannot be read is InvalidArgument, and says where", Choice, nil},
		{"errors.order", "an order that cannot be read is InvalidArgument", Choice, nil},
		{"errors.page-token", "a page token that is damaged, or of another list, is InvalidArgument", Choice, nil},
		{"errors.headers", "every answer has the headers x-request-id and x-server-trace-id", Seen, nil},
		{"errors.request-info", "every error has a RequestInfo detail with the request id", Choice, nil},

		// Resources.
		{"resources.ids", "image ids have 20 characters of 0-9 and a-v and begin with fd8", Seen, nil},
		{"resources.created-at", "created_at has whole seconds", Seen, nil},
		{"resources.sizes", "computed sizes are multiples of 4 MiB", Seen, nil},
		{"resources.rounded", "a size that is given is rounded up to one, then compared", Choice, nil},
		{"resources.os", "os is never nil: given, inherited, else LINUX", SDK, nil},
		{"resources.product-ids", "product ids are those of the source, then those given, without repeats", Reference, nil},
		{"resources.hardware", "the hardware generation is given, inherited, else legacy", Seen, nil},
		{"resources.need", "min_disk_size is given, else an image source's, else what the data needs", Docs, nil},
		{"resources.key", "an image inherits the encryption key of its source", Docs, nil},
		{"resources.formats", "an object is qcow2, vmdk, vhd or raw", Reference, nil},
		{"resources.object-name", "the query is no part of an object's name", Proto, nil},
		{"resources.names", "names are unique in a folder, and the empty one is free", Reference, nil},
		{"resources.names-held", "a name is held from Create until the image is gone", Reference, nil},
		{"resources.public", "public images are in standard-images, pooled, several a family", Seen, nil},

		// Methods.
		{"get.any-state", "Get finds an image in whatever state", Reference, nil},
		{"family.latest", "GetLatestByFamily answers with the newest READY image", Reference, nil},
		{"family.empty-name", "the empty family finds nothing", Choice, nil},
		{"list.ascending", "List has the folder's images in all states, ascending by id", Seen, nil},
		{"list.order", "order_by sorts by id, name or creation, ascending or descending", Guide, nil},
		{"list.filter", "a filter compares the name: =, !=, IN, NOT IN, joined by AND", Guide, nil},
		{"list.filter-field", "no other field can be filtered by", Reference, nil},
		{"list.quotes", "values stand in either quotes, with escapes, or bare", Proto, nil},
		{"list.pages", "pages hold every image once, and the last has no token", Guide, nil},
		{"list.stable", "a page goes on where the last ended, whatever was deleted meanwhile", Choice, nil},
		{"list.page-size-change", "the page size may change between pages", Guide, nil},
		{"create.operation", "Create answers with a running operation: description, metadata with the image id", Reference, nil},
		{"create.visible", "the image is there at once, CREATING, and READY when the operation ends", Reference, nil},
		{"create.response", "the operation's response is the image", Reference, nil},
		{"update.masked", "with a mask Update writes its fields and no others", Guide, nil},
		{"update.unmasked", "without a mask absent fields go back to their defaults", Guide, nil},
		{"update.labels", "labels are replaced as a whole", Reference, nil},
		{"update.late", "the change is visible when the operation ends, not before", Choice, nil},
		{"update.names-held", "the new name is held from acceptance, the old one until the end", Choice, nil},
		{"delete.deleting", "an image is DELETING at once and gone when the operation ends", Reference, nil},
		{"delete.response", "the operation's response is Empty, its metadata has the image id", Reference, nil},
		{"delete.twice", "a Delete of an image that is being deleted is refused", Choice, nil},
		{"history.newest-first", "ListOperations has the newest first", Seen, nil},
		{"history.gone", "the history of an image that is gone stays readable", Choice, nil},
		{"bindings.set", "SetAccessBindings replaces, UpdateAccessBindings applies deltas", Proto, nil},
		{"bindings.result", "their response has the deltas that changed something", Proto, nil},
		{"keys.repeat", "a repeated key answers the first operation as it stands, and does nothing else", Guide, nil},
		{"keys.any-request", "a used key answers its operation, whatever the method and the request", Docs, nil},
		{"keys.refused", "a key of a refused request is not used up", Choice, nil},
		{"keys.reads", "reads ignore keys", SDK, nil},

		// Operations.
		{"operations.fields", "created_at and modified_at are equal at first; created_by is the caller", Guide, nil},
		{"operations.metadata", "metadata of the documented type is there from the first reply", SDK, nil},
		{"operations.first-reply", "the reply that starts an operation is never done with an error", SDK, nil},
		{"operations.two-phases", "an operation that fails may have its error before it is done", Guide, nil},
		{"operations.rollback", "after a failed Create the image is gone", Guide, nil},
		{"operations.cancel", "a cancelled operation ends with CANCELLED, rolled back", Guide, nil},
		{"operations.cancel-done", "a cancel of what is done changes nothing and is OK", Guide, nil},
		{"operations.poll-interval", "x-operation-poll-interval says when to poll again", SDK, nil},
		{"operations.id-place", "operation ids begin as the place where the work runs", Seen, nil},
	}
}

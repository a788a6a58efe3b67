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
	Tests  []string // tests of the kit that show it beside the cases, by their package's directory: "fake.TestDelete"
}

// by lists the tests that show a row.
func by(tests ...string) []string { return tests }

// Rows returns the contract, in its order.
func Rows() []Row {
	return []Row{
		// Services.
		{"services.own", "ImageService, OperationService, ApiEndpointService and IamTokenService are served, with health and reflection", Reference,
			by("fake.TestMethodsAreThoseServed", "fake.TestEndpointsFollowFromTheServices", "fake.TestWhatIsServedIsHealthy", "fake.TestTokens")},
		{"services.unserved", "a method that nobody serves is Unimplemented", Guide,
			by("fake.TestAServiceThatNobodyServesIsNamed", "fake.TestMethodsAreThoseServed")},
		{"services.tokens", "any OAuth token or JWT gives an IAM token t1.x.y, good for an hour of the wall clock", SDK,
			by("fake.TestTokens", "fake.TestATokenExpires", "examples/sdkv1.TestOAuthTokenIsExchangedAgainWhenItsTokenExpires")},

		// Validation.
		{"rules.fields", "every published rule of a request field is enforced, before permissions and state", Reference,
			by("fake.TestWhatTheRulesForbid", "fake/internal/contract.TestEveryConstraintIsChecked")},
		{"rules.runes", "lengths count characters, patterns match the whole value", Reference, by("fake.TestWhatTheRulesForbid")},
		{"rules.source", "Create has exactly one source, and it is not empty", Reference, nil},
		{"rules.page-size", "page_size is 0 to 1000, and 0 means 100", Guide, by("fake.TestPageSizes")},
		{"rules.text", "a refusal says Request validation error, the field in Go spelling, and one reason", Seen, nil},
		{"rules.name-text", "of a bad name the reason is: invalid resource name", Seen, nil},
		{"rules.label-text", "of a bad label value the reason names the value", Seen, nil},
		{"rules.details", "a refusal has a BadRequest detail with the path in proto spelling", Choice, nil},
		{"rules.first", "of several wrong fields the first in field order is named", Choice, nil},
		{"rules.no-trace", "a refused request leaves nothing behind", Guide, by("fake.TestWhatTheStateForbids")},
		{"rules.unmodelled", "a populated field that the fake does not model is refused, and the test is told", Choice,
			by("fake.TestFieldsThatAreNotModelledAreRefusedAndReported", "fake/internal/contract.TestUnmodelledUnknownOnTheWire")},

		// Errors.
		{"errors.image-unknown", "an unknown image is NotFound, and named", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.family-empty", "a family without a READY image is NotFound, and named", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.source-unknown", "Create from an unknown image is FailedPrecondition at once", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.name-taken", "a name that is taken in the folder is AlreadyExists", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.min-disk-size", "a min_disk_size below the need is InvalidArgument at once", Choice, by("fake.TestWhatTheStateForbids")},
		{"errors.min-disk-text", "its text names the least size that would do", Docs, by("fake.TestWhatTheStateForbids")},
		{"errors.quota", "too many images are ResourceExhausted, with a QuotaFailure", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.active", "too many running operations are ResourceExhausted", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.folder-denied", "a forbidden folder is PermissionDenied", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.folder-denied-reads", "what is in a forbidden folder, or in an unknown one, is PermissionDenied to a read", Choice,
			by("fake.TestWhatTheStateForbids")},
		{"errors.folder-unknown", "Create in an unknown folder is FailedPrecondition", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.token", "no token, an unknown one and an expired one are Unauthenticated where auth is on", Seen,
			by("fake.TestTokens", "fake.TestATokenExpires")},
		{"errors.operation-unknown", "an unknown operation is NotFound", Choice, by("fake.TestWhatTheStateForbids")},
		{"errors.not-ready", "what needs a READY image is FailedPrecondition for any other", Choice, by("fake.TestWhatTheStateForbids")},
		{"errors.uri", "a source URI that is none of Object Storage is InvalidArgument at once", Seen, by("fake.TestWhatTheStateForbids")},
		{"errors.object", "what is wrong with the object itself fails the operation", Seen, by("fake.TestOperationsThatCannotEndWell")},
		{"errors.mask", "a path that cannot be updated is InvalidArgument, and named", Choice, nil},
		{"errors.filter", "a filter that cannot be read is InvalidArgument, and says where", Choice,
			by("fake/internal/listing.TestParseFilterRefuses")},
		{"errors.order", "an order that cannot be read is InvalidArgument", Choice, nil},
		{"errors.page-token", "a page token that is damaged, or of another list, is InvalidArgument", Choice,
			by("fake/internal/listing.TestTokenDamaged", "fake/internal/listing.TestTokenOfAnotherListing")},
		{"errors.headers", "every answer has the headers x-request-id and x-server-trace-id", Seen,
			by("fake.TestEveryReplyCarriesItsIDs", "fake.TestWhatTheStateForbids")},
		{"errors.request-info", "every error has a RequestInfo detail with the request id", Choice, by("fake.TestWhatTheStateForbids")},
		{"errors.unimplemented", "an Unimplemented has the headers and the RequestInfo too, also of a method that nobody serves", Choice, by("fake.TestSettled")},
		{"errors.state-order", "of several things in the way the first of these is told: image, folder, status or source, size, name, quota, running operations", Choice,
			by("fake.TestSettled")},

		// Resources.
		{"resources.ids", "image ids have 20 characters of 0-9 and a-v and begin with fd8", Seen, nil},
		{"resources.created-at", "created_at has whole seconds", Seen, by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"resources.sizes", "computed sizes are multiples of 4 MiB", Seen, by("fake.TestCreateInheritsFromItsSource")},
		{"resources.rounded", "a size that is given is rounded up to one, then compared", Choice,
			by("fake.TestCreateInheritsFromItsSource")},
		{"resources.os", "os is never nil: given, inherited, else LINUX", SDK, by("fake.TestCreateInheritsFromItsSource")},
		{"resources.os-others", "a snapshot and an object pass no os on: it is LINUX unless given", Reference, by("fake.TestSettled")},
		{"resources.product-ids", "product ids are those of the source, then those given, without repeats", Reference,
			by("fake.TestCreateInheritsFromItsSource")},
		{"resources.hardware", "the hardware generation is given, inherited, else legacy", Seen,
			by("fake.TestCreateInheritsFromItsSource", "fake.TestWhatAnImageInherits")},
		{"resources.need", "min_disk_size is given, else an image source's, else what the data needs", Docs,
			by("fake.TestCreateInheritsFromItsSource")},
		{"resources.key", "an image inherits the encryption key of its source", Docs, by("fake.TestWhatAnImageInherits")},
		{"resources.formats", "an object is qcow2, vmdk, vhd or raw", Reference, by("fake.TestOperationsThatCannotEndWell")},
		{"resources.object-name", "the query is no part of an object's name", Proto, by("fake.TestOperationsThatCannotEndWell")},
		{"resources.names", "names are unique in a folder, and the empty one is free", Reference, by("fake.TestWhatTheStateForbids")},
		{"resources.names-held", "a name is held from Create until the image is gone", Reference, by("fake.TestWhatTheStateForbids")},
		{"resources.public", "public images are in standard-images, pooled, several a family", Seen, by("fake.TestTheCatalogue")},

		// Methods.
		{"get.any-state", "Get finds an image in whatever state", Reference, by("fake.TestEndings")},
		{"family.latest", "GetLatestByFamily answers with the newest READY image", Reference, by("fake.TestLatestByFamily")},
		{"family.empty-name", "the empty family finds nothing", Choice, by("fake.TestLatestByFamily")},
		{"list.ascending", "List has the folder's images in all states, ascending by id", Seen, by("fake.TestListOrders")},
		{"list.order", "order_by sorts by id, name or creation, ascending or descending", Guide, by("fake.TestListOrders")},
		{"list.filter", "a filter compares the name: =, !=, IN, NOT IN, joined by AND", Guide,
			by("fake.TestListFilters", "fake/internal/listing.TestParseFilter")},
		{"list.filter-field", "no other field can be filtered by", Reference, nil},
		{"list.quotes", "values stand in either quotes, with escapes, or bare", Proto,
			by("fake/internal/listing.TestParseFilterUnescapes")},
		{"list.pages", "pages hold every image once, and the last has no token", Guide, by("fake.TestPagesNeitherRepeatNorSkip")},
		{"list.stable", "a page goes on where the last ended, whatever was deleted meanwhile", Choice,
			by("fake.TestPagesNeitherRepeatNorSkip")},
		{"list.page-size-change", "the page size may change between pages", Guide, by("fake.TestPagesNeitherRepeatNorSkip")},
		{"list.name-retaken", "by name a page goes on behind the last name: an image that took that name meanwhile is not on it", Choice, by("fake.TestSettled")},
		{"list.spelling", "a filter or an order in another spelling, be it by blanks alone, is another list: its tokens are refused", Choice, by("fake.TestSettled")},
		{"create.operation", "Create answers with a running operation: description, metadata with the image id", Reference,
			by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"create.visible", "the image is there at once, CREATING, and READY when the operation ends", Reference,
			by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"create.response", "the operation's response is the image", Reference, by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"update.masked", "with a mask Update writes its fields and no others", Guide, by("fake.TestUpdateWritesWhatItsMaskNames")},
		{"update.unmasked", "without a mask absent fields go back to their defaults", Guide, by("fake.TestUpdateWritesWhatItsMaskNames")},
		{"update.labels", "labels are replaced as a whole", Reference, by("fake.TestUpdateWritesWhatItsMaskNames")},
		{"update.late", "the change is visible when the operation ends, not before", Choice, by("fake.TestUpdateWritesWhatItsMaskNames")},
		{"update.names-held", "the new name is held from acceptance, the old one until the end", Choice,
			by("fake.TestUpdatesSideBySideWriteTheirOwnFields", "fake.TestWhatTheStateForbids")},
		{"update.name-until-end", "a running Update holds its new name until it ends, also when its image is gone", Choice, by("fake.TestSettled")},
		{"update.not-ready-at-end", "an Update that ends on an image not READY fails with FailedPrecondition, in one step, also by hand", Choice, by("fake.TestSettled")},
		{"delete.deleting", "an image is DELETING at once and gone when the operation ends", Reference, by("fake.TestDelete")},
		{"delete.response", "the operation's response is Empty, its metadata has the image id", Reference, by("fake.TestDelete")},
		{"delete.twice", "a Delete of an image that is being deleted is refused", Choice, by("fake.TestWhatTheStateForbids")},
		{"history.newest-first", "ListOperations has the newest first", Seen, by("fake.TestListOperationsNewestFirst")},
		{"history.gone", "the history of an image that is gone stays readable", Choice, by("fake.TestListOperationsNewestFirst")},
		{"bindings.set", "SetAccessBindings replaces, UpdateAccessBindings applies deltas", Proto, by("fake.TestAccessBindings")},
		{"bindings.result", "their response has the deltas that changed something", Proto, by("fake.TestAccessBindings")},
		{"bindings.image-gone", "they fail with FailedPrecondition if the image is gone when they end", Choice, by("fake.TestSettled")},
		{"keys.repeat", "a repeated key answers the first operation as it stands, and does nothing else", Guide,
			by("fake.TestARepeatedKeyAnswersTheFirstOperation")},
		{"keys.any-request", "a used key answers its operation, whatever the method and the request", Docs,
			by("fake.TestAUsedKeyAnswersItsOperation")},
		{"keys.refused", "a key of a refused request is not used up", Choice, by("fake.TestAKeyIsKeptOnlyIfAnOperationWasStarted")},
		{"keys.reads", "reads ignore keys", SDK, by("fake.TestWhatTheStateForbids")},
		{"keys.before-state", "a used key answers its operation before folder, image and quota are looked at, PermissionDenied included", Choice, by("fake.TestSettled")},

		// Operations.
		{"operations.fields", "created_at and modified_at are equal at first; created_by is the caller", Guide,
			by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"operations.metadata", "metadata of the documented type is there from the first reply", SDK, nil},
		{"operations.first-reply", "the reply that starts an operation is never done with an error", SDK,
			by("fake.TestPlansThatMoveByThemselves", "fake.TestOperationsThatCannotEndWell", "examples/sdkv2.TestFailureAtOnceKeepsItsStatus")},
		{"operations.two-phases", "an operation that fails may have its error before it is done", Guide,
			by("fake.TestEndings", "fake.TestPlansThatMoveByThemselves")},
		{"operations.rollback", "after a failed Create the image is gone", Guide,
			by("fake.TestEndings", "fake.TestOperationsThatCannotEndWell")},
		{"operations.cancel", "a cancelled operation ends with CANCELLED, rolled back", Guide,
			by("fake.TestEndings", "fake.TestCancelTooLateAndHalfway")},
		{"operations.cancel-done", "a cancel of what is done changes nothing and is OK", Guide, by("fake.TestEndings")},
		{"operations.poll-interval", "x-operation-poll-interval says when to poll again", SDK,
			by("fake.TestUnheldPolls", "examples/sdkv1.TestWaitAnHourAtTheServicesPace", "examples/sdkv2.TestWaitAnHourAtTheServicesPace")},
		{"operations.id-place", "operation ids begin as the place where the work runs", Seen,
			by("fake.TestCreateIsVisibleAtOnceAndReadyAtTheEnd")},
		{"operations.bad-source", "Complete ends a Create from a bad object well, all else with the error of the object, another plan too", Choice, by("fake.TestSettled")},
		{"operations.only-step", "what rolls back is moved by Step or its plan: Complete, Fail, RollBack and Replan are misuse, Cancel changes nothing", Choice,
			by("fake.TestSettled")},
		{"operations.meddling", "SetImageStatus and RemoveImage stop no operation: at its end a Create makes its image READY, a Delete makes it gone, " +
			"whatever else needs one that is gone fails with FailedPrecondition", Choice, by("fake.TestSettled")},
	}
}

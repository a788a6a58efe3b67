package fake

import "strings"

// Method names one RPC by its full gRPC name. The constants are the methods that every server serves; one of a service that
// [WithNeighbours] or [WithService] adds is a conversion:
//
//	fake.Method(compute.DiskService_Create_FullMethodName)
//
// The name is not checked there: a fault or a plan on a method that the server does not serve is refused where it is made.
//
// Methods can be compared, and a Method is a [Matcher]: it picks every call of that RPC. The zero Method picks none.
//
// What else a method tells of itself follows from its descriptor, which the generated code of its service registers. Of a method
// whose descriptor the program does not contain nothing is known, and Starts, Reads and Pages say no.
type Method string

// The ImageService.
const (
	ImageGet                  Method = "/yandex.cloud.compute.v1.ImageService/Get"
	ImageGetLatestByFamily    Method = "/yandex.cloud.compute.v1.ImageService/GetLatestByFamily"
	ImageList                 Method = "/yandex.cloud.compute.v1.ImageService/List"
	ImageCreate               Method = "/yandex.cloud.compute.v1.ImageService/Create"
	ImageUpdate               Method = "/yandex.cloud.compute.v1.ImageService/Update"
	ImageDelete               Method = "/yandex.cloud.compute.v1.ImageService/Delete"
	ImageListOperations       Method = "/yandex.cloud.compute.v1.ImageService/ListOperations"
	ImageListAccessBindings   Method = "/yandex.cloud.compute.v1.ImageService/ListAccessBindings"
	ImageSetAccessBindings    Method = "/yandex.cloud.compute.v1.ImageService/SetAccessBindings"
	ImageUpdateAccessBindings Method = "/yandex.cloud.compute.v1.ImageService/UpdateAccessBindings"
)

// The OperationService: polls, and requests to cancel.
const (
	OperationGet    Method = "/yandex.cloud.operation.OperationService/Get"
	OperationCancel Method = "/yandex.cloud.operation.OperationService/Cancel"
)

// The ApiEndpointService, which SDKs ask where the others are.
const (
	EndpointGet  Method = "/yandex.cloud.endpoint.ApiEndpointService/Get"
	EndpointList Method = "/yandex.cloud.endpoint.ApiEndpointService/List"
)

// The IamTokenService, where SDKs get the tokens that they send with each call.
const (
	TokenCreate                  Method = "/yandex.cloud.iam.v1.IamTokenService/Create"
	TokenCreateForServiceAccount Method = "/yandex.cloud.iam.v1.IamTokenService/CreateForServiceAccount"
)

// Methods returns the methods that a server serves without any option, in the order of the constants. The slice is the caller's.
func Methods() (all []Method) {
	for _, known := range services() {
		for _, r := range known.rows {
			all = append(all, r.method)
		}
	}
	return all
}

// FullName returns the gRPC name, "/package.Service/Method"; "" for the zero Method.
func (m Method) FullName() string { return string(m) }

// Service returns the name of the method's service, "package.Service"; "" for the zero Method.
func (m Method) Service() string {
	service, _, _ := strings.Cut(strings.TrimPrefix(string(m), "/"), "/")
	return service
}

// String returns the short name that the record uses, which is also that of the constant: ImageCreate. That of another service is
// made in the same way, DiskCreate, and two services of one name in different packages share it.
func (m Method) String() string {
	if m == "" {
		return "no method"
	}
	if f := m.facts(); f != nil {
		return f.short
	}
	return m.short()
}

// Starts tells whether a call of the method starts an operation: it is answered with one, which then goes on by itself and heeds
// idempotency keys. The OperationService only answers with those that others have started.
func (m Method) Starts() bool { f := m.facts(); return f != nil && f.starts }

// Reads tells whether a call of the method changes nothing, so that a replica which lags behind could answer it. By the conventions
// of the API that is so if its name begins with Get or List, or if it is GET over HTTP [ref]. The exception is the cancel of an
// operation, which is GET as well. One that makes a token or a key does not read, though no operation is started for it.
func (m Method) Reads() bool { f := m.facts(); return f != nil && f.reads }

// Pages tells whether the method answers in pages: its request has a page_token, its reply a next_page_token.
func (m Method) Pages() bool { f := m.facts(); return f != nil && f.pages }

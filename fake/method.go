package fake

import (
	"strings"
	"sync"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// Method names one RPC of the server. Methods are values and can be compared, so a misspelt one does not compile. A Method is a
// [Matcher]: it picks every call of that RPC. The zero Method picks none.
type Method struct{ *methodName }

// A methodName exists once per RPC and process, so that methods compare by address. It never changes.
type methodName struct {
	full  string // /package.Service/Method
	short string // ImageCreate
	own   bool   // served by the server itself, which validates its requests
}

// The methods the server serves out of the box.
var (
	ImageGet                  = known(compute.ImageService_Get_FullMethodName, "ImageGet")
	ImageGetLatestByFamily    = known(compute.ImageService_GetLatestByFamily_FullMethodName, "ImageGetLatestByFamily")
	ImageList                 = known(compute.ImageService_List_FullMethodName, "ImageList")
	ImageCreate               = known(compute.ImageService_Create_FullMethodName, "ImageCreate")
	ImageUpdate               = known(compute.ImageService_Update_FullMethodName, "ImageUpdate")
	ImageDelete               = known(compute.ImageService_Delete_FullMethodName, "ImageDelete")
	ImageListOperations       = known(compute.ImageService_ListOperations_FullMethodName, "ImageListOperations")
	ImageListAccessBindings   = known(compute.ImageService_ListAccessBindings_FullMethodName, "ImageListAccessBindings")
	ImageSetAccessBindings    = known(compute.ImageService_SetAccessBindings_FullMethodName, "ImageSetAccessBindings")
	ImageUpdateAccessBindings = known(compute.ImageService_UpdateAccessBindings_FullMethodName, "ImageUpdateAccessBindings")

	OperationGet    = known(operation.OperationService_Get_FullMethodName, "OperationGet")
	OperationCancel = known(operation.OperationService_Cancel_FullMethodName, "OperationCancel")

	EndpointGet  = known(endpoint.ApiEndpointService_Get_FullMethodName, "EndpointGet")
	EndpointList = known(endpoint.ApiEndpointService_List_FullMethodName, "EndpointList")

	TokenCreate                  = known(iam.IamTokenService_Create_FullMethodName, "TokenCreate")
	TokenCreateForServiceAccount = known(iam.IamTokenService_CreateForServiceAccount_FullMethodName, "TokenCreateForServiceAccount")
)

var methods sync.Map // full name → Method

func known(full, short string) Method {
	m, _ := methods.LoadOrStore(full, Method{&methodName{full: full, short: short, own: true}})
	return m.(Method)
}

// MethodOf returns the method with a full gRPC name such as "/yandex.cloud.compute.v1.DiskService/Create", for services that
// [WithService] adds. The name is not checked here: a fault on a method that the server does not serve is refused where it is
// injected.
func MethodOf(fullName string) Method {
	if m, ok := methods.Load(fullName); ok {
		return m.(Method)
	}
	service, method, _ := strings.Cut(strings.TrimPrefix(fullName, "/"), "/")
	service = service[strings.LastIndexByte(service, '.')+1:]
	m, _ := methods.LoadOrStore(fullName, Method{&methodName{full: fullName, short: strings.TrimSuffix(service, "Service") + method}})
	return m.(Method)
}

// FullName returns the gRPC name, "/package.Service/Method"; "" for the zero Method.
func (m Method) FullName() string {
	if m.methodName == nil {
		return ""
	}
	return m.full
}

// String returns the short name that the record uses, such as ImageCreate.
func (m Method) String() string {
	if m.methodName == nil {
		return "no method"
	}
	return m.short
}

// service returns the name of the service, "package.Service".
func (m Method) service() string {
	service, _, _ := strings.Cut(strings.TrimPrefix(m.FullName(), "/"), "/")
	return service
}

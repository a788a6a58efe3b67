package main

import (
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	resourcemanager "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// neighbours are the services beside those of images: what Terraform, Packer and an autoscaler were seen to call. Each is served from its
// descriptor.
var neighbours = []*grpc.ServiceDesc{
	&compute.DiskService_ServiceDesc, &compute.DiskTypeService_ServiceDesc, &compute.SnapshotService_ServiceDesc,
	&compute.InstanceService_ServiceDesc, &compute.ZoneService_ServiceDesc,
	&vpc.NetworkService_ServiceDesc, &vpc.SubnetService_ServiceDesc, &vpc.SecurityGroupService_ServiceDesc, &vpc.AddressService_ServiceDesc,
	&resourcemanager.CloudService_ServiceDesc, &resourcemanager.FolderService_ServiceDesc,
	&iam.ServiceAccountService_ServiceDesc, &iam.YandexPassportUserAccountService_ServiceDesc, &awscompatibility.AccessKeyService_ServiceDesc,
	&kms.SymmetricKeyService_ServiceDesc,
}

// methods returns all that is served.
func methods() []fake.Method {
	all := fake.Methods()
	for _, desc := range neighbours {
		for _, m := range desc.Methods {
			all = append(all, fake.Method("/"+desc.ServiceName+"/"+m.MethodName))
		}
	}
	return all
}

// hasHTTP tells whether the HTTP API has a service: whether the annotations of one of its methods say where.
func hasHTTP(service string) bool {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return false
	}
	of := d.(protoreflect.ServiceDescriptor).Methods()
	for i := range of.Len() {
		annotated := false
		of.Get(i).Options().ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			annotated = annotated || fd.FullName() == "google.api.http"
			return true
		})
		if annotated {
			return true
		}
	}
	return false
}

// homes returns what the resource manager knows of folders: they are in one cloud, and bear their ids as names.
func homes(folders []string) []proto.Message {
	const cloud = "my-cloud"
	all := []proto.Message{&resourcemanager.Cloud{Id: cloud, Name: cloud}}
	for _, id := range folders {
		all = append(all, &resourcemanager.Folder{Id: id, CloudId: cloud, Name: id})
	}
	return all
}

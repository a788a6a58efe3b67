package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// One method of a neighbour needs no server type: a fault answers it, whether the conventions know what it does or not.
func TestAReplyAnswersForANeighbour(t *testing.T) {
	cloud := fake.New(t, forFree)
	instances := compute.NewInstanceServiceClient(cloud.Conn())
	port := &compute.GetInstanceSerialPortOutputRequest{InstanceId: "fhm"}
	_, err := instances.GetSerialPortOutput(t.Context(), port)
	require.Equal(t, "Unimplemented", codeName(err))

	cloud.Inject(fake.Fault{On: fake.Method(compute.InstanceService_GetSerialPortOutput_FullMethodName),
		Do: fake.Reply(&compute.GetInstanceSerialPortOutputResponse{Contents: "login:"})})
	cloud.Inject(fake.Fault{On: fake.AllOf(fake.Method(compute.InstanceService_Get_FullMethodName), fake.OnResource("fhm")),
		Do: fake.Reply(&compute.Instance{Id: "fhm", Status: compute.Instance_CRASHED})})
	output, err := instances.GetSerialPortOutput(t.Context(), port)
	require.NoError(t, err)
	require.Equal(t, "login:", output.Contents)
	vm, err := instances.Get(t.Context(), &compute.GetInstanceRequest{InstanceId: "fhm"})
	require.NoError(t, err)
	require.Equal(t, compute.Instance_CRASHED, vm.Status)
	_, err = instances.Get(t.Context(), &compute.GetInstanceRequest{InstanceId: "fhm2"})
	require.Equal(t, "NotFound", codeName(err))
	require.Len(t, cloud.Calls(fake.OnResource("fhm")), 3)
}

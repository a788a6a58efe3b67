package fake_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/examples/baker"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc/codes"
)

func TestTranscript(t *testing.T) {
	cloud := fake.New(t)
	cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: fake.LoseReply()})
	c := clientsOf(cloud.ConnAs("baker"))
	_, err := c.Create(withKey(t.Context(), "a-random-key"), fromDisk("web"))
	require.Error(t, err)
	_, err = c.Get(t.Context(), &compute.GetImageRequest{ImageId: cloud.Images()[0].Id})
	require.NoError(t, err)
	_, err = iam.NewIamTokenServiceClient(cloud.Conn()).Create(t.Context(), &iam.CreateIamTokenRequest{
		Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: "secret"}})
	require.NoError(t, err)

	require.Equal(t, `1 baker ImageCreate {folder_id: "b1gfolder", name: "web", disk_id: "id-1"} key-1 ! lose the reply -> Unavailable: the reply was lost (changed the state)
2 image id-2 CREATING
3 operation id-3 started
4 fault: lose the reply
5 baker ImageGet {image_id: "id-2"} -> {id: "id-2", folder_id: "b1gfolder", created_at: a time, name: "web", storage_size: 1073741824, min_disk_size: 4294967296, status: CREATING, os: {type: LINUX}, hardware_generation: {legacy_features: {pci_topology: PCI_TOPOLOGY_V1}}, size: 4294967296}
6 conn-1 TokenCreate {…} -> {…}
`, cloud.Transcript())
	require.Equal(t, "1 conn-1 TokenCreate {…} -> {…}\n", cloud.Transcript(fake.TokenCreate))
}

// Ports of this machine are others each time, of listeners and of clients.
func TestTranscriptHasNoPorts(t *testing.T) {
	var transcripts []string
	for range 2 {
		cloud := fake.New(t)
		l := cloud.ListenTLS("")
		conn, err := net.Dial("tcp", l.Addr())
		require.NoError(t, err)
		_, err = conn.Write([]byte("no TLS, and no HTTP either"))
		require.NoError(t, err)
		_, _ = io.ReadAll(conn) // it may be reset
		conn.Close()
		_, err = endpoint.NewApiEndpointServiceClient(connect(t, l.Addr(), trusting(cloud))).List(t.Context(), &endpoint.ListApiEndpointsRequest{})
		require.NoError(t, err)
		transcripts = append(transcripts, cloud.Transcript())
	}
	require.Contains(t, transcripts[0], "no TLS from 127.0.0.1:port")
	require.Contains(t, transcripts[0], `address: "127.0.0.1:port"`)
	require.Equal(t, transcripts[0], transcripts[1])
}

// Equal sequential tests have equal transcripts, whatever the time, the random keys and the seed.
func TestEqualTestsHaveEqualTranscripts(t *testing.T) {
	var transcripts []string
	for n := range 5 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Duration(n) * time.Hour)
			cloud := fake.New(t, fake.WithStandardImages(), fake.WithSeed(uint64(n)), fake.WithPlan(fake.Finish(fake.After(50*time.Second))))
			cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
			cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.Nth(2), Do: fake.Return(codes.NotFound)})
			_, err := baker.New(cloud.Conn(), folder).Bake(t.Context(), "web", "debian-12")
			require.NoError(t, err)
			transcripts = append(transcripts, cloud.Transcript())
		})
	}
	for _, transcript := range transcripts[1:] {
		require.Equal(t, transcripts[0], transcript)
	}
}

// Callers side by side have equal transcripts each, also with faults by chance.
func TestConcurrentCallersHaveEqualTranscriptsEach(t *testing.T) {
	callers := []string{"ann", "bob", "eve"}
	run := func() map[string]string {
		cloud := fake.New(t, fake.WithStandardImages())
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.Chance(0.5), Do: fake.Return(codes.Aborted).Text("no")})
		var all sync.WaitGroup
		for _, caller := range callers {
			all.Go(func() {
				c := clientsOf(cloud.ConnAs(caller))
				for n := range 20 {
					_, _ = c.Create(t.Context(), fromDisk(fmt.Sprintf("%s-%d", caller, n)))
				}
			})
		}
		all.Wait()
		transcripts := make(map[string]string)
		for _, caller := range callers {
			transcripts[caller] = cloud.Transcript(fake.ByCaller(caller))
			require.Contains(t, transcripts[caller], "Aborted")
		}
		return transcripts
	}
	first := run()
	for range 5 {
		require.Equal(t, first, run())
	}
}

package conformance_test

import (
	"context"
	"fmt"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/conformance"
	"google.golang.org/grpc/codes"
)

// A case is data: one's own is a literal, and runs wherever the others do.
func ExampleCheck() {
	cloud, err := fake.Start(fake.WithStandardImages())
	if err != nil {
		panic(err)
	}
	defer cloud.Close()
	target := conformance.Target{Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "b1gfolder"}
	for _, c := range conformance.Cases() {
		if c.ID != "get/unknown" {
			continue
		}
		fmt.Println(c.Shows, conformance.Check(context.Background(), target, c))

		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.PermissionDenied)})
		fmt.Println(conformance.Check(context.Background(), target, c))
	}
	// Output:
	// an unknown image is NotFound, and the text names it <nil>
	// an unknown image is NotFound, and the text names it
	// but, at step 1 ({image_id: "fd800000000000000001"}):
	// want NotFound, got PermissionDenied: Permission denied
}

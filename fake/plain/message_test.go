package plain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func TestMessage(t *testing.T) {
	held, err := anypb.New(&compute.CreateImageMetadata{ImageId: "fd8"})
	require.NoError(t, err)
	unknown := &compute.Image{}
	unknown.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 0x01})
	for want, m := range map[string]proto.Message{
		`nil`: nil,
		`{}`:  &compute.Image{},
		`{id: "fd8", created_at: 1970-01-01T00:00:01Z, labels: {"a": "1", "b": "2"}, product_ids: ["x", "y"], status: READY, os: {type: LINUX}, size: 5}`: &compute.Image{
			Id: "fd8", Size: 5, Status: compute.Image_READY, Os: &compute.Os{Type: compute.Os_LINUX}, Labels: map[string]string{"b": "2", "a": "1"},
			CreatedAt: &timestamppb.Timestamp{Seconds: 1}, ProductIds: []string{"x", "y"}},
		`{metadata: CreateImageMetadata{image_id: "fd8"}}`: &operation.Operation{Metadata: held},
		`{metadata: {type_url: "no/such", value: 01}}`:     &operation.Operation{Metadata: &anypb.Any{TypeUrl: "no/such", Value: []byte{1}}},
		`{unknown: f80701}`: unknown,
		`{status: 77}`:      &compute.Image{Status: 77},
		`{name: "two  blanks\n", description: "\u202e"}`: &compute.Image{Name: "two  blanks\n", Description: "\u202e"},
		`1m0.5s`:                 durationpb.New(time.Minute + time.Second/2),
		`{seconds: 99999999999}`: &durationpb.Duration{Seconds: 99999999999}, // more than Go can tell
		`{nanos: 2000000000}`:    &timestamppb.Timestamp{Nanos: 2000000000},  // no time at all
	} {
		require.Equal(t, want, Message(m))
	}
	require.Equal(t, "nil", Message((*compute.Image)(nil)))
}

func TestRedacted(t *testing.T) {
	held, err := anypb.New(&iam.CreateIamTokenResponse{IamToken: "t1.secret"})
	require.NoError(t, err)
	unknown := &compute.Image{Name: "web"}
	unknown.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 0x01})
	for want, m := range map[string]proto.Message{
		`{yandex_passport_oauth_token: …}`: &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: "y0_x"}},
		`{jwt: …}`:                         &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: "eyJ"}},
		`{metadata: CreateIamTokenResponse{iam_token: …}}`: &operation.Operation{Metadata: held},
		`{metadata: {type_url: "no/such", value: …}}`:      &operation.Operation{Metadata: &anypb.Any{TypeUrl: "no/such", Value: []byte{1}}},
		`{name: "web", unknown: …}`:                        unknown,
		`{labels: {"db-password": …, "stage": "test"}}`:    &compute.Image{Labels: map[string]string{"db-password": "x", "stage": "test"}},
		`{uri: "https://…@host/a.img?…"}`:                  &compute.CreateImageRequest{Source: &compute.CreateImageRequest_Uri{Uri: "https://me:pw@host/a.img?X-Amz-Signature=x"}},
		`{page_size: 5, page_token: "next"}`:               &compute.ListImagesRequest{PageSize: 5, PageToken: "next"},
	} {
		require.Equal(t, want, Redacted(m))
	}
}

package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// The func of a fault has a name in the record, where somebody gives it one.
func TestFuncsHaveNames(t *testing.T) {
	nothing := func(*fake.Call) {}
	for effect, want := range map[*fake.Effect]string{
		ptr(fake.Run(nothing)):                                             "run a func",
		ptr(fake.Run(nothing).Named("a rival deletes it")):                 "a rival deletes it",
		ptr(fake.Run(nothing).Late().Named("a rival")):                     "a rival after the commit",
		ptr(fake.Alter(func(proto.Message) {}).Named("lose the labels")):   "lose the labels",
		ptr(fake.Run(nothing).Named("a rival").Then(fake.LoseReply())):     "a rival, then lose the reply",
		ptr(fake.Return(codes.Aborted).Then(fake.Run(nothing).Named("x"))): "return Aborted, then x",
	} {
		require.Equal(t, want, effect.String())
	}
	for why, effect := range map[string]fake.Effect{
		"has no func to name": fake.Hang().Named("x"),
		"names nothing":       fake.Run(nothing).Named(""),
		"several":             fake.Run(nothing).Then(fake.Run(nothing)).Named("x"),
	} {
		w := witnessed(t, func(w *witness) { fake.New(w).Inject(fake.Fault{Do: effect}) })
		require.Contains(t, w.text(), why)
	}
}

func ptr[T any](value T) *T { return &value }

package scenario

import (
	"slices"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A schedule is what its name says, whatever callers and neighbours are called; and so is a token.
func TestNamesLeadBack(t *testing.T) {
	kinds := append(defaultKinds(), Silence, Kind{Name: "slow-disk", Do: fake.Delay(1)})
	methods := slices.Collect(func(yield func(fake.Method) bool) {
		for _, m := range ownMethods {
			if !yield(m) {
				return
			}
		}
	})
	slices.SortFunc(methods, func(a, b fake.Method) int { return len(a.FullName()) - len(b.FullName()) })
	methods = append(methods, fake.Method("/yandex.cloud.compute.v1.DiskService/Create"))
	rapid.Check(t, func(t *rapid.T) {
		var s schedule
		for range rapid.IntRange(1, 4).Draw(t, "hits") {
			k := &kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]
			s = append(s, hit{
				place: place{
					caller: rapid.OneOf(rapid.Just(firstCaller), rapid.String().Filter(func(s string) bool { return s != "" })).Draw(t, "caller"),
					method: rapid.SampledFrom(methods).Draw(t, "method"),
					n:      rapid.IntRange(1, 1000).Draw(t, "n"),
				},
				kind: k,
				late: k.lateToo && rapid.Bool().Draw(t, "late"),
			})
		}
		parsed, err := parseSchedule(s.String(), kinds)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if !slices.Equal(parsed, s) {
			t.Fatalf("%s became %s", s, parsed)
		}
		tk := token{test: rapid.String().Draw(t, "test"), version: "1a2b3c4d", seed: rapid.Uint64().Draw(t, "seed"), faults: s.String()}
		if again, err := parseToken(tk.String()); err != nil || again != tk {
			t.Fatalf("%v became %v: %v", tk, again, err)
		}
	})
}

func TestGoCode(t *testing.T) {
	slow := Kind{Name: "slow-disk", Do: fake.Delay(1), Times: 2}
	neighbour := fake.Method("/yandex.cloud.compute.v1.DiskService/Create")
	for _, c := range []struct {
		hit  hit
		one  bool
		want string
	}{
		{hit{place{firstCaller, fake.ImageCreate, 2}, &ConnectionCut, true}, true,
			"cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.Nth(2), Do: fake.Cut().Late()})\n"},
		{hit{place{"builder", fake.ImageGet, 1}, &ReplicaLag, false}, false,
			`cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageGet, fake.ByCaller("builder")), When: fake.Nth(1), Do: fake.Lag(1)})` + "\n"},
		{hit{place{firstCaller, neighbour, 1}, &slow, false}, true,
			"// slowDisk.Do is that of the kind \"slow-disk\": delay by 1ns\n" +
				`cloud.Inject(fake.Fault{On: fake.Method("/yandex.cloud.compute.v1.DiskService/Create"), When: fake.Nth(1), Do: slowDisk.Do})` + "\n" +
				`cloud.Inject(fake.Fault{On: fake.Method("/yandex.cloud.compute.v1.DiskService/Create"), When: fake.Nth(2), Do: slowDisk.Do})` + "\n"},
	} {
		require.Equal(t, c.want, c.hit.goCode(c.one))
	}
}

func TestPlacesInTraces(t *testing.T) {
	trace := `goroutine 7 [select]:
runtime.gopark(0x1)
	` + standardLibrary + `runtime/proc.go:12 +0x1
google.golang.org/grpc.(*ClientConn).Invoke(0x1)
	/m/grpc/call.go:1 +0x1
example.com/bake.(*Baker).wait(0x1, {0x2, 0x3})
	/src/bake/baker.go:188 +0x1
example.com/bake.Bake(...)
	/src/bake/baker.go:20
created by testing/synctest.Test in goroutine 1
	` + standardLibrary + `testing/testing.go:1 +0x1`
	_, frames, _ := strings.Cut(trace, "\n")
	require.Equal(t, "baker.go:188 (bake.(*Baker).wait)", userPlace(frames))
	require.Empty(t, userPlace("runtime.gopark(0x1)\n\t"+standardLibrary+"runtime/proc.go:12 +0x1"))
	require.Equal(t, "a goroutine started at baker.go:3 (bake.Bake.func1)",
		userPlace("runtime.gopark(0x1)\n\t"+standardLibrary+"runtime/proc.go:12 +0x1\ncreated by example.com/bake.Bake.func1 in goroutine 7\n\t/src/bake/baker.go:3 +0x1"))
}

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
					ask: ask{
						caller:  rapid.OneOf(rapid.Just(firstCaller), rapid.String().Filter(func(s string) bool { return s != "" })).Draw(t, "caller"),
						method:  rapid.SampledFrom(methods).Draw(t, "method"),
						request: digest(rapid.String().Draw(t, "request")),
					},
					n: rapid.IntRange(1, 1000).Draw(t, "n"),
				},
				number: rapid.IntRange(1, 1000).Draw(t, "number"),
				kind:   k,
				late:   k.lateToo && rapid.Bool().Draw(t, "late"),
			})
		}
		parsed, err := parseSchedule(s.exact(), kinds)
		if err != nil {
			t.Fatalf("%s: %v", s.exact(), err)
		}
		if !slices.Equal(parsed, s) {
			t.Fatalf("%s became %s", s.exact(), parsed.exact())
		}
		named, err := parseSchedule(s.String(), kinds)
		if err != nil || named.String() != s.String() {
			t.Fatalf("%s became %s: %v", s, named, err)
		}
		tk := token{test: rapid.String().Draw(t, "test"), version: "1a2b3c4d", seed: rapid.Uint64().Draw(t, "seed"), faults: s.exact()}
		if again, err := parseToken(tk.String()); err != nil || again != tk {
			t.Fatalf("%v became %v: %v", tk, again, err)
		}
	})
}

func TestGoCode(t *testing.T) {
	slow := Kind{Name: "slow-disk", Do: fake.Delay(1)}
	evict := Kind{Name: "evict", Act: func(*fake.Server, *fake.Call) {}}
	at := func(caller string, method fake.Method, number int, k Kind, late bool) hit {
		return hit{place: place{ask: ask{caller: caller, method: method}, n: 1}, number: number, kind: &k, late: late}
	}
	const neighbour = fake.Method("/yandex.cloud.compute.v1.DiskService/Create")
	for _, c := range []struct {
		hit  hit
		one  bool
		want string
	}{
		{at(firstCaller, fake.ImageCreate, 2, ConnectionCut, true), true,
			"cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.Nth(2), Do: fake.Cut().Late()})\n"},
		{at("builder", fake.ImageGet, 1, ReplicaLag, false), false,
			`cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageGet, fake.ByCaller("builder")), When: fake.Nth(1), Do: fake.Lag(1)})` + "\n"},
		{at(firstCaller, neighbour, 1, slow.Times(2), false), true,
			"// slowDisk2Times is your kind \"slow-disk-2-times\"\n" +
				`cloud.Inject(fake.Fault{On: fake.Method("/yandex.cloud.compute.v1.DiskService/Create"), When: fake.First(2), Do: slowDisk2Times.Do})` + "\n"},
		{at(firstCaller, fake.ImageGet, 2, Throttled.Times(3), false), true, `{
	calls := 0
	cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.While(func() bool { calls++; return calls >= 2 && calls < 5 }), Do: fake.Throttle(2*time.Second)})
}
`},
		{at(firstCaller, fake.ImageGet, 1, Throttled.Onwards(), false), true,
			"cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Throttle(2*time.Second)})\n"},
		{at(firstCaller, fake.ImageGet, 1, evict, false), true,
			"// evict is your kind \"evict\"\n" +
				"cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(1), Do: fake.Run(func(c *fake.Call) { evict.Act(cloud, c) })})\n"},
		{at("w", fake.ImageGet, 1, Kind{Name: "3d-range", Do: fake.Delay(1)}, false), true,
			"// kind3dRange is your kind \"3d-range\"\n" +
				"cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(1), Do: kind3dRange.Do})\n"},
		{at("w", fake.ImageGet, 1, Kind{Name: "range", Do: fake.Delay(1)}, false), true,
			"// kindRange is your kind \"range\"\n" +
				"cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(1), Do: kindRange.Do})\n"},
		{at("w", fake.ImageGet, 1, Kind{Name: "fake", Do: fake.Delay(1)}, false), true,
			"// kindFake is your kind \"fake\"\n" +
				"cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(1), Do: kindFake.Do})\n"},
		{at("w", fake.ImageGet, 2, RoleRevoked, false), true, `// from the call w.ImageGet#2 on, whatever the method:
{
	calls, over := 0, false
	cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageGet, fake.ByCaller("w")), When: fake.While(func() bool { calls++; over = over || calls >= 2; return false }), Do: fake.Return(codes.PermissionDenied), Optional: true})
	cloud.Inject(fake.Fault{On: fake.ByCaller("w"), When: fake.While(func() bool { return over }), Do: fake.Return(codes.PermissionDenied)})
}
`},
	} {
		require.Equal(t, c.want, (&runner{oneCaller: c.one}).hitCode(streak{c.hit, 1}))
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

// FuzzReplay: a token is refused, or means something that is written the same way from then on, and takes no more memory than it may.
func FuzzReplay(f *testing.F) {
	kinds := append(defaultKinds(), Silence)
	for _, text := range []string{
		"", "1;x", "2", "2;;;;;", "2;TestBake;1a2b3c4d;0;;no-fault", "2;TestBake%2Fsub;v;18446744073709551615;a3.1-7.2;ImageCreate#1~7a3f0c21b9e4.1/lost-reply*3",
		"2;T;v;1;3.1;baker.ImageGet#1/deadline-late+/pkg.Service/Method#2~aa.2/unavailable", "2;T;v;-1;;", "2;%zz;v;1;;", "2;T;v;1;1.0-1.0;",
		"2;T;v;1;;ImageCreate#1~aa.9223372036854775807/lost-reply*2", "2;T;v;1;;ImageCreate#9223372036854775807/lost-reply*2",
		"2;T;v;1;;" + strings.Repeat("ImageGet#1/unavailable*1048576+", 8) + "ImageGet#1/unavailable", "2;T;v;1;;+", "2;T;v;1;;%2E.ImageGet#1/denied",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tk, err := parseToken(text)
		if err != nil {
			return
		}
		again, err := parseToken(tk.String())
		require.NoError(t, err, tk.String())
		require.Equal(t, tk, again)

		if faults, err := parseSchedule(tk.faults, kinds); err == nil {
			require.LessOrEqual(t, len(faults), maxCalls)
			named, err := parseSchedule(faults.String(), kinds)
			require.NoError(t, err, "%s of %q", faults, text)
			require.Equal(t, faults.String(), named.String())
			if !slices.ContainsFunc(faults, func(h hit) bool { return h.request == "" }) {
				exact, err := parseSchedule(faults.exact(), kinds)
				require.NoError(t, err, "%s of %q", faults.exact(), text)
				require.Equal(t, faults, exact)
			}
		}
		order, err := parseOrder(strings.TrimPrefix(tk.order, "a"))
		if err == nil {
			same, err := parseOrder(order.String())
			require.NoError(t, err)
			require.Equal(t, order, same)
		}
	})
}

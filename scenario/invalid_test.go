package scenario_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

var noEnd = context.Background()

func TestBadOptions(t *testing.T) {
	do := fake.Return(codes.Unavailable)
	for want, opt := range map[string]scenario.Option{
		"one of the options is nil":                       nil,
		"Setup(nil): give it a func":                      scenario.Setup(nil),
		"Faults(): name at least one kind":                scenario.Faults(),
		`the kind name "Slow Disk"`:                       scenario.Faults(scenario.Kind{Name: "Slow Disk", Do: do}),
		`the kind name ""`:                                scenario.Faults(scenario.Kind{Do: do}),
		`the kind "slow" does nothing: set Do`:            scenario.Faults(scenario.Kind{Name: "slow"}),
		`Times(-1): name a number from 1`:                 scenario.Faults(scenario.Kind{Name: "slow", Do: do}.Times(-1)),
		`For(0s): name a time above 0`:                    scenario.Faults(scenario.Unavailable.For(0)),
		`it lasts already: name one of`:                   scenario.Faults(scenario.Unavailable.For(1).Onwards()),
		`two kinds are called "denied"`:                   scenario.Faults(scenario.Denied, scenario.Denied),
		`two kinds are called "deadline-late"`:            scenario.Faults(scenario.Deadline, scenario.Kind{Name: "deadline-late", Do: do}),
		"Pairs(-1): name the number of runs":              scenario.Pairs(-1),
		"Orders(0): name the number of runs":              scenario.Orders(0),
		"Orders(-1): name the number of runs":             scenario.Orders(-1),
		"Limit(-1ns, 0): a limit cannot be negative":      scenario.Limit(-1, 0),
		"Parallel(0): name how many runs may go on":       scenario.Parallel(0),
		"can happen to any of the 1 calls that On picks":  scenario.On(fake.ImageDelete),
		"WithQuota({Images:-2 ":                           scenario.OnServer(fake.WithQuota(fake.Quota{Images: -2})),
		"panic: of the setup: at invalid_test.go":         scenario.Setup(func(*fake.Server) { panic("of the setup") }),
		"can happen to any of the 1 calls that On picks:": scenario.Faults(scenario.Deadline),
	} {
		t.Run(want, func(t *testing.T) {
			_, err := scenario.Find(t, probe, opt)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestOrdersOnRealTime(t *testing.T) {
	for _, opts := range [][]scenario.Option{{scenario.Orders(1), scenario.RealTime()}, {scenario.RealTime(), scenario.Orders(1)}} {
		_, err := scenario.Find(t, probe, opts...)
		require.ErrorContains(t, err, "Orders and RealTime: which call goes first can only be decided in a bubble")
	}
}

func TestBadBodies(t *testing.T) {
	n := 0
	for _, c := range []struct {
		name string
		body func(*scenario.T) error
		want string
	}{
		{"none", nil, "the body is nil"},
		{"no calls", func(*scenario.T) error { return nil }, "the body makes no calls, so there is nothing that could fail"},
		{"random request", func(t *scenario.T) error {
			_, _ = images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
			_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "x" + rand.Text()})
			return err
		}, `makes different calls: the first run called ImageGet{image_id: "x`},
		{"a call more", func(t *scenario.T) error {
			if n++; n%2 == 0 {
				_ = probe(t)
			}
			return probe(t)
		}, `the second run called ImageList{folder_id: "f"} by conn-1, the first did not`},
		{"a call less", func(t *scenario.T) error {
			if n++; n%2 == 1 {
				_ = probe(t)
			}
			return probe(t)
		}, `the first run called ImageList{folder_id: "f"} by conn-1, the second did not`},
		{"another end", func(t *scenario.T) error {
			if n++; n%2 == 0 {
				return errors.Join(probe(t), errors.New("tails"))
			}
			return probe(t)
		}, `it ended first ok, then "tails"`},
		{"another verdict", func(t *scenario.T) error {
			n++
			t.Check("heads", n%2 == 1)
			return probe(t)
		}, "it holds once and breaks the next time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n = 0
			_, err := scenario.Find(t, c.body)
			require.ErrorContains(t, err, c.want)
			_, err = scenario.FindChaos(t, 1, 0.5, c.body)
			if c.body != nil {
				n = 0
			}
			require.Error(t, err)
		})
	}
}

func TestBadChaos(t *testing.T) {
	_, err := scenario.FindChaos(t, 0, 0.5, probe)
	require.ErrorContains(t, err, "0 seeds: name a number from 1")
	for _, rate := range []float64{0, -1, 1.5} {
		_, err = scenario.FindChaos(t, 1, rate, probe)
		require.ErrorContains(t, err, "is no probability")
	}
	_, err = scenario.FindChaos(t, 1, 0.5, probe, scenario.Faults(scenario.Kind{Name: "down", Do: fake.Return(codes.Unavailable)}.Times(3)))
	require.ErrorContains(t, err, "leave Times, For and Onwards out")
}

func TestInsideABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := scenario.Find(t, probe)
		require.ErrorContains(t, err, "inside a testing/synctest bubble: call it outside")
	})
}

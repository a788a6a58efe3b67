package fake_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
)

func TestFaultsThatMakeNoSenseAreRefusedWithAWayOut(t *testing.T) {
	fails := fake.Return(codes.Aborted).Text("no")
	alter := fake.Alter(func(proto.Message) {})
	for name, c := range map[string]struct {
		fault fake.Fault
		says  string // what to write instead
	}{
		"no effect":            {fake.Fault{}, "set Do"},
		"first none":           {fake.Fault{When: fake.First(0), Do: fails}, "counted from 1"},
		"call none":            {fake.Fault{When: fake.Nth(-1), Do: fails}, "counted from 1"},
		"every none":           {fake.Fault{When: fake.Every(0), Do: fails}, "counted from 1"},
		"poll none":            {fake.Fault{When: fake.Polls(0), Do: fails}, "counted from 1"},
		"polls of another":     {fake.Fault{On: fake.ImageGet, When: fake.Polls(1), Do: fails}, "OperationGet"},
		"after nothing":        {fake.Fault{When: fake.After(0), Do: fails}, "above 0"},
		"until nothing":        {fake.Fault{When: fake.Until(-time.Second), Do: fails}, "above 0"},
		"during nothing":       {fake.Fault{When: fake.During(time.Hour, time.Minute), Do: fails}, "greater"},
		"during the past":      {fake.Fault{When: fake.During(-time.Hour, time.Minute), Do: fails}, "not negative"},
		"while nothing":        {fake.Fault{When: fake.While(nil), Do: fails}, "func() bool"},
		"more than certain":    {fake.Fault{When: fake.Chance(1.01), Do: fails}, "from 0 to 1"},
		"less than never":      {fake.Fault{When: fake.Chance(-0.1), Do: fails}, "from 0 to 1"},
		"no number":            {fake.Fault{When: fake.Chance(math.NaN()), Do: fails}, "from 0 to 1"},
		"no trigger in it":     {fake.Fault{When: struct{ fake.Trigger }{}, Do: fails}, "use what Once"},
		"nil of a type":        {fake.Fault{When: (*ownTrigger)(nil), Do: fails}, "use what Once"},
		"broken in a wrap":     {fake.Fault{When: ownTrigger{fake.Nth(0)}, Do: fails}, "counted from 1"},
		"no error":             {fake.Fault{Do: fake.Return(codes.OK)}, "Alter"},
		"no code":              {fake.Fault{Do: fake.Return(17)}, "no gRPC code"},
		"nil detail":           {fake.Fault{Do: fake.Return(codes.Aborted, nil)}, "detail"},
		"no delay":             {fake.Fault{Do: fake.Delay(0)}, "above 0"},
		"delay into the past":  {fake.Fault{Do: fake.Delay(-1)}, "above 0"},
		"throttled to past":    {fake.Fault{Do: fake.Throttle(-time.Second)}, "above 0"},
		"no lag":               {fake.Fault{On: fake.ImageGet, Do: fake.Lag(0)}, "from 1 to"},
		"too much lag":         {fake.Fault{On: fake.ImageGet, Do: fake.Lag(1000)}, "from 1 to"},
		"nil alter":            {fake.Fault{Do: fake.Alter(nil)}, "func"},
		"nil run":              {fake.Fault{Do: fake.Run(nil)}, "func"},
		"lag of a write":       {fake.Fault{On: fake.ImageCreate, Do: fake.Lag(1)}, "ImageGet"},
		"page of no list":      {fake.Fault{On: fake.ImageGet, Do: fake.EmptyPage()}, "ImageList"},
		"same page of no list": {fake.Fault{On: fake.ImageDelete, Do: fake.RepeatPage()}, "ImageList"},
		"token of no list":     {fake.Fault{On: fake.OperationGet, Do: fake.ExpirePage()}, "ImageList"},
		"early loss":           {fake.Fault{Do: fake.LoseReply().Early()}, "leave Early and Late out"},
		"early alter":          {fake.Fault{Do: alter.Early()}, "leave Early and Late out"},
		"late lag":             {fake.Fault{On: fake.ImageGet, Do: fake.Lag(1).Late()}, "leave Early and Late out"},
		"early page":           {fake.Fault{On: fake.ImageList, Do: fake.ExpirePage().Early()}, "leave Early and Late out"},
		"behind the end":       {fake.Fault{Do: fails.Then(fake.Delay(1))}, "leave one of them out"},
		"altered after error":  {fake.Fault{Do: fake.Cut().Then(alter)}, "leave one of them out"},
		"late, then before":    {fake.Fault{Do: fake.LoseReply().Then(fails)}, "leave one of them out"},
		"late, then early":     {fake.Fault{Do: alter.Then(fake.Hang().Early())}, "leave one of them out"},
		"method not served":    {fake.Fault{On: diskGet, Do: fails}, "WithService"},
		"one of them unserved": {fake.Fault{On: fake.AnyOf(fake.ImageGet, diskGet), Do: fails}, "WithService"},
		"request not served":   {fake.Fault{On: fake.Match(func(*compute.GetDiskRequest) bool { return true }), Do: fails}, "WithService"},
		"no method":            {fake.Fault{On: fake.Method(""), Do: fails}, "zero Method"},
		"stream":               {fake.Fault{On: fake.Method(healthpb.Health_Watch_FullMethodName), Do: fails}, "stream"},
		"excluding conditions": {fake.Fault{On: fake.AllOf(fake.ImageGet, fake.ImageList), Do: fails}, "exclude each other"},
		"excluding request": {fake.Fault{On: fake.AllOf(fake.ImageGet, fake.Match(func(*compute.ListImagesRequest) bool { return true })), Do: fails},
			"exclude each other"},
		"no image":       {fake.Fault{On: fake.OnResource(""), Do: fails}, "the id is empty"},
		"no operation":   {fake.Fault{On: fake.AnyOf(fake.ImageGet, fake.OnOperation("")), Do: fails}, "the id is empty"},
		"no caller":      {fake.Fault{On: fake.Not(fake.ByCaller("")), Do: fails}, "the id is empty"},
		"a nil among":    {fake.Fault{On: fake.AllOf(fake.ImageGet, nil), Do: fails}, "is nil"},
		"no func":        {fake.Fault{On: fake.Match[*compute.GetImageRequest](nil), Do: fails}, "needs a func"},
		"no request":     {fake.Fault{On: fake.Match(func(*compute.Image) bool { return true }), Do: fails}, "no method that takes such a request"},
		"poll and image": {fake.Fault{On: fake.AllOf(fake.OnOperation("x"), fake.ImageGet), Do: fails}, "exclude each other"},
	} {
		t.Run(name, func(t *testing.T) {
			var line string
			w := witnessed(t, func(w *witness) {
				cloud := fake.New(w)
				line = here(1)
				i := cloud.Inject(c.fault)
				require.NotPanics(t, i.Remove)
				require.Zero(t, i.Fired())
				require.NotEmpty(t, i.String())
				_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.NoError(t, err, "a fault that was refused does nothing")
			})
			require.Len(t, w.complaints(), 1, "refused once, and not missed at the end:\n%s", w.text())
			require.Equal(t, line, w.complaints()[0].line)
			require.Contains(t, w.complaints()[0].text, c.says)
		})
	}
}

// ownTrigger is the only way to a trigger that the package does not make: it has the methods of the one in it.
type ownTrigger struct{ fake.Trigger }

func TestFaultsThatDoMakeSenseAreTaken(t *testing.T) {
	fails := fake.Return(codes.Aborted).Text("no")
	cloud := fake.New(t)
	for _, f := range []fake.Fault{
		{Do: fake.Lag(16)},
		{Do: fake.EmptyPage()},
		{On: fake.ByCaller("web"), When: fake.Polls(3), Do: fails},
		{On: fake.AnyOf(), When: fake.Chance(0), Do: fails},
		{When: ownTrigger{fake.While(func() bool { return true })}, Do: fails},
		{When: fake.AnyTrigger(nil), Do: fails},
		{On: fake.Not(fake.ImageGet), When: fake.During(0, time.Second), Do: fails},
		{Do: fake.Delay(1).Early().Then(fake.Delay(2)).Then(fake.Alter(func(proto.Message) {})).Then(fake.LoseReply())},
		{Do: fake.Throttle(0)},
		{On: fake.Match(func(*compute.CreateImageRequest) bool { return false }), Do: fake.Cut().Late()},
	} {
		f.Optional = true
		cloud.Inject(f)
	}
}

func TestFaultsThatNeverFiredFailTheTest(t *testing.T) {
	var silent, once string
	inject := func(cloud *fake.Server) {
		silent = here(1)
		cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Return(codes.Unavailable)})
		once = here(1)
		cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.Nth(2), Do: fake.Return(codes.Unavailable)})
		cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Return(codes.Unavailable), Optional: true})
		cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Return(codes.Unavailable)}).Remove()
		cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.First(1), Do: fake.Delay(1)})
		_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
	}
	check := func(text string) {
		require.Regexp(t, silent+".*ImageDelete.*never fired.*0 calls.*Optional", text)
		require.Regexp(t, once+".*ImageList.*call 2.*never fired.*1 calls?.*Optional", text)
		require.Equal(t, 2, strings.Count(text, "never fired"), text)
	}
	t.Run("New", func(t *testing.T) {
		check(witnessed(t, func(w *witness) { inject(fake.New(w)) }).text())
	})
	t.Run("Start", func(t *testing.T) {
		cloud, err := fake.Start()
		require.NoError(t, err)
		inject(cloud)
		require.NoError(t, cloud.Err(), "until the end they may still fire")
		check(cloud.Close().Error())
	})
}

// A fault that has found nothing to do has not happened: it neither counts as fired nor stands in the record.
func TestFaultsWithNothingToDoHaveNotFired(t *testing.T) {
	for name, do := range map[string]fake.Effect{
		"lag": fake.Lag(1), "empty page": fake.EmptyPage(), "repeat page": fake.RepeatPage(), "expire page": fake.ExpirePage(),
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, withDisks(anyDisk), atOnce)
			i := cloud.Inject(fake.Fault{On: fake.ByCaller("web"), Do: do, Optional: true})
			c := clientsOf(cloud.ConnAs("web"))
			c.create(t, fromDisk("web"))
			_, err := compute.NewDiskServiceClient(cloud.ConnAs("web")).Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
			require.NoError(t, err, "it makes no sense for this method, and leaves it alone")
			if name == "expire page" {
				_, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.NoError(t, err, "a request without a token passes")
			}
			require.Zero(t, i.Fired())
			for _, call := range cloud.Calls() {
				require.Empty(t, call.Faults, "%v", &call)
			}
		})
	}
	t.Run("alter an error", func(t *testing.T) {
		cloud := fake.New(t)
		i := cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Alter(func(proto.Message) {}), Optional: true})
		_, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		require.Error(t, err)
		require.Zero(t, i.Fired())
	})
}

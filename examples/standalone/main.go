// Command standalone serves the fake to programs that are not Go tests, until it is interrupted:
//
//	go -C examples/standalone run . -standard-images -state /tmp/cloud.json
//
// It says how to connect, then prints a line for each call: when it was answered, who made it, the method, what it was about, and the
// status. Everything listens on this machine alone, at free ports where none is given:
//
//   - gRPC without TLS (-tcp) and with TLS (-tls), and a proxy for programs whose endpoint is built in;
//   - the HTTP API, on all of these, so that a program which asks https://compute.api.cloud.yandex.net gets here by its environment, and
//     on a port of its own without TLS (-http): /compute/v1/images, /operations/{id} and so on, as the annotations of the API say. Its
//     calls are those of the caller "rest". Parameters that a method does not have are ignored; a field in a body that it does not have
//     is refused;
//   - the timeline of what has happened, at /timeline of the same port. With -timeline it is written to a file at the end as well.
//
// It serves images, their operations, endpoints and tokens, and in the same state what Terraform, Packer and autoscalers need beside them:
// disks and their types, snapshots, instances, zones; networks, subnets, security groups, addresses; clouds, folders; service accounts,
// access keys, KMS keys. See fake.WithNeighbours for how deep that goes. What else a program asks for is answered with Unimplemented, and
// printed as any call. Whatever its id, a folder can be used; the resource manager knows those of -folder.
//
// # State
//
// -from reads images and all other resources from a file before anything is served, -to writes those that exist at the end, -state does
// both and begins with nothing where the file does not exist yet. A file that cannot be read ends the program before it serves, and is
// left as it is. See [saved] for what is in one.
//
// # Plans and faults
//
// -plan says how operations move, -fault what goes wrong. Both may be given several times:
//
//	-plan after=30s -plan ImageDelete:stuck -plan 'ImageCreate:polls=3:fails=Internal'
//	-fault ImageCreate:Unavailable:first=2 -fault '*:delay=200ms:chance=0.1'
//
// A method is named by resource and verb, ImageCreate or DiskCreate for example, and * stands for all. See -help for the words. Without
// -plan an operation ends at its first poll: what nobody polls stays as it is, and what is being created when the program ends is not
// saved.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/protobuf/proto"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "standalone:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Nothing that it started is left when it returns.
func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args, out)
	if err != nil {
		return err
	}
	if err := s.checkPlaces(); err != nil {
		return err
	}
	resources, found, err := s.load()
	if err != nil {
		return err
	}
	options := s.options
	if s.standardImages && !found { // those of a file are in the file
		options = append(options, fake.WithStandardImages())
	}
	cloud, err := fake.Start(options...)
	if err != nil {
		return err
	}
	always := idsOf(cloud.Resources()) // zones, for example
	cloud.AddResources(resources...)
	for _, home := range homes(s.folders) {
		if cloud.Resource(idOf(home)) == nil {
			cloud.AddResources(home)
		}
	}
	for _, f := range s.faults {
		cloud.Inject(f)
	}
	ways := ways{plain: cloud.ListenTCP(s.tcp).Addr(), tls: cloud.ListenTLS(s.tls).Addr(), env: cloud.Environ(), ca: cloud.CAFile()}
	if err := cloud.Err(); err != nil { // misuse is what the flags and the file asked for
		_ = cloud.Close() // says the same again
		return err
	}
	out = &lines{w: out}
	front, err := serveHTTP(cloud, s.http, out)
	if err != nil {
		return errors.Join(err, cloud.Close())
	}
	ways.http = front.addr

	ways.print(out)
	shown := show(cloud, out)
	<-ctx.Done()

	err = errors.Join(cloud.Close(), front.close())
	shown.end()
	left, unsettled := s.settled(cloud)
	left = slices.DeleteFunc(left, func(m proto.Message) bool { return always[idOf(m)] && !isImage(m) })
	return errors.Join(err, unsettled, s.save(left), s.saveTimeline(cloud))
}

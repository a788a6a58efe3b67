package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/imagefake/imagefake/fake"
)

// settings is what the flags say.
type settings struct {
	tcp, tls, http string
	from, to       string
	mayBeNew       bool // from need not exist
	timeline       string
	standardImages bool
	folders        []string // that the resource manager is to know
	options        []fake.Option
	faults         []fake.Fault
}

// recorded is how many events are kept: enough for a page that a person reads, and few enough to look through after each call.
const recorded = 2_000

func parse(args []string, out io.Writer) (*settings, error) {
	s := &settings{options: []fake.Option{fake.WithRecord(recorded), fake.WithNeighbours(neighbours...)}}
	var state string
	var seed uint64
	flags := flag.NewFlagSet("standalone", flag.ContinueOnError)
	flags.SetOutput(out)
	const free = "127.0.0.1:0"
	flags.StringVar(&s.tcp, "tcp", free, "serve gRPC without TLS at this `address`")
	flags.StringVar(&s.tls, "tls", free, "serve gRPC with TLS at this `address`")
	flags.StringVar(&s.http, "http", free, "serve the HTTP API and the timeline at this `address`")
	flags.StringVar(&s.from, "from", "", "read images and other resources from a `file` first")
	flags.StringVar(&s.to, "to", "", "write images and other resources to a `file` at the end")
	flags.StringVar(&state, "state", "", "-from and -to in one; the `file` need not exist yet")
	flags.StringVar(&s.timeline, "timeline", "", "write the timeline's page to a `file` at the end")
	flags.BoolVar(&s.standardImages, "standard-images", false, "begin with a catalogue of public images, unless images come from a file")
	flags.Func("folder", "the `id` of a folder that the resource manager is to know; may be given several times (default my-folder)", func(id string) error {
		s.folders = append(s.folders, id)
		return nil
	})
	flags.Uint64Var(&seed, "seed", 0, "derive ids from this `number`, the same ones in every run; 0: others in every run")
	flags.Func("plan", "[METHOD:]HOW[:fails=CODE], `how` operations move: "+words(plans), func(text string) error {
		option, err := parsePlan(text)
		s.options = append(s.options, option)
		return err
	})
	flags.Func("fault", "METHOD:WHAT[:WHEN], `what` goes wrong: a code such as Unavailable, "+words(effects)+"; when: "+words(triggers),
		func(text string) error {
			fault, err := parseFault(text)
			s.faults = append(s.faults, fault)
			return err
		})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("there is nothing to do with %q: everything is said by flags, see -help", flags.Arg(0))
	case state != "" && (s.from != "" || s.to != ""):
		return nil, fmt.Errorf("-state is -from and -to in one: give either it or them")
	case state != "":
		s.from, s.to, s.mayBeNew = state, state, true
	}
	if s.folders == nil {
		s.folders = []string{"my-folder"}
	}
	if seed == 0 { // so that no id of a file is given out again
		seed = rand.Uint64()
	}
	s.options = append(s.options, fake.WithSeed(seed))
	return s, nil
}

// Conform looks at the contract from the command line:
//
//	conform cases               every case: what it shows, and where that comes from
//	conform dry-run             what a run would make in the folder of the real service; nothing is called
//	conform left                what interrupted runs left there
//	conform sweep               deletes that
//	conform compare OLD NEW     the cases in which two recordings differ
//
// The real service is the one that the environment names: see package conformance. The status is 0, 1 if recordings differ or
// something is left, and 2 where an answer could not be had.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/imagefake/imagefake/fake/conformance"
)

func main() {
	switch err := run(context.Background(), os.Stdout, os.Args[1:]); {
	case errors.Is(err, errFound):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "conform:", err)
		os.Exit(2)
	}
}

var (
	errUsage = errors.New("usage: conform cases | dry-run | left | sweep | compare OLD NEW")
	errFound = errors.New("differences, or something left") // it is printed already
)

func run(ctx context.Context, out io.Writer, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "cases":
		return cases(out)
	case len(args) == 1 && args[0] == "dry-run":
		target, finish, err := conformance.FromEnvironment()
		if errors.Is(err, conformance.ErrNotAsked) {
			target, finish, err = conformance.Target{Real: true}, func() error { return nil }, nil
		}
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, conformance.DryRun(target, conformance.Cases()))
		return errors.Join(err, finish())
	case len(args) == 1 && (args[0] == "left" || args[0] == "sweep"):
		return sweep(ctx, out, args[0] == "sweep")
	case len(args) == 3 && args[0] == "compare":
		return compare(out, args[1], args[2])
	}
	return errUsage
}

func cases(out io.Writer) error {
	sources := make(map[string]conformance.Source)
	for _, row := range conformance.Rows() {
		sources[row.ID] = row.Source
	}
	for _, c := range conformance.Cases() {
		if _, err := fmt.Fprintf(out, "%-24s [%s] %s\n", c.ID, sources[c.Row], c.Shows); err != nil {
			return err
		}
	}
	return nil
}

func sweep(ctx context.Context, out io.Writer, remove bool) error {
	target, finish, err := conformance.FromEnvironment()
	if err != nil {
		return err
	}
	left, err := conformance.Leftovers(ctx, target)
	for _, im := range left {
		fmt.Fprintf(out, "left: %s (%s)\n", im.Id, im.Name)
	}
	if err == nil && remove {
		var deleted []string
		deleted, err = conformance.Sweep(ctx, target)
		for _, name := range deleted {
			fmt.Fprintf(out, "deleted: %s\n", name)
		}
	}
	switch {
	case err == nil && left == nil:
		fmt.Fprintln(out, "nothing is left")
	case err == nil && !remove:
		err = errFound
	}
	return errors.Join(err, finish())
}

func compare(out io.Writer, older, newer string) error {
	old, err := conformance.Load(older)
	if err != nil {
		return err
	}
	now, err := conformance.Load(newer)
	if err != nil {
		return err
	}
	differences := conformance.Compare(old, now)
	for _, d := range differences {
		fmt.Fprintln(out, d)
	}
	fmt.Fprintf(out, "%d of %d cases differ\n", len(differences), max(len(old.Cases), len(now.Cases)))
	if len(differences) > 0 {
		return errFound
	}
	return nil
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// saved is a file of images and other resources, as JSON. Each is written as the HTTP API writes it, with its type where it is no image.
// Operations, access bindings and idempotency keys are not in it: what was under way has not happened. So an image that was being
// created is left out, and one that was being deleted is READY. A file of version 1 has images alone.
type saved struct {
	Kind      string            `json:"kind"`
	Version   int               `json:"version"`
	Images    []json.RawMessage `json:"images"`
	Resources []json.RawMessage `json:"resources,omitempty"`
}

const (
	savedKind    = "imagefake state"
	savedVersion = 2
)

// load reads the file of -from. found: there is one.
func (s *settings) load() (resources []proto.Message, found bool, err error) {
	if s.from == "" {
		return nil, false, nil
	}
	text, err := os.ReadFile(s.from)
	if s.mayBeNew && errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		resources, err = decode(text)
	}
	if err != nil {
		return nil, false, fmt.Errorf("the state of %s cannot be read: %w", s.from, err)
	}
	return resources, true, nil
}

// settled returns the resources of a server that has closed, as they are without what is under way: it ends on a copy, and fails.
func (s *settings) settled(cloud *fake.Server) ([]proto.Message, error) {
	calm, err := fake.Start(s.options...)
	if err != nil {
		return nil, err
	}
	calm.Restore(cloud.Snapshot())
	for _, op := range calm.Operations() {
		switch {
		case op.Done():
		case op.Proto().GetError() != nil: // it is rolling back
			op.Step()
		default:
			op.Fail(codes.Aborted, "the program has ended")
		}
	}
	left := calm.Resources()
	return left, calm.Close()
}

// checkPlaces returns an error if what is to be written at the end has no place, before anything is done that would be lost.
func (s *settings) checkPlaces() error {
	for _, name := range []string{s.to, s.timeline} {
		if name == "" {
			continue
		}
		if at, err := os.Stat(name); err == nil && at.IsDir() {
			return fmt.Errorf("%s is a directory: name a file in it", name)
		}
		if _, err := os.Stat(filepath.Dir(name)); err != nil {
			return fmt.Errorf("%s could not be written at the end, its directory cannot be found: %w", name, err)
		}
	}
	return nil
}

// save writes resources to the file of -to.
func (s *settings) save(resources []proto.Message) error {
	if s.to == "" {
		return nil
	}
	text, err := encode(resources)
	if err == nil {
		err = replace(s.to, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	if err != nil {
		return fmt.Errorf("the state is not saved in %s: %w", s.to, err)
	}
	return nil
}

// saveTimeline writes the page of -timeline.
func (s *settings) saveTimeline(cloud *fake.Server) error {
	if s.timeline == "" {
		return nil
	}
	if err := replace(s.timeline, cloud.WriteTimeline); err != nil {
		return fmt.Errorf("the timeline is not saved in %s: %w", s.timeline, err)
	}
	return nil
}

func encode(resources []proto.Message) ([]byte, error) {
	file := saved{Kind: savedKind, Version: savedVersion, Images: []json.RawMessage{}}
	for _, m := range resources {
		im, is := m.(*compute.Image)
		if !is {
			text, err := encodeTyped(m)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", m.ProtoReflect().Descriptor().Name(), idOf(m), err)
			}
			file.Resources = append(file.Resources, text)
			continue
		}
		switch im.Status {
		case compute.Image_CREATING:
			continue
		case compute.Image_DELETING:
			im.Status = compute.Image_READY
		}
		text, err := protojson.Marshal(im)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", im.Id, err)
		}
		file.Images = append(file.Images, text)
	}
	text, err := json.MarshalIndent(file, "", "  ")
	return append(text, '\n'), err
}

// encodeTyped writes a resource with its type.
func encodeTyped(m proto.Message) ([]byte, error) {
	packed, err := anypb.New(m)
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(packed)
}

// decode returns what is in a file, images first: other resources may come of them.
func decode(text []byte) ([]proto.Message, error) {
	var file saved
	in := json.NewDecoder(bytes.NewReader(text))
	err := in.Decode(&file)
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty: remove it to begin anew")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("the file is cut short, it ends after %d bytes in the middle: take a whole copy of it", len(text))
	case err != nil:
		return nil, fmt.Errorf("it is no file of this program: %w", err)
	case file.Kind != savedKind:
		return nil, fmt.Errorf("it is no file of this program: its kind is %q, and would be %q", file.Kind, savedKind)
	case file.Version < 1 || file.Version > savedVersion:
		return nil, fmt.Errorf("it is of version %d, and this program reads versions up to %d: use the program that wrote it, or another file",
			file.Version, savedVersion)
	case file.Images == nil:
		return nil, errors.New(`it has no "images", not even an empty list: take a whole copy of it`)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows behind the state: take away what does not belong to it")
	}
	resources := make([]proto.Message, 0, len(file.Images)+len(file.Resources))
	for i, text := range file.Images {
		im := new(compute.Image)
		if err := protojson.Unmarshal(text, im); err != nil {
			return nil, fmt.Errorf("image %d of %d: %w", i+1, len(file.Images), err)
		}
		resources = append(resources, im)
	}
	for i, text := range file.Resources {
		packed := new(anypb.Any)
		err := protojson.Unmarshal(text, packed)
		m, broken := packed.UnmarshalNew()
		if err = errors.Join(err, broken); err != nil {
			return nil, fmt.Errorf("resource %d of %d: %w", i+1, len(file.Resources), err)
		}
		resources = append(resources, m)
	}
	return resources, nil
}

// idsOf returns the ids of resources.
func idsOf(resources []proto.Message) map[string]bool {
	ids := make(map[string]bool)
	for _, m := range resources {
		ids[idOf(m)] = true
	}
	return ids
}

func idOf(m proto.Message) string {
	if named, is := m.(interface{ GetId() string }); is {
		return named.GetId()
	}
	return ""
}

func isImage(m proto.Message) bool {
	_, is := m.(*compute.Image)
	return is
}

// replace writes a file anew. Until all of it is written, the former one is there: it is written under another name and then renamed.
func replace(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

module github.com/imagefake/imagefake/examples/standalone

go 1.25.0

replace github.com/imagefake/imagefake => ../..

require (
	connectrpc.com/connect v1.19.1
	connectrpc.com/vanguard v0.4.0
	github.com/google/go-cmp v0.7.0
	github.com/imagefake/imagefake v0.0.0
	github.com/stretchr/testify v1.9.0
	github.com/yandex-cloud/go-genproto v0.118.0
	google.golang.org/grpc v1.71.0
	google.golang.org/protobuf v1.36.11
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/tidwall/btree v1.7.0 // indirect
	golang.org/x/net v0.38.0 // indirect
	golang.org/x/sys v0.31.0 // indirect
	golang.org/x/text v0.23.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260223185530-2f722ef697dc // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260223185530-2f722ef697dc // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

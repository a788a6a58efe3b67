module github.com/imagefake/imagefake/examples/histories

go 1.25.0

replace github.com/imagefake/imagefake => ../..

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/imagefake/imagefake v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.9.0
	github.com/yandex-cloud/go-genproto v0.118.0
	google.golang.org/grpc v1.66.2
	google.golang.org/protobuf v1.34.2
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/google/go-cmp v0.6.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/tidwall/btree v1.7.0 // indirect
	golang.org/x/net v0.28.0 // indirect
	golang.org/x/sys v0.24.0 // indirect
	golang.org/x/text v0.17.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20240903143218-8af14fe29dc1 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20240903143218-8af14fe29dc1 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

package main

import (
	"fmt"
	"io"
	"strings"
	"text/template"
)

// ways is how to connect.
type ways struct {
	plain, tls, http string // addresses
	ca               string // a file
	env              []string
}

// print says how to connect. The environment has a token in it, for the fake alone, because it is there to be pasted.
func (w ways) print(out io.Writer) {
	if err := guide.Execute(out, map[string]any{"Plain": w.plain, "TLS": w.tls, "HTTP": w.http, "CA": quote(w.ca), "Env": w.exports()}); err != nil {
		fmt.Fprintln(out, "how to connect cannot be said:", err)
	}
}

// exports returns the environment as lines for a shell.
func (w ways) exports() []string {
	var lines []string
	for _, pair := range w.env {
		name, value, _ := strings.Cut(pair, "=")
		lines = append(lines, "export "+name+"="+quote(value))
	}
	return lines
}

// quote makes a text one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

var guide = template.Must(template.New("guide").Parse(`The fake serves until it is interrupted.

gRPC       {{.Plain}}
gRPC, TLS  {{.TLS}}, for clients that trust {{.CA}}
HTTP API   http://{{.HTTP}}
timeline   http://{{.HTTP}}/timeline

grpcurl    grpcurl -plaintext {{.Plain}} list
           grpcurl -cacert {{.CA}} -d '{"folder_id": "my-folder"}' {{.TLS}} yandex.cloud.compute.v1.ImageService/List
curl       curl --noproxy '*' 'http://{{.HTTP}}/compute/v1/images?folderId=my-folder'
           curl 'https://compute.api.cloud.yandex.net/compute/v1/images?folderId=my-folder', in the environment below
SDK v1     ycsdk.Build(ctx, ycsdk.Config{Endpoint: "{{.Plain}}", Plaintext: true, Credentials: ycsdk.NewIAMTokenCredentials("any")})
SDK v2     as it is, in the environment below
Terraform  provider "yandex" { endpoint = "{{.Plain}}", plaintext = true, token = "any" }, a line each; or as below
Packer     as it is, in the environment below

Public images to start from are there with -standard-images; -h tells of state, plans and faults.

The environment of a program whose endpoint is built in (on macOS and Windows, Go programs ignore SSL_CERT_FILE):

{{range .Env}}{{.}}
{{end}}
What is called:
`))

module peers/consul

go 1.26.0

require github.com/hashicorp/consul v1.21.0

// Their checksums are not those that others recorded.
exclude (
	github.com/hashicorp/go-msgpack v1.1.5
	github.com/hashicorp/go-msgpack v1.1.6
)

module peers/vault

go 1.26.0

require github.com/hashicorp/vault v1.21.4

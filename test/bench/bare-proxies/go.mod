module isthmus.dev/bench/bare-proxies

go 1.24

// Many xDS clients in one process, each on a connection of its own, that cost as little as can be: in place of proxies that would
// run on other machines. Each subscribes to the endpoints named, receives every response whole and acknowledges it by its nonce.
//
//	bare-proxies PORT COUNT NAME...
//
// Writes a line whenever there are as many acknowledgements more as there are proxies: when the first of these responses was read and when
// the last acknowledgement was written, in nanoseconds of the machine's monotonic clock, and the CPU time of the process so far.
// Ends with stdin.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

const (
	endpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	deltaMethod  = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
)

func main() {
	port, count := number(os.Args[1]), number(os.Args[2])
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	poll, err := syscall.EpollCreate1(0)
	check(err)
	proxies := map[int32]*proxy{}
	for id := range count {
		one := connect(port)
		one.greet(id, os.Args[3:])
		proxies[int32(one.socket)] = one
		check(syscall.EpollCtl(poll, syscall.EPOLL_CTL_ADD, one.socket, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(one.socket)}))
	}
	answer(poll, proxies)
}

// answer reads whatever comes, one read for each proxy that has something.
func answer(poll int, proxies map[int32]*proxy) {
	events := make([]syscall.EpollEvent, 64)
	block := make([]byte, 256*1024)
	progress := progress{proxies: len(proxies), lines: bufio.NewWriter(os.Stdout)}
	for {
		ready, err := syscall.EpollWait(poll, events, -1)
		if err == syscall.EINTR {
			continue
		}
		check(err)
		for _, event := range events[:ready] {
			one := proxies[event.Fd]
			length, err := syscall.Read(one.socket, block)
			check(err)
			if length == 0 {
				fail("a connection ended")
			}
			one.receive(block[:length], progress.received)
			progress.report()
		}
	}
}

type progress struct {
	proxies, responses, reported int
	first                        int64
	lines                        *bufio.Writer
}

// received is called for each response, before it is acknowledged.
func (so *progress) received() {
	if so.responses++; so.responses%so.proxies == 1%so.proxies {
		so.first = monotonic()
	}
}

func (so *progress) report() {
	if so.responses/so.proxies == so.reported {
		return
	}
	so.reported = so.responses / so.proxies
	fmt.Fprintln(so.lines, so.first, monotonic(), cpu().Nanoseconds())
	check(so.lines.Flush())
}

func connect(port int) *proxy {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.Connect(socket, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	check(syscall.SetsockoptInt(socket, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1))
	return &proxy{socket: socket}
}

func monotonic() int64 {
	var now syscall.Timespec
	_, _, failed := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		fail(failed.Error())
	}
	return now.Nano()
}

func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(words string) {
	fmt.Fprintln(os.Stderr, "bare-proxies:", words)
	os.Exit(1)
}

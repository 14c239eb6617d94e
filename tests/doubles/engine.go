// A stand-in engine in Go, which is linked statically and makes system calls of its own.
//
// usage: engine PORT    listen as GROMACS does, say the port, and read what one client sends
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp4", "0.0.0.0:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "IMD: Listening for IMD connection on port %d.\n",
		listener.Addr().(*net.TCPAddr).Port)
	client, err := listener.Accept()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "a client came")
	io.Copy(io.Discard, client)
}

// Package embed runs a NATS server inside the process: the broker of a test, of an
// example, or of a service of one machine. It adds some 10 MB to a binary, so it is
// a module of its own.
//
// A server without an address has no listener: only the process itself reaches it,
// through memory. With an address such as 127.0.0.1:4222, the processes of the
// machine do. There is no authentication here; a broker that strangers can reach is
// a NATS server of its own, with its own configuration.
package embed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options is how a server runs. The zero Options is a server without a listener,
// whose files vanish with it.
type Options struct {
	// Addr is where the server listens, such as "127.0.0.1:4222"; a port of 0 is
	// chosen by the system. If empty, there is no listener.
	Addr string

	// Dir is where files are kept, from one run to the next. If empty, a temporary
	// folder is used, and removed by Close.
	Dir string

	// Sync makes each write reach the disk before it is acknowledged, which takes
	// milliseconds. Without it, a crash of the machine loses what was written in the
	// last two minutes; a crash of the process loses nothing.
	Sync bool

	// Debug shows what the server logs on standard error.
	Debug bool
}

// Server is a running NATS server with JetStream.
type Server struct {
	server *server.Server
	remove string // a folder
}

// ready is how long a server may take to start. It takes about 5 ms.
const ready = 30 * time.Second

// Start runs a server until Close.
func Start(o Options) (*Server, error) {
	s := &Server{}
	options, err := s.options(o)
	if err == nil {
		s.server, err = server.NewServer(options)
	}
	if err != nil {
		s.removeFiles()
		return nil, fmt.Errorf("embed: %w", err)
	}
	if o.Debug {
		s.server.ConfigureLogger()
	}
	s.server.Start()
	if !s.server.ReadyForConnections(ready) {
		s.Close()
		return nil, errors.New("embed: the server does not start: is the address taken?")
	}
	return s, nil
}

func (s *Server) options(o Options) (*server.Options, error) {
	options := &server.Options{
		DontListen: o.Addr == "",
		JetStream:  true,
		StoreDir:   o.Dir,
		SyncAlways: o.Sync,
		NoSigs:     true,
		NoLog:      !o.Debug,
	}
	if o.Addr != "" {
		host, port, err := net.SplitHostPort(o.Addr)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		if number == 0 {
			number = server.RANDOM_PORT
		}
		options.Host, options.Port = host, number
	}
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "weakref-embed-")
		if err != nil {
			return nil, err
		}
		options.StoreDir, s.remove = dir, dir
	}
	return options, nil
}

// URL returns where clients of other processes connect, or "" without a listener.
func (s *Server) URL() string {
	if addr := s.server.Addr(); addr != nil {
		return "nats://" + addr.String()
	}
	return ""
}

// Connect returns a connection through memory.
func (s *Server) Connect(options ...nats.Option) (*nats.Conn, error) {
	return nats.Connect("", append(options, nats.InProcessServer(s.server))...)
}

// Close ends the server and its connections, and waits until it has ended.
func (s *Server) Close() error {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return s.removeFiles()
}

func (s *Server) removeFiles() error {
	if s.remove == "" {
		return nil
	}
	return os.RemoveAll(s.remove)
}

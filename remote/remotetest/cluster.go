package remotetest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/weakref-go/weakref/remote/embed"
)

// Cluster is a cluster of three brokers, each a child process of its own. The program
// must play their role: see [BrokerRole].
type Cluster struct {
	Brokers [3]*Child
	dir     string
	ports   [3]int // of clients
	routes  [3]int
	stepped time.Duration
}

// brokerRole is the name of the role of a broker.
const brokerRole = "remotetest-broker"

// BrokerRole adds the role of a broker to those of a program, for [Main] or [RunChild].
func BrokerRole(roles map[string]Role) map[string]Role {
	roles[brokerRole] = runBroker
	return roles
}

// StartCluster starts three brokers and waits until they have a leader. Their files are
// removed by Close.
func StartCluster() (*Cluster, error) {
	dir, err := os.MkdirTemp("", "weakref-cluster-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	for i := range c.ports {
		if c.ports[i], err = freePort(); err == nil {
			c.routes[i], err = freePort()
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range c.Brokers {
		if err := c.start(i); err != nil {
			c.Close()
			return nil, err
		}
	}
	for _, b := range c.Brokers {
		if answer, err := b.Call(time.Minute, "ready"); err != nil || answer != "ready" {
			c.Close()
			return nil, fmt.Errorf("remotetest: a broker does not start: %s %v", answer, err)
		}
	}
	return c, nil
}

func (c *Cluster) start(i int) (err error) {
	if c.Brokers[i], err = Start(brokerRole); err != nil {
		return err
	}
	if c.stepped != 0 {
		if err := c.Brokers[i].Step(c.stepped); err != nil {
			return err
		}
	}
	args := []string{"start", strconv.Itoa(i), filepath.Join(c.dir, strconv.Itoa(i)), strconv.Itoa(c.ports[i])}
	args = append(args, strconv.Itoa(c.routes[i]))
	for _, r := range c.routes {
		args = append(args, strconv.Itoa(r))
	}
	return c.Brokers[i].Send(args...)
}

// Restart starts a broker that was killed, with the files that it had.
func (c *Cluster) Restart(i int) error {
	if err := c.start(i); err != nil {
		return err
	}
	_, err := c.Brokers[i].Call(time.Minute, "ready")
	return err
}

// URL returns where clients connect: all brokers, the given one first.
func (c *Cluster) URL(first int) string {
	urls := make([]string, len(c.ports))
	for k := range urls {
		urls[k] = "nats://127.0.0.1:" + strconv.Itoa(c.ports[(first+k)%len(c.ports)])
	}
	return strings.Join(urls, ",")
}

// Address returns where one broker is.
func (c *Cluster) Address(i int) string { return "127.0.0.1:" + strconv.Itoa(c.ports[i]) }

// Leader returns the broker that leads a stream, or -1.
func (c *Cluster) Leader(stream string) int {
	for i, b := range c.Brokers {
		if answer, err := b.Call(2*time.Second, "leads", stream); err == nil && answer == "true" {
			return i
		}
	}
	return -1
}

// Step sets the wall clocks of all brokers, as [Child.Step] does, and of those that are
// restarted later.
func (c *Cluster) Step(by time.Duration) error {
	for _, b := range c.Brokers {
		if err := b.Step(by); err != nil {
			return err
		}
	}
	c.stepped += by
	return nil
}

// Close kills the brokers and removes their files.
func (c *Cluster) Close() error {
	for _, b := range c.Brokers {
		if b != nil {
			b.Kill()
		}
	}
	return os.RemoveAll(c.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// StartBroker starts one broker, whose files are in a folder, in a process of its own, and
// returns where clients connect. The program must play its role: see [BrokerRole].
func StartBroker(dir string) (b *Child, url string, err error) {
	if b, err = Start(brokerRole); err != nil {
		return nil, "", err
	}
	url, err = b.Call(time.Minute, "alone", dir)
	if err == nil && !strings.HasPrefix(url, "nats://") {
		err = fmt.Errorf("remotetest: a broker does not start: %s", url)
	}
	if err != nil {
		b.Kill()
	}
	return b, url, err
}

// Step sets the wall clock of a broker, started by [StartBroker] or of a [Cluster], forward
// or back by whole seconds. It returns [errors.ErrUnsupported] unless the program was built
// with the overlay that remotetest/clock prints.
func (c *Child) Step(by time.Duration) error {
	answer, err := c.Call(time.Minute, "step", by.String())
	if err == nil && answer != "true" {
		err = errors.ErrUnsupported
	}
	return err
}

// runBroker is the role of a broker: start, then questions.
func runBroker(commands *bufio.Scanner, answer func(string, ...any)) {
	var s *server.Server
	for commands.Scan() {
		switch f := strings.Fields(commands.Text()); f[0] {
		case "start":
			var err error
			if s, err = startBroker(f[1:]); err != nil {
				fmt.Fprintln(os.Stderr, "remotetest: broker:", err)
				return
			}
		case "ready":
			answer("%s", readiness(s))
		case "leads":
			answer("%v", s.JetStreamIsStreamLeader("$G", f[1]))
		case "alone":
			if b, err := embed.Start(embed.Options{Addr: "127.0.0.1:0", Dir: f[1]}); err != nil {
				answer("%v", err)
			} else {
				answer("%s", b.URL())
			}
		case "step":
			by, err := time.ParseDuration(f[1])
			answer("%v", err == nil && step(by))
		}
	}
}

// startBroker starts a broker, given its number, folder, port, route port and all route
// ports.
func startBroker(f []string) (*server.Server, error) {
	port, err := strconv.Atoi(f[2])
	if err != nil {
		return nil, err
	}
	route, err := strconv.Atoi(f[3])
	if err != nil {
		return nil, err
	}
	var routes []string
	for _, r := range f[4:] {
		routes = append(routes, "nats://127.0.0.1:"+r)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "broker-" + f[0],
		Host:       "127.0.0.1",
		Port:       port,
		JetStream:  true,
		StoreDir:   f[1],
		NoSigs:     true,
		NoLog:      true,
		Cluster:    server.ClusterOpts{Name: "remotetest", Host: "127.0.0.1", Port: route},
		Routes:     server.RoutesFromStr(strings.Join(routes, ",")),
	})
	if err == nil {
		s.Start()
	}
	return s, err
}

// readiness waits until a broker takes part in a cluster that has a leader.
func readiness(s *server.Server) string {
	for range 600 {
		if s.ReadyForConnections(time.Second) && s.JetStreamIsCurrent() {
			return "ready"
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "no leader"
}

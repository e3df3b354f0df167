// Package remotetest has what tests of programs need that use package remote: a proxy
// between a client and its broker that cuts, swallows and delays; a cluster of three
// brokers in child processes; child processes that can be killed and stopped.
//
// Nothing of it leaves the loopback.
package remotetest

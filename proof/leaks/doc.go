// Package leaks checks that the containers leave nothing behind when they are dropped.
package leaks

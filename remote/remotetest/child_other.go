//go:build !unix

package remotetest

import "errors"

// Stop is not supported on this system.
func (c *Child) Stop() error { return errors.ErrUnsupported }

// Continue is not supported on this system.
func (c *Child) Continue() error { return errors.ErrUnsupported }

package recipes

import (
	"expvar"
	"log/slog"
)

// page:

func publish(name string, s *Sessions) { // once for each name
	expvar.Publish(name, expvar.Func(func() any { return s.byToken.Stats() }))
}

func logStats(s *Sessions) {
	slog.Info("sessions", "cache", s.byToken.Stats())
}

// end:

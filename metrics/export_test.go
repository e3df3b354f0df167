package metrics

// Known returns how many containers a Source remembers.
func Known(s *Source) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known)
}

// Rows returns how many kinds and names a Source tells apart.
func Rows(s *Source) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// Room returns for how many more names there is room.
func Room(s *Source) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room
}

package handles

func Use(h uintptr)  {}
func Name(h uintptr) {}

package unix

func Write(fd int, p []byte) (int, error) { return 0, nil }
func Close(fd int) error                  { return nil }

package purego

func RegisterLibFunc(fptr any, handle uintptr, name string) {}

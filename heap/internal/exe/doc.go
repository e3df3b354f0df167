// Package exe reads from an executable what names a heap: its variables,
// functions and lines, and its types. It is the third of the stages that package
// heap describes.
//
// What can be had depends on how the program was linked:
//
//	                          functions  run-time  names of   types of variables, names of
//	                          and lines  types     variables  locals and captured variables
//	go build                      ✓         ✓         ✓          ✓
//	go build -ldflags=-w          ✓         ✓         ✓          –
//	go build -ldflags=-s          ✓         ✓         –          –
//
// "go test" and "go run" build stripped programs unless told otherwise.
//
// Functions and lines come from the table that the runtime prints stacks with,
// and run-time types from the descriptors that package reflect reads, both of
// which no linker flag removes. Names of variables come from the symbol table,
// and the rest from DWARF.
//
// ELF (Linux, the BSDs), Mach-O (macOS) and PE (Windows) are read. Addresses are
// those of the dump; where the system has loaded the program elsewhere than it
// was linked for, [File.Match] finds out by how much.
package exe

package attach

import (
	"debug/dwarf"
	"strings"
)

// LayoutFromDWARF reads a layout from an executable. The linker leaves out what the
// program does not use, so it may lack entries.
func LayoutFromDWARF(d *dwarf.Data) (Layout, error) {
	w := wantedEntries()
	l := Layout{}
	r := d.Reader()
	for len(w) > 0 {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		if name, _ := e.Val(dwarf.AttrName).(string); w[name] != nil {
			if err := l.add(d, e, name, w[name]); err != nil {
				return nil, err
			}
			delete(w, name)
		}
		if e.Tag != dwarf.TagCompileUnit {
			r.SkipChildren()
		}
	}
	return l, nil
}

// wantedEntries are the fields that are wanted of each record, by its full name; those
// of a constant are none.
func wantedEntries() map[string][]string {
	w := map[string][]string{}
	for _, r := range Wanted.Records {
		f := strings.Fields(r)
		w[f[0]] = f
	}
	for _, c := range Wanted.Constants {
		w[c] = []string{c}
	}
	return w
}

// add takes in a record or constant.
func (l Layout) add(d *dwarf.Data, e *dwarf.Entry, name string, wanted []string) error {
	short := withoutPackage(name)
	switch e.Tag {
	case dwarf.TagConstant:
		if v, ok := e.Val(dwarf.AttrConstValue).(int64); ok {
			l[short] = uint64(v)
		}
	case dwarf.TagStructType:
		t, err := d.Type(e.Offset)
		if err != nil {
			return err
		}
		s := t.(*dwarf.StructType)
		l[short] = uint64(s.ByteSize)
		for _, f := range s.Field {
			for _, want := range wanted[1:] {
				if f.Name == want {
					l[short+"."+f.Name] = uint64(f.ByteOffset)
				}
			}
		}
	}
	return nil
}

package demo

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// columns is how wide a line may be where it is not known.
const columns = 80

// widthOf returns how wide a line on w may be.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return columns
}

// writeTable writes the report for people.
func (r *report) writeTable(w io.Writer) error {
	width := widthOf(w)
	table := r.table()
	if text.LongestLineLen(table) > width {
		table = r.list()
	}
	for _, part := range slices.Concat([]string{
		text.WrapSoft(r.title()+".", width),
		text.WrapSoft(r.sizes(), width),
		table,
	}, r.remarks()) {
		if _, err := fmt.Fprintln(w, part); err != nil {
			return err
		}
	}
	return nil
}

// list returns the figures below each other, for a narrow terminal.
func (r *report) list() string {
	var b strings.Builder
	heads := r.heads()
	for _, row := range r.rows() {
		fmt.Fprintln(&b, row.Name)
		for i, v := range row.Values {
			fmt.Fprintf(&b, "  %s: %s\n", heads[i], v)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// table returns the figures with a row for each measure.
func (r *report) table() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(tableRow("", r.heads()))
	for _, row := range r.rows() {
		t.AppendRow(tableRow(row.Name, row.Values))
	}
	var right []table.ColumnConfig
	for i := range r.trials {
		right = append(right, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	return t.Render()
}

func tableRow(name string, values []string) table.Row {
	row := table.Row{name}
	for _, v := range values {
		row = append(row, v)
	}
	return row
}

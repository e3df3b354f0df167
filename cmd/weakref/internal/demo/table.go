package demo

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// writeTable writes the report for people.
func (r *report) writeTable(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s.\n%s\n%s\n", r.title(), r.sizes(), r.table())
	for _, remark := range r.remarks() {
		if err == nil {
			_, err = fmt.Fprintln(w, remark)
		}
	}
	return err
}

// table returns the figures with a row for each measure.
func (r *report) table() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(tableRow("", r.columns()))
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

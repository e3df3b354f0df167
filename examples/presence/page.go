package main

import (
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

func (p *process) index(w http.ResponseWriter, r *http.Request) {
	_ = page.Execute(w, p.number) // it fails only when the reader has gone
}

package why

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(drawn.Templates + pageSource))

// pageData is what the page shows. The script draws the tree, and copies the path to a node
// that is chosen.
type pageData struct {
	File   string
	Info   []string
	Tree   *treeNode
	Paths  []drawn.Path // of nodes of the tree
	Types  []typeRow
	Target []drawnAnswer // what was asked for
}

// treeNode is a holder in the tree of holders, with what it retains.
type treeNode struct {
	Name    string      `json:"n"`
	Bytes   uint64      `json:"b"`           // retained
	Size    string      `json:"s"`           // the same for people
	Objects int         `json:"o"`           // retained
	Path    int         `json:"p,omitempty"` // to one of its own objects: its number among the page's, from 1
	Kids    []*treeNode `json:"k,omitempty"`

	example heap.Object
	byName  map[string]*treeNode
}

type typeRow struct{ Objects, Bytes, Retained, Name string }

// drawnAnswer is why an object is alive.
type drawnAnswer struct {
	Title string
	Facts []string
	Paths []drawn.Path
}

const (
	pageTypes   = 40
	maxNodes    = 2000
	leastShare  = 2000 // a node with less than this part of all bytes is left out
	maxPaths    = 200  // of nodes, those that retain most
	pathsBudget = 10 * time.Second
)

// writePage writes a page that needs nothing else. target is what was asked for,
// "" if nothing was.
func (v *view) writePage(w io.Writer, target string) error {
	info := infoLines(v.file, v.Info())
	data := pageData{File: info[0], Info: info[1:]}
	data.Tree, data.Paths = v.tree()
	for _, t := range v.retainedTypes() {
		if len(data.Types) == pageTypes {
			break
		}
		data.Types = append(data.Types, typeRow{count(t.Objects), drawn.Bytes(t.Bytes), drawn.Bytes(t.Retained), typeName(t.Name)})
	}
	if target != "" {
		a, err := paths(v, []string{target})
		if err != nil {
			return err
		}
		for _, g := range a.(*pathAnswer).groups {
			data.Target = append(data.Target, drawAnswer(g.Answer))
		}
	}
	return pageTemplate.Execute(w, data)
}

// tree folds the chains of holders into a tree, and returns paths to its nodes.
func (v *view) tree() (root *treeNode, paths []drawn.Path) {
	root = &treeNode{Name: "all that roots lead to"}
	for _, c := range v.Dominators().Chains() {
		n := root
		n.count(c)
		for _, name := range c.Holders {
			n = n.child(name)
			n.count(c)
		}
		n.example = c.Example
	}
	var nodes []*treeNode
	root.prune(root.Bytes/leastShare, &nodes)
	slices.SortStableFunc(nodes, func(a, b *treeNode) int { return cmp.Compare(b.Bytes, a.Bytes) })
	if len(nodes) > maxNodes {
		root.prune(nodes[maxNodes].Bytes+1, new([]*treeNode))
		nodes = nodes[:maxNodes]
	}
	return root, v.explain(nodes)
}

func (n *treeNode) count(c heap.Chain) {
	n.Bytes += c.Bytes
	n.Objects += c.Objects
}

func (n *treeNode) child(name string) *treeNode {
	kid := n.byName[name]
	if kid == nil {
		kid = &treeNode{Name: name}
		if n.byName == nil {
			n.byName = map[string]*treeNode{}
		}
		n.byName[name] = kid
		n.Kids = append(n.Kids, kid)
	}
	return kid
}

// prune leaves out what retains less than a number of bytes, and lists the rest.
func (n *treeNode) prune(least uint64, list *[]*treeNode) {
	n.Size = drawn.Bytes(n.Bytes)
	*list = append(*list, n)
	n.Kids = slices.DeleteFunc(n.Kids, func(k *treeNode) bool { return k.Bytes < least })
	slices.SortStableFunc(n.Kids, func(a, b *treeNode) int { return cmp.Compare(b.Bytes, a.Bytes) })
	for _, k := range n.Kids {
		k.prune(least, list)
	}
}

// explain finds paths to the nodes that retain most. In a large heap each takes a
// while, so it ends after some time.
func (v *view) explain(nodes []*treeNode) (paths []drawn.Path) {
	deadline := time.Now().Add(pathsBudget)
	for i, n := range nodes[:min(maxPaths, len(nodes))] {
		if time.Now().After(deadline) {
			break
		}
		if v.Progress != nil {
			v.Progress("explaining", float64(i)/float64(min(maxPaths, len(nodes))))
		}
		if n.example.Address == 0 {
			continue
		}
		if p := v.Paths(n.example, 1); len(p) > 0 {
			paths = append(paths, drawn.Of(p[0]))
			n.Path = len(paths)
		}
	}
	return paths
}

func drawAnswer(a *heap.Answer) drawnAnswer {
	d := drawnAnswer{Title: a.Object.String()}
	_, facts, _ := strings.Cut(a.String(), "retains ")
	d.Facts = strings.Split("retains "+facts, "\n")
	for _, p := range a.Paths {
		d.Paths = append(d.Paths, drawn.Of(p))
	}
	return d
}

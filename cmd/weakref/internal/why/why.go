// Package why is the command "weakref why": it says what keeps objects alive, from
// a heap dump.
package why

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weakref-go/weakref/heap"
)

// options are the flags of the command.
type options struct {
	binary string
	max    int
	by     string
	json   bool
	dot    bool
	pprof  string
	html   string
	quiet  bool

	pid   int           // of the process to ask about, 0 for a dump
	after time.Duration // between the two looks of diff
	save  string        // where to keep what was read of the process

	noIndex bool // keep nothing beside the dump
	runtime bool // show the runtime's own, too
}

// Command returns the command.
func Command() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "why DUMP [query]",
		Short: "Say what keeps objects alive, from a heap dump",
		Long: `Say what keeps objects alive, from a heap dump.

  weakref why DUMP                     browse the heap (in a terminal), or sum it up
  weakref why DUMP info                what the dump says of itself
  weakref why DUMP path ADDR|TYPE      what leads to an object, or to objects of a type
  weakref why DUMP top                 types by objects, bytes, and retained bytes
  weakref why DUMP holders [ADDR]      what there is by how it is held, or what refers to an object
  weakref why DUMP dominators [ADDR]   objects that retain most, or what an object retains
  weakref why DUMP goroutines          goroutines by state, frame and creator
  weakref why DUMP unrooted            what no root in the dump leads to: held by a cleanup, or garbage
  weakref why diff OLD NEW             what has grown from one dump to the next
  weakref why --pid PID [query]        the same of a running process, of which nothing is needed
  weakref why --pid PID diff --after D what grows in it within a time, such as 5m

A dump is written by heap.Snapshot, or by runtime/debug.WriteHeapDump. A core file
does, too. For names, give the executable that wrote it with --binary, or a build of
the same sources with the same version of Go that is not stripped.

A process (linux/amd64) stands still while it is read, 0.1 s for 100 MB if a processor
is free, and goes on as it was. The right to trace it is needed. What is read goes to a file of mode 0600
in the folder for temporary files (TMPDIR) that has no name, or is kept with --save.

What a question has taken more than a second to find is kept in DUMP.weakref-index, for
when it is asked again.

A dump holds all memory of the process, secrets too. So may what is made from it:
keys of maps are printed.`,
		Example: `  weakref why heap.dump --binary ./server
  weakref why heap.dump --binary ./server path '*main.Session'
  weakref why heap.dump --binary ./server --pprof retained.pb.gz && go tool pprof -http=: retained.pb.gz
  weakref why heap.dump --binary ./server --html heap.html
  weakref why --pid $(pidof server) top
  weakref why core.1234 --binary ./server goroutines`,
		Args: func(c *cobra.Command, args []string) error {
			_, _, err := o.parse(args)
			return err
		},
		RunE: o.run,

		ValidArgsFunction: o.complete,
	}
	f := c.Flags()
	f.StringVarP(&o.binary, "binary", "b", "", "executable that wrote the dump, or one of the same sources with names")
	f.IntVarP(&o.max, "max", "n", 20, "print no more than this many entries; paths to each object are 3 at most")
	f.StringVar(&o.by, "by", "retained", "order of top: objects, bytes or retained")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.dot, "dot", false, "print a graph for Graphviz (path, holders, dominators)")
	f.StringVar(&o.pprof, "pprof", "", "write retained bytes to `FILE` as a profile for go tool pprof")
	f.StringVar(&o.html, "html", "", "write a page with the retained tree and paths to `FILE`")
	f.BoolVar(&o.runtime, "runtime", false, "show what only the runtime holds, too, entry by entry")
	f.BoolVar(&o.noIndex, "no-index", false, "neither read nor write an index beside the dump")
	f.IntVarP(&o.pid, "pid", "p", 0, "ask about this process instead of a dump")
	f.DurationVar(&o.after, "after", 0, "with --pid and diff: look again after this time")
	f.StringVar(&o.save, "save", "", "with --pid: keep what was read in `FILE`; of diff, the first look in FILE.before")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "show no progress")
	return c
}

// exitWhenCancelled ends the program when it is interrupted: reading a large dump
// cannot be.
func exitWhenCancelled(ctx context.Context) (stop func() bool) {
	if ctx == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { os.Exit(130) })
}

// request is what is asked of a dump.
type request struct {
	query string // a key of queries, "" if there is none
	args  []string
}

// parse takes the arguments apart.
func (o *options) parse(args []string) (dumps []string, r request, err error) {
	switch {
	case o.pid != 0:
		r, err = o.parseProcess(args)
		return nil, r, err
	case o.after != 0 || o.save != "":
		return nil, r, errors.New("--after and --save are for --pid")
	case len(args) == 0:
		return nil, r, errors.New("which dump? weakref why DUMP [query]; weakref why --help lists the queries")
	case args[0] == "diff":
		if len(args) != 3 {
			return nil, r, errors.New("diff needs two dumps: weakref why diff OLD NEW")
		}
		return args[1:], request{query: "diff"}, nil
	case len(args) == 1:
		return args, r, nil
	}
	r, err = parseQuery(args[1:])
	return args[:1], r, err
}

func parseQuery(args []string) (r request, err error) {
	r = request{args[0], args[1:]}
	q, ok := queries[r.query]
	switch {
	case !ok:
		return r, fmt.Errorf("there is no query %q; there are %s, and diff", r.query, strings.Join(queryNames(), ", "))
	case len(r.args) < q.least || len(r.args) > q.most:
		return r, fmt.Errorf("the query %s takes %s", r.query, q.usage)
	}
	return r, nil
}

// complete completes the arguments in a shell: files where dumps stand, and queries.
func (o *options) complete(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch {
	case o.pid != 0 && len(args) == 0:
		return append(queryNames(), "diff"), cobra.ShellCompDirectiveNoFileComp
	case len(args) == 0:
		return []cobra.Completion{"diff"}, cobra.ShellCompDirectiveDefault
	case args[0] == "diff" && len(args) < 3:
		return nil, cobra.ShellCompDirectiveDefault
	case args[0] != "diff" && len(args) == 1:
		return queryNames(), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// answer is what a query finds.
type answer interface {
	text(w io.Writer)
	data() any // for JSON
}

// dotted is an answer that can be drawn by Graphviz.
type dotted interface{ dot(w io.Writer) }

// query is something that can be asked of a dump.
type query struct {
	least, most int // arguments
	usage       string
	run         func(v *view, args []string) (answer, error)
}

var queries = map[string]query{
	"info":       {0, 0, "no argument", info},
	"path":       {1, 1, "an address or a type", paths},
	"top":        {0, 0, "no argument", top},
	"holders":    {0, 1, "no argument or an address", holders},
	"dominators": {0, 1, "no argument or an address", dominators},
	"goroutines": {0, 0, "no argument", goroutines},
	"unrooted":   {0, 0, "no argument", unrooted},
}

func queryNames() (names []string) {
	for name := range queries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// view is an open dump and how it is looked at.
type view struct {
	*heap.Dump // nil if the index has all that is needed
	index      *index
	file       string
	options
	inUse bool // still, by the browser's last command
}

func (given *options) run(c *cobra.Command, args []string) error {
	dumps, r, err := given.parse(args)
	if err != nil {
		return err
	}
	o := *given
	if o.max < 1 {
		return fmt.Errorf("-n is %d; it must be 1 or more", o.max)
	}
	stop := exitWhenCancelled(c.Context())
	defer stop()
	out := c.OutOrStdout()
	progress := o.progress(c.ErrOrStderr())
	defer progress.end()
	if o.pid != 0 {
		p, err := o.look(c, r, progress)
		if err != nil {
			return err
		}
		defer p.close()
		dumps, o = p.dumps, p.options
	}
	if r.query == "diff" {
		return o.diff(out, dumps[0], dumps[1], progress.show)
	}
	started := time.Now()
	file := o.title(dumps[0])
	x := o.openIndex(dumps[0])
	if r.query == "" && (o.json || !isTerminal(out)) && o.pprof == "" && o.html == "" {
		r.query = "info"
	}
	if x.covers(r, o) {
		a, err := queries[r.query].run(&view{index: x, file: file, options: o}, r.args)
		if err != nil {
			return err
		}
		return o.print(out, r.query, a)
	}
	d, err := o.open(dumps[0], progress.show)
	if err != nil {
		return err
	}
	v := &view{Dump: d, index: x, file: file, options: o}
	defer func() {
		if !v.inUse {
			d.Close()
		}
	}()
	switch written, err := v.writeFiles(r, c.ErrOrStderr()); {
	case err != nil:
		return err
	case r.query == "" && written:
		return nil
	case r.query == "" && isTerminal(out) && !o.json:
		progress.end()
		stop()             // the browser gives the terminal back first
		v.index = &index{} // it goes on from objects, which the file has only addresses of
		return browse(c.Context(), v)
	case r.query == "":
		r.query = "info"
	}
	a, err := queries[r.query].run(v, r.args)
	if err != nil {
		return err
	}
	progress.end()
	x.save(time.Since(started)) // it is no loss if that cannot be
	return o.print(out, r.query, a)
}

func (o options) open(dump string, progress func(string, float64)) (*heap.Dump, error) {
	f, err := os.Open(dump)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := heap.Read(f, heap.Options{Binary: o.binary, Progress: progress})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dump, err)
	}
	return d, nil
}

// writeFiles writes the files that are asked for, and says so.
func (v *view) writeFiles(r request, said io.Writer) (written bool, err error) {
	if v.pprof != "" {
		if err := toFile(v.pprof, v.writeProfile); err != nil {
			return false, err
		}
		fmt.Fprintf(said, "%s: a profile of what is retained, for go tool pprof\n", v.pprof)
	}
	if v.html != "" {
		target := ""
		if r.query == "path" {
			target = r.args[0]
		}
		if err := toFile(v.html, func(w io.Writer) error { return v.writePage(w, target) }); err != nil {
			return false, err
		}
		fmt.Fprintf(said, "%s: a page with the retained tree, for a browser\n", v.html)
	}
	return v.pprof != "" || v.html != "", nil
}

// toFile writes a file that others cannot read: what is in a dump may be secret.
func toFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func (o options) print(w io.Writer, query string, a answer) error {
	switch d, ok := a.(dotted); {
	case o.json:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(a.data())
	case o.dot && !ok:
		return fmt.Errorf("--dot is for path, holders ADDR and dominators, not for %s", query)
	case o.dot:
		d.dot(w)
	default:
		a.text(fitted(w, a))
	}
	return nil
}

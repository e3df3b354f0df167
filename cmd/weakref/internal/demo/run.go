package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

var errInterrupted = errors.New("interrupted")

// run does what the user has asked for. What the user wants to have goes to out, and
// how it comes about to aside.
func (o *options) run(ctx context.Context, args []string, out, aside io.Writer) error {
	w, err := o.prepare(ctx, args, aside)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	// A file that cannot be written must not be found out after all the work.
	page, err := o.createPage()
	if err != nil {
		return err
	}
	r := w.run(ctx, newProgress(aside, len(kinds)*w.rounds))
	err = errors.Join(o.print(r, out, aside), page.write(r))
	if r.interrupted {
		err = errors.Join(errInterrupted, err)
	}
	return err
}

// prepare finds the files and returns what is to be done with them.
func (o *options) prepare(ctx context.Context, args []string, aside io.Writer) (_ *work, err error) {
	var dir string
	if len(args) > 0 {
		dir = args[0]
	} else if dir, err = goSource(ctx); err != nil {
		return nil, err
	}
	src, err := open(dir)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(aside, "Looking for Go files in %s\n", dir)
	all, err := src.find(ctx)
	if err != nil {
		return nil, err
	}
	w := &work{source: src, editors: o.workers, rounds: o.rounds, seed: o.seed}
	for _, f := range all {
		w.found += len(f)
	}
	w.folders, w.files = choose(all, o.files, o.seed)
	return w, nil
}

// run tries the strategies one after the other, until ctx ends.
func (w *work) run(ctx context.Context, p progress) *report {
	r := &report{work: w}
	for _, k := range kinds {
		p.begin(k.title)
		t := w.try(ctx, k, p.step)
		r.trials = append(r.trials, t)
		if r.interrupted = t.Interrupted; r.interrupted {
			break
		}
	}
	p.end()
	return r
}

// print prints the report in the form that the user wants.
func (o *options) print(r *report, out, aside io.Writer) error {
	if !o.json {
		return r.writeTable(out)
	}
	for _, remark := range r.remarks() {
		fmt.Fprintln(aside, remark)
	}
	return r.writeJSON(out)
}

// page is the report's file, if there is to be one.
type page struct{ *os.File }

func (o *options) createPage() (page, error) {
	if o.html == "" {
		return page{}, nil
	}
	f, err := os.Create(o.html)
	if err != nil {
		return page{}, fmt.Errorf("--html: %w", err)
	}
	return page{f}, nil
}

func (p page) write(r *report) error {
	if p.File == nil {
		return nil
	}
	return errors.Join(r.writeHTML(p), p.Close())
}

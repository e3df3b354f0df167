// Sqlite shows one database per name, shared by whoever needs it: the first user
// opens it, the last one closes it a moment later, in case another comes.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite"

	"github.com/weakref-go/weakref/rc"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	var opened atomic.Int32
	databases := &rc.Pool[string, *sql.DB]{
		Open: func(ctx context.Context, name string) (*sql.DB, error) {
			opened.Add(1)
			return open(ctx, filepath.Join(dir, name+".db"))
		},
		Close: (*sql.DB).Close,
		Idle:  time.Minute,
	}

	var workers sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		name := []string{"orders", "stock"}[i%2]
		workers.Go(func() { errs[i] = record(ctx, databases, name, i) })
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}

	n, err := count(ctx, databases, "orders")
	if err != nil {
		return err
	}
	fmt.Println(n, "orders; databases opened:", opened.Load())
	fmt.Println("open, nobody uses them:", databases.Len())
	if err := databases.CloseIdle(); err != nil {
		return err
	}
	fmt.Println("open at the end:", databases.Len())
	return nil
}

func open(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer at a time
	if _, err := db.ExecContext(ctx, "create table if not exists entry (n integer)"); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// record does what a request does: get the database, use it, let go.
func record(ctx context.Context, databases *rc.Pool[string, *sql.DB], name string, n int) error {
	db, err := databases.Get(ctx, name)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Value().ExecContext(ctx, "insert into entry values (?)", n)
	return err
}

func count(ctx context.Context, databases *rc.Pool[string, *sql.DB], name string) (n int, err error) {
	db, err := databases.Get(ctx, name)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.Value().QueryRowContext(ctx, "select count(*) from entry").Scan(&n)
	return n, err
}

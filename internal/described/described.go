// Package described is what the state of a container can say of itself to those who list
// containers: see package inspect.
package described

// State is the state of a container. Its methods run no code of the user's, and may be
// called in every bubble.
//
// Only package inspect calls them. So a program that does not import it does not contain
// them.
type State interface {
	Describe() Container
}

// Keyed is a State that has keys which are values of the user's.
type Keyed interface {
	// EachKey calls yield with the keys of live entries, under no lock, until it returns
	// false.
	EachKey(yield func(key any) bool)
}

// Container is the description of a container.
type Container struct {
	Kind     string // such as "ValueMap"
	Name     string // as the user has set it before the first use
	Type     string // with arguments
	Len      int    // entries not known to be dead
	Capacity int    // entries that fit into the memory now allocated, or that may be kept; 0: nothing can be said
	Stats    any    // the kind's statistics
}

// Tabled is a State that has more to tell than its statistics: of a node of package remote,
// who holds what.
type Tabled interface {
	// Tables returns what can be shown to whoever may see the statistics: it has no keys
	// or values of the user's.
	Tables() []Table
}

// Table is a table.
type Table struct {
	Title string     `json:"title"`
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
	More  int        `json:"more,omitempty"` // rows that were left out
}

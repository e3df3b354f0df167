package record

import "fmt"

// Error says what is wrong with a dump, and where.
type Error struct {
	Record int    // number of the record, from 1; 0 is the header
	Kind   string // of the record: "object", "goroutine", …
	Offset int64  // of the record in the file
	Reason string
}

func (e *Error) Error() string {
	if e.Record == 0 {
		return "heap dump: " + e.Reason
	}
	return fmt.Sprintf("heap dump: record %d (%s) at offset %#x: %s", e.Record, e.Kind, e.Offset, e.Reason)
}

// The tags of the records.
const (
	tagEOF = iota
	tagObject
	tagOtherRoot
	tagType
	tagGoroutine
	tagFrame
	tagParams
	tagFinalizer
	tagItab
	tagThread
	tagMemStats
	tagQueuedFinalizer
	tagData
	tagBSS
	tagDefer
	tagPanic
	tagBucket
	tagSample
	numTags
)

var tagNames = [numTags]string{
	tagEOF:             "end",
	tagObject:          "object",
	tagOtherRoot:       "root",
	tagType:            "type",
	tagGoroutine:       "goroutine",
	tagFrame:           "frame",
	tagParams:          "params",
	tagFinalizer:       "finalizer",
	tagItab:            "itab",
	tagThread:          "thread",
	tagMemStats:        "memstats",
	tagQueuedFinalizer: "queued finalizer",
	tagData:            "data segment",
	tagBSS:             "bss segment",
	tagDefer:           "defer",
	tagPanic:           "panic",
	tagBucket:          "memory profile",
	tagSample:          "allocation sample",
}

func tagName(tag uint64) string {
	if tag < numTags {
		return tagNames[tag]
	}
	return fmt.Sprintf("unknown tag %d", tag)
}

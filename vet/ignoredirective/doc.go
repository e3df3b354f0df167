// Package ignoredirective reports //weakvet:ignore comments that do not say what they ignore, or why.
//
// WRONG:
//
//	//weakvet:ignore
//	//weakvet:ignore cleanupself
//	//weakvet:ignore cleanupslef the closure is replaced before it runs
//
// RIGHT:
//
//	//weakvet:ignore cleanupself the closure is replaced before it runs
//	//weakvet:ignore tinytarget,weakdiscard this test wants it dead
//
// Such a comment suppresses findings on its own line and, if it stands alone, on
// the next. Without a reason it suppresses nothing.
package ignoredirective

// Package recipes has the code of docs/recipes.md, each recipe in a file of its own, with
// its test. The page shows what stands between the marks "page:" and "end:".
package recipes

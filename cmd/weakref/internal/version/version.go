// Package version is the command "weakref version".
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Command returns the command.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this command, and of Go",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(c.OutOrStdout(), text(info))
			return err
		},
	}
}

// text says what is known of a build.
func text(info *debug.BuildInfo) string {
	version, commit := "(devel)", ""
	if info != nil {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		commit = commitOf(info.Settings)
	}
	return fmt.Sprintf("weakref %s%s, %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// commitOf returns the commit that a build was made from. A version that go install has
// fetched says enough, and has none.
func commitOf(settings []debug.BuildSetting) string {
	var revision, modified string
	for _, s := range settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value
		}
	}
	if revision == "" {
		return ""
	}
	text := " " + revision[:min(12, len(revision))]
	if modified == "true" {
		text += " with changes"
	}
	return text
}

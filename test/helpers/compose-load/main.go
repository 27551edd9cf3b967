// Loads a compose file as Docker Compose does and prints the result as YAML.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// All profiles: a service that is off by default must be right as well.
func load(paths []string) (*types.Project, error) {
	options, err := cli.NewProjectOptions(paths, cli.WithOsEnv, cli.WithInterpolation(true), cli.WithResolvedPaths(true), cli.WithProfiles([]string{"*"}))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}

func main() {
	project, err := load(os.Args[1:])
	if err == nil {
		var text []byte
		if text, err = project.MarshalJSON(); err == nil {
			os.Stdout.Write(text)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

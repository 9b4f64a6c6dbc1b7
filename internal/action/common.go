package action

// Inputs that several actions have. They mean the same everywhere.

// WorkingDirectory is the project's folder.
func WorkingDirectory(to *string) Input {
	return Input{
		Name: "working-directory", Flag: "C", Default: ".", Value: Text(to),
		Doc: "The project's folder, relative to the workspace.",
	}
}

// Config is the configuration file.
func Config(to *string) Input {
	return Input{
		Name: "config", Value: Text(to),
		Doc: "The configuration file, relative to the project. Without it `checkout-deploy.yml`, where there is one.",
	}
}

// Release is a release's id.
func Release(to *string) Input {
	return Input{
		Name: "release", Value: Text(to),
		Doc: "The release's id, as build-bundle's output `release` has it.",
	}
}

// Token is the job's token for GitHub's API. Whoever says what it needs puts that
// into Spec.Permissions.
func Token(to *string) Input {
	return Input{
		Name: "token", Value: Text(to), Secret: true, Expression: "${{ github.token }}",
		Doc: "The token for GitHub's API.",
	}
}

// Package pipeline is the root action: stages in a row, in one container.
package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/org/checkout-deploy/internal/action"
)

// stageName is a stage as the input names it: its action's name.
type stageName string

// Action does the stages that its input names, in that input's order, and stops
// at the first that fails. Its inputs and outputs are all of theirs: an input
// that several have is given to each of them, and an output of one is the input
// of that name of those after it, unless the user gives it.
func Action(stages ...action.Action) action.Action {
	p := &pipeline{stages: map[stageName]action.Action{}}
	var names []stageName
	for _, s := range stages {
		names = append(names, stageName(s.Name))
		p.stages[stageName(s.Name)] = s
	}
	return action.Action{
		Spec: action.Spec{
			Name:        "checkout-deploy",
			Summary:     "builds releases of checkout pages, and checks them",
			Description: "Build and check releases of checkout and payment pages: stages in a row, in one container.",
			Icon:        "shopping-cart",
			Colour:      "green",
			Inputs: append([]action.Input{{
				Name: "stages", Default: string(names[0]), Value: action.ListOf(&p.chosen, names),
				Doc: "What to do, in this order.",
			}}, inputs(stages)...),
			Outputs:     outputs(stages),
			Permissions: permissions(stages),
		},
		Run: p.run,
	}
}

type pipeline struct {
	stages map[stageName]action.Action
	chosen []stageName
}

func (p *pipeline) run(ctx context.Context, r *action.Run) error {
	for i, name := range p.chosen {
		stage := p.stages[name]
		if err := r.Group(string(name), func() error { return stage.Run(ctx, r) }); err != nil {
			return fmt.Errorf("stage %s: %w", name, err)
		}
		for _, later := range p.chosen[i+1:] {
			if err := p.hand(r, stage, p.stages[later]); err != nil {
				return err
			}
		}
	}
	return nil
}

// hand gives a stage's outputs to a later one.
func (p *pipeline) hand(r *action.Run, from, to action.Action) error {
	for _, in := range to.Inputs {
		made := slices.ContainsFunc(from.Outputs, func(o action.Output) bool { return o.Name == in.Name })
		value, ok := r.Output(in.Name)
		if !made || !ok || r.Given(in.Name) {
			continue
		}
		if err := in.Value.Set(value); err != nil {
			return fmt.Errorf("stage %s: its input %s from stage %s: got %q, %w", to.Name, in.Name, from.Name, value, err)
		}
	}
	return nil
}

// inputs merges those of one name.
func inputs(stages []action.Action) (all []action.Input) {
	at := map[string]int{}
	values := map[string][]action.Value{}
	for _, s := range stages {
		for _, in := range s.Inputs {
			values[in.Name] = append(values[in.Name], in.Value)
			if _, ok := at[in.Name]; !ok {
				at[in.Name] = len(all)
				all = append(all, in)
			}
		}
	}
	for i := range all {
		all[i].Value = action.All(values[all[i].Name]...)
	}
	return all
}

func outputs(stages []action.Action) (all []action.Output) {
	for _, s := range stages {
		for _, o := range s.Outputs {
			if !slices.ContainsFunc(all, func(have action.Output) bool { return have.Name == o.Name }) {
				all = append(all, o)
			}
		}
	}
	return all
}

func permissions(stages []action.Action) (all []string) {
	for _, s := range stages {
		for _, p := range s.Permissions {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	slices.Sort(all)
	return all
}

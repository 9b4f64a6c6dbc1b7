package artifact

import (
	"errors"
	"fmt"
	"strings"
)

// problems is all that is wrong with an artifact: the first ones, and how many
// more there are.
type problems struct {
	first []string
	more  int
}

func (p *problems) add(format string, args ...any) {
	if len(p.first) == 20 {
		p.more++
		return
	}
	p.first = append(p.first, fmt.Sprintf(format, args...))
}

// err is nil where there are none.
func (p *problems) err() error {
	if p.first == nil {
		return nil
	}
	text := strings.Join(p.first, "\n  ")
	if p.more > 0 {
		text += fmt.Sprintf("\n  and %d more", p.more)
	}
	if len(p.first) > 1 {
		text = fmt.Sprintf("%d problems:\n  %s", len(p.first)+p.more, text)
	}
	return errors.New(text)
}

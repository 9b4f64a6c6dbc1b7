package link

import (
	"context"
	"errors"
)

func (r *renderer) assembleModule() {}

func (l *linker) modules(context.Context) (*Output, error) { return nil, errors.New("later") }

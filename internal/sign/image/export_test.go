package image

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/org/checkout-deploy/internal/sign"
)

// JudgeOld judges one layer of the old layout, and returns what was signed.
func JudgeOld(ctx context.Context, by sign.Verifier, d name.Digest, data []byte, annotations map[string]string, signatures bool) ([]byte, error) {
	h, err := hash(d)
	if err != nil {
		return nil, err
	}
	f := &found{layout: Tag}
	f.broken = f.parseOld(data, annotations, signatures)
	_, err = judge(ctx, by, f, h)
	return f.payload, err
}

// Blob reads one of a limited size.
func (r *Registry) Blob(ctx context.Context, d name.Digest, limit int64) ([]byte, error) {
	return r.blob(ctx, d, limit)
}

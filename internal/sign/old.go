package sign

// OldMediaType is that of a bundle of the first kind. It has the log's promise to
// take an entry (SET), not the proof that it did.
const OldMediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// AcceptOld returns a Verifier that judges as v does, and takes bundles of
// OldMediaType alone: what lies beside an image in the old way has no more than a
// log's promise.
func AcceptOld(v Verifier) Verifier {
	known, ok := v.(*verifier)
	if !ok {
		return v
	}
	old := *known
	old.mediaType = OldMediaType
	return &old
}

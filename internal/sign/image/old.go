package image

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	cosignbundle "github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/org/checkout-deploy/internal/sign"
)

// oldBundle is who signed and who saw it, out of a layer's annotations. It is judged
// by the one verifier that judges everything: cosign's own for this layout knows
// neither our identities nor how many witnesses there have to be.
func oldBundle(annotations map[string]string) (*protobundle.Bundle, error) {
	material := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{}}}
	if text := annotations[static.CertificateAnnotationKey]; text != "" {
		certificates, err := cryptoutils.UnmarshalCertificatesFromPEM([]byte(text))
		if err != nil || len(certificates) != 1 {
			return nil, fmt.Errorf("its annotation %s holds %d certificates that can be read, want 1", static.CertificateAnnotationKey, len(certificates))
		}
		// The chain's annotation is not read: the trusted root has those above.
		material.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &protocommon.X509CertificateChain{
			Certificates: []*protocommon.X509Certificate{{RawBytes: certificates[0].Raw}},
		}}
	}
	if text := annotations[static.BundleAnnotationKey]; text != "" {
		entry, err := oldEntry([]byte(text))
		if err != nil {
			return nil, err
		}
		material.TlogEntries = []*protorekor.TransparencyLogEntry{entry}
	}
	return &protobundle.Bundle{MediaType: sign.OldMediaType, VerificationMaterial: material}, nil
}

func oldEntry(data []byte) (*protorekor.TransparencyLogEntry, error) {
	var kept struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte
			IntegratedTime int64
			LogIndex       int64
			LogID          string
		}
	}
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, fmt.Errorf("its annotation %s is no entry of a log", static.BundleAnnotationKey)
	}
	var kind struct{ Kind, APIVersion string }
	id, err := hex.DecodeString(kept.Payload.LogID)
	if err != nil || json.Unmarshal(kept.Payload.Body, &kind) != nil {
		return nil, fmt.Errorf("its annotation %s is no entry of a log", static.BundleAnnotationKey)
	}
	return &protorekor.TransparencyLogEntry{
		LogIndex: kept.Payload.LogIndex, LogId: &protocommon.LogId{KeyId: id},
		KindVersion:    &protorekor.KindVersion{Kind: kind.Kind, Version: kind.APIVersion},
		IntegratedTime: kept.Payload.IntegratedTime, CanonicalizedBody: kept.Payload.Body,
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: kept.SignedEntryTimestamp},
	}, nil
}

// messageOf adds the signature of a payload, and the timestamp of the signature.
func messageOf(b *protobundle.Bundle, payload []byte, annotations map[string]string) error {
	signature, err := base64.StdEncoding.DecodeString(annotations[static.SignatureAnnotationKey])
	if err != nil || len(signature) == 0 {
		return fmt.Errorf("its annotation %s holds no signature", static.SignatureAnnotationKey)
	}
	sum := sha256.Sum256(payload)
	b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: sum[:]}, Signature: signature,
	}}
	if text := annotations[static.RFC3161TimestampAnnotationKey]; text != "" {
		var stamp cosignbundle.RFC3161Timestamp
		if err := json.Unmarshal([]byte(text), &stamp); err != nil {
			return fmt.Errorf("its annotation %s is no timestamp", static.RFC3161TimestampAnnotationKey)
		}
		b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamp.SignedRFC3161Timestamp}},
		}
	}
	return nil
}

// envelopeOf adds a DSSE envelope, and returns the statement in it.
func envelopeOf(b *protobundle.Bundle, data []byte) ([]byte, error) {
	var envelope struct {
		PayloadType string
		Payload     []byte
		Signatures  []struct{ Sig []byte }
	}
	if err := json.Unmarshal(data, &envelope); err != nil || len(envelope.Payload) == 0 || len(envelope.Signatures) == 0 {
		return nil, fmt.Errorf("it is no DSSE envelope with a payload and a signature")
	}
	signed := &protodsse.Envelope{PayloadType: envelope.PayloadType, Payload: envelope.Payload}
	for _, s := range envelope.Signatures {
		signed.Signatures = append(signed.Signatures, &protodsse.Signature{Sig: s.Sig})
	}
	b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: signed}
	return envelope.Payload, nil
}

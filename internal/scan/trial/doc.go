// Package trial tries scan-image whole, with its engines: against stock trivy and
// stock cosign, a registry that refuses what real ones refuse, databases made from
// fixtures, and a private Sigstore.
package trial

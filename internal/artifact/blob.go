package artifact

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"
)

// blockSize is large enough for a release to fit in one block: act's
// server appends blocks as they come, so it keeps several in order only when they
// are sent one by one (Options.Parallel). Blocks are read from the file and need
// no memory.
const blockSize = 32 << 20

// blobVersion is the version of Azure's blob service whose rules are followed.
const blobVersion = "2021-12-02"

// signedURL lets whoever has it read or write a blob. It has no String method
// that shows the signature, and is in no error.
type signedURL struct {
	url     *url.URL
	secrets []string
}

// signed reads a signed URL. It may be plain http only where the service is too.
func (c *Client) signed(text string) (signedURL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != c.service.Scheme {
		return signedURL{}, errors.New("signed URL: got none that can be used, want https://host/…")
	}
	s := signedURL{url: u, secrets: append([]string{text, u.RawQuery}, u.Query()["sig"]...)}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if spelled, ok := strings.CutPrefix(pair, "sig="); ok {
			s.secrets = append(s.secrets, spelled)
		}
	}
	return s, nil
}

// String shows the host only.
func (s signedURL) String() string { return s.url.Host }

// with adds to the query. What is there stays as it is written: its signature
// may be over the spelling.
func (s signedURL) with(query string) string {
	u := *s.url
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String()
}

// put uploads size bytes of r as one block blob: Put Block for each block, then
// Put Block List, which makes the blob appear.
func (c *Client) put(ctx context.Context, to signedURL, r io.ReaderAt, size int64) error {
	var ids []string
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(c.options.Parallel)
	for from := int64(0); from < size && inner.Err() == nil; from += c.block {
		id := blockID(len(ids))
		ids = append(ids, id)
		part := io.NewSectionReader(r, from, min(c.block, size-from))
		group.Go(func() error { return c.putBlock(inner, to, id, part) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return c.putBlockList(ctx, to, ids)
}

// blockID numbers blocks; all ids of a blob must be of one length.
func blockID(n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "block-%06d", n))
}

func (c *Client) putBlock(ctx context.Context, to signedURL, id string, part *io.SectionReader) error {
	address := to.with("comp=block&blockid=" + url.QueryEscape(id))
	return c.retry(ctx, fmt.Sprintf("uploading a block to %s", to), c.times.block, func(ctx context.Context) error {
		return c.putOnce(ctx, to, address, io.NewSectionReader(part, 0, part.Size()), part.Size(), "application/octet-stream")
	})
}

func (c *Client) putBlockList(ctx context.Context, to signedURL, ids []string) error {
	list := struct {
		XMLName xml.Name `xml:"BlockList"`
		Latest  []string
	}{Latest: ids}
	body, err := xml.Marshal(list)
	if err != nil {
		return fmt.Errorf("writing the block list: %w", err)
	}
	body = append([]byte(xml.Header), body...)
	return c.retry(ctx, fmt.Sprintf("committing the blocks at %s", to), c.times.block, func(ctx context.Context) error {
		return c.putOnce(ctx, to, to.with("comp=blocklist"), bytes.NewReader(body), int64(len(body)), "application/xml")
	})
}

func (c *Client) putOnce(ctx context.Context, to signedURL, address string, body io.Reader, size int64, kind string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, body)
	if err != nil {
		return redact(withoutURL(ctx, err), to.secrets)
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", kind)
	req.Header.Set("x-ms-version", blobVersion)
	if kind == "application/xml" {
		// Without it readers take the blob for something other than a zip.
		req.Header.Set("x-ms-blob-content-type", "application/zip")
	}
	resp, err := c.send(req, http.StatusCreated, to.secrets...)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

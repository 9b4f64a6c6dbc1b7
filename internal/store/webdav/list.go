package webdav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/store"
)

// List is Store's. It asks collection by collection, as servers refuse to list all
// below one.
func (s *Store) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		if folder != "" {
			if err := checkName("listing", folder); err != nil {
				yield(store.Info{}, err)
				return
			}
		}
		left := s.maxEntries
		named := func(i store.Info) bool { return checkName("listing", i.Name) != nil || yield(i, nil) }
		if _, err := s.walk(ctx, folder, &left, named); err != nil {
			yield(store.Info{}, err)
		}
	}
}

// walk yields what is below a collection and says whether to go on.
func (s *Store) walk(ctx context.Context, folder string, left *int, yield func(store.Info) bool) (bool, error) {
	if strings.Count(folder, "/") >= maxDepth {
		return false, tooMuch(folder, fmt.Sprintf("more than %d collections in one another", maxDepth))
	}
	entries, err := s.entries(ctx, folder, left)
	switch {
	case err != nil && store.CodeOf(err) == store.NotFound:
		return true, nil // it is not there, or not any more
	case err != nil && folder != "":
		if _, statErr := s.stat(ctx, "listing", folder); statErr == nil {
			return true, nil // it is an object, which servers refuse in several ways
		}
		return false, err
	case err != nil:
		return false, err
	}
	for _, e := range entries {
		goOn := true
		switch {
		case e.collection && e.Name == Uploads:
		case e.collection:
			if goOn, err = s.walk(ctx, e.Name, left, yield); err != nil {
				return false, err
			}
		default:
			goOn = yield(e.Info)
		}
		if !goOn {
			return false, nil
		}
	}
	return true, nil
}

func tooMuch(folder, what string) error {
	return &store.Error{Code: store.Invalid, Op: "listing", Name: folder, Err: errors.New("got " + what)}
}

// entry is a member of a collection.
type entry struct {
	store.Info
	collection bool
}

// key is what a member is sorted by: what is in a collection begins with its name and
// a slash.
func (e entry) key() string {
	if e.collection {
		return e.Name + "/"
	}
	return e.Name
}

const properties = `<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getetag/><getlastmodified/></prop></propfind>`

func (s *Store) entries(ctx context.Context, folder string, left *int) ([]entry, error) {
	const op = "listing"
	at := s.base
	if folder != "" {
		at = s.at(folder)
	}
	collection := *at
	collection.Path += "/"
	var all []entry
	for r, err := range s.propfind(ctx, op, folder, &collection, "1", store.Unknown) {
		if err != nil {
			return nil, err
		}
		if *left--; *left < 0 {
			return nil, tooMuch(folder, fmt.Sprintf("more than %d entries", s.maxEntries))
		}
		segment, err := member(&collection, r.Href)
		if err == nil && segment != "" {
			var e entry
			var ok bool
			if e, ok, err = r.entry(path.Join(folder, segment)); ok {
				all = append(all, e)
			}
		}
		if err != nil {
			return nil, &store.Error{Code: store.Invalid, Op: op, Name: folder, Err: err}
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key(), b.key()) })
	return all, nil
}

// look asks for a resource itself. HEAD would do but for empty objects, whose length
// Apache leaves out.
func (s *Store) look(ctx context.Context, op, name string) (entry, error) {
	for r, err := range s.propfind(ctx, op, name, s.at(name), "0", store.Busy) {
		if err != nil {
			return entry{}, err
		}
		e, ok, err := r.entry(name)
		if err != nil {
			return entry{}, &store.Error{Code: store.Other, Op: op, Name: name, Err: err}
		}
		if ok {
			return e, nil
		}
	}
	return entry{}, &store.Error{Code: store.NotFound, Op: op, Name: name}
}

// propfind asks for the properties of a resource, and with depth "1" of its members.
// An error is the last that it yields; failed is the code of a failing server.
func (s *Store) propfind(ctx context.Context, op, name string, at *url.URL, depth string, failed store.Code) iter.Seq2[response, error] {
	return func(yield func(response, error) bool) {
		res, err := s.client.do(ctx, request{
			method: "PROPFIND", url: at, body: text(properties), size: int64(len(properties)),
			header: http.Header{"Depth": {depth}, "Content-Type": {"application/xml; charset=utf-8"}, "Accept-Encoding": {"identity"}},
		})
		if err != nil {
			yield(response{}, lost(op, name, err, failed))
			return
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusMultiStatus {
			yield(response{}, refused(op, name, res, failed))
			return
		}
		bounded := &io.LimitedReader{R: res.Body, N: s.maxAnswer}
		for r, err := range multistatus(bounded) {
			switch {
			case err != nil && bounded.N <= 0:
				err = tooMuch(name, fmt.Sprintf("more than %d bytes", s.maxAnswer))
			case err != nil:
				err = &store.Error{Code: failed, Op: op, Name: name, Err: err}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// response is one of a multistatus, RFC 4918 section 14.24.
type response struct {
	Href  string `xml:"DAV: href"`
	Stats []struct {
		Status string `xml:"DAV: status"`
		Prop   struct {
			Collection *struct{} `xml:"DAV: resourcetype>collection"`
			Length     string    `xml:"DAV: getcontentlength"`
			Tag        string    `xml:"DAV: getetag"`
			Modified   string    `xml:"DAV: getlastmodified"`
		} `xml:"DAV: prop"`
	} `xml:"DAV: propstat"`
}

// multistatus yields the responses of an answer as they come, and an error if it
// does not end as it should.
func multistatus(r io.Reader) iter.Seq2[response, error] {
	return func(yield func(response, error) bool) {
		d := xml.NewDecoder(r)
		fail := func(err error) { yield(response{}, fmt.Errorf("reading a list: %w", err)) }
		depth := 0
		for {
			t, err := d.Token()
			switch {
			case errors.Is(err, io.EOF) && depth == 0:
				fail(errors.New("got no multistatus"))
				return
			case err != nil:
				fail(err)
				return
			}
			switch t := t.(type) {
			case xml.StartElement:
				switch {
				case depth == 0 && t.Name != xml.Name{Space: "DAV:", Local: "multistatus"}:
					fail(fmt.Errorf("got <%.80s>, want a multistatus", t.Name.Local))
					return
				case depth == 1 && t.Name == xml.Name{Space: "DAV:", Local: "response"}:
					var one response
					if err := d.DecodeElement(&one, &t); err != nil {
						fail(err)
						return
					}
					if !yield(one, nil) {
						return
					}
				case depth == 1:
					if err := d.Skip(); err != nil {
						fail(err)
						return
					}
				default:
					depth++
				}
			case xml.EndElement:
				return // of the multistatus
			}
		}
	}
}

// entry is what a response says of a resource; none where that went away meanwhile.
func (r *response) entry(name string) (e entry, ok bool, err error) {
	e.Name = name
	for _, s := range r.Stats {
		if f := strings.Fields(s.Status); len(f) < 2 || f[1] != "200" {
			continue
		}
		if e.collection = s.Prop.Collection != nil; e.collection {
			return e, true, nil
		}
		if e.Size, err = strconv.ParseInt(strings.TrimSpace(s.Prop.Length), 10, 64); err != nil || e.Size < 0 {
			return entry{}, false, fmt.Errorf("got the length %.40q of %.200q, want a number", s.Prop.Length, name)
		}
		e.Version = version(strings.TrimSpace(s.Prop.Tag), e.Size, strings.TrimSpace(s.Prop.Modified))
		return e, true, nil
	}
	return entry{}, false, nil
}

// member is the name of a collection's member by its address; "" is the collection
// itself. An address that is none of these is the server's mistake, or worse.
func member(of *url.URL, href string) (string, error) {
	wrong := fmt.Errorf("got the address %.200q in a list of %.200q, want one of its members", href, of.Path)
	u, err := of.Parse(strings.TrimSpace(href))
	if err != nil || u.Host != of.Host {
		return "", wrong
	}
	full := strings.TrimSuffix(u.EscapedPath(), "/")
	unescaped, err := url.PathUnescape(full)
	if err != nil {
		return "", wrong
	}
	if unescaped == strings.TrimSuffix(of.Path, "/") {
		return "", nil
	}
	cut := strings.LastIndex(full, "/") + 1
	above, err := url.PathUnescape(full[:cut])
	segment, lastErr := url.PathUnescape(full[cut:])
	if err != nil || lastErr != nil || above != of.Path || segment == "" || segment == "." || segment == ".." || strings.ContainsAny(segment, "/\\") || strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' }) {
		return "", wrong
	}
	return segment, nil
}

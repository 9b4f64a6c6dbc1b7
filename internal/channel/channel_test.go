package channel_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/release"
)

func TestMain(m *testing.M) { golden.Main(m) }

func id(n byte) release.Digest { return release.Digest{n} }

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// full has something in every field.
func full() *channel.Channel {
	return &channel.Channel{
		Target: "production", KeysVersion: 3, Seq: 8, Nonce: channel.Nonce{1, 2, 0xff}, Prev: id(9),
		Issued: noon, Expires: noon.Add(90 * 24 * time.Hour),
		Weights:  []channel.Weight{{Release: id(2), BasisPoints: 500}, {Release: id(1), BasisPoints: 9500}},
		Fallback: id(1), Salt: "a <salt> & more", Bases: []string{"https://cdn.example/checkout/", "https://b.example/"},
		Hold: &channel.Hold{Reason: `rolled back: "5xx"`},
		Retired: []channel.Retirement{
			{Release: id(3), Since: noon.Add(-time.Hour)},
			{Release: id(4), Since: noon.Add(-2 * time.Hour), Removing: noon},
		},
		Commit: strings.Repeat("ab", 20), Run: "https://github.example/org/shop/actions/runs/1",
	}
}

func least() *channel.Channel {
	return &channel.Channel{Target: "t", Seq: 1, Nonce: channel.Nonce{1}, Issued: noon}
}

// TestCanonical is what signatures are of: these bytes and no others.
func TestCanonical(t *testing.T) {
	var out bytes.Buffer
	for _, c := range []*channel.Channel{full(), least()} {
		data, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(data, '\n'))
		sealed, err := channel.Seal(c)
		if err != nil {
			t.Fatal(err)
		}
		if envelope, err := sealed.Encode(); err != nil {
			t.Fatal(err)
		} else {
			out.Write(append(envelope, '\n'))
		}
		out.WriteString(channel.Ref{Seq: c.Seq, Nonce: c.Nonce, Release: c.Live(), Channel: sealed.Digest}.String())
	}
	golden.Compare(t, ".txt", out.Bytes())
}

func TestRoundTrip(t *testing.T) {
	for name, c := range map[string]*channel.Channel{"full": full(), "least": least()} {
		sealed, err := channel.Seal(c)
		if err != nil {
			t.Fatal(err)
		}
		sealed.Signatures = []channel.Signature{{KeyID: "a", Sig: []byte{1, 2}}}
		data, err := sealed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		e, got, err := channel.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(e, sealed) {
			t.Errorf("%s: got %+v, want %+v", name, e, sealed)
		}
		again, err := got.Encode()
		if err != nil || !bytes.Equal(again, sealed.Payload) {
			t.Errorf("%s: got %s, %v, want %s", name, again, err, sealed.Payload)
		}
	}
}

// TestLargest: whatever Check lets pass has room in a document.
func TestLargest(t *testing.T) {
	const maxNumber = 1<<53 - 1
	text := strings.Repeat(`"`, 256) // which JSON escapes
	c := full()
	c.Target, c.Salt, c.Commit, c.Run, c.Hold.Reason = text, text, text, text, text
	c.KeysVersion, c.Seq = maxNumber, maxNumber
	c.Bases = []string{"https://" + text[:248], "https://" + text[:248]}
	c.Weights = append(c.Weights, channel.Weight{Release: id(100)}, channel.Weight{Release: id(101)})
	c.Retired = nil
	for i := range channel.MaxRetired {
		c.Retired = append(c.Retired, channel.Retirement{Release: id(byte(110 + i)), Since: noon, Removing: noon})
	}
	sealed, err := channel.Seal(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := sealed.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := channel.Open(data); err != nil {
		t.Error(err)
	}
	sealed.Payload = make([]byte, channel.MaxSize*3/4)
	if _, err := sealed.Encode(); err == nil {
		t.Error("an envelope that nobody would read was written")
	}
}

func TestCheck(t *testing.T) {
	long := strings.Repeat("x", 257)
	for _, row := range []struct {
		name   string
		change func(*channel.Channel)
		says   string // "" for nothing wrong
	}{
		{"full", func(*channel.Channel) {}, ""},
		{"no releases", func(c *channel.Channel) { c.Weights, c.Fallback = nil, release.Digest{} }, ""},
		{"a canary of nothing", func(c *channel.Channel) { c.Weights[0].BasisPoints, c.Weights[1].BasisPoints = 0, 10_000 }, ""},
		{"no target", func(c *channel.Channel) { c.Target = "" }, "target: got"},
		{"a target of another alphabet", func(c *channel.Channel) { c.Target = "prodüction" }, "target: got"},
		{"a long target", func(c *channel.Channel) { c.Target = long }, "target: got"},
		{"keys before the first", func(c *channel.Channel) { c.KeysVersion = -1 }, "keysVersion: got -1"},
		{"keys that a loader can't count", func(c *channel.Channel) { c.KeysVersion = 1 << 53 }, "keysVersion: got"},
		{"no sequence", func(c *channel.Channel) { c.Seq = 0 }, "seq: got 0"},
		{"a sequence that a loader can't count", func(c *channel.Channel) { c.Seq = 1 << 53 }, "seq: got"},
		{"no nonce", func(c *channel.Channel) { c.Nonce = channel.Nonce{} }, "nonce: got none"},
		{"never issued", func(c *channel.Channel) { c.Issued = time.Time{} }, "issued: got none"},
		{"a salt with a line's end", func(c *channel.Channel) { c.Salt = "a\n" }, "salt: got"},
		{"three bases", func(c *channel.Channel) { c.Bases = append(c.Bases, c.Bases[0]) }, "bases: got 3"},
		{"a base in the open", func(c *channel.Channel) { c.Bases[0] = "http://cdn.example/" }, `bases: got "http:`},
		{"a long base", func(c *channel.Channel) { c.Bases[0] = "https://" + long }, "bases: got"},
		{"a commit with a control character", func(c *channel.Channel) { c.Commit = "\x1b[2J" }, "commit: got"},
		{"a long run", func(c *channel.Channel) { c.Run = long }, "run: got"},
		{"a long reason", func(c *channel.Channel) { c.Hold.Reason = long }, "hold: got"},
		{"a release twice", func(c *channel.Channel) { c.Weights[0].Release = id(1) }, "weights: got"},
		{"no release", func(c *channel.Channel) { c.Weights[0].Release = release.Digest{} }, "weights: got"},
		{"less than nothing", func(c *channel.Channel) { c.Weights[0].BasisPoints, c.Weights[1].BasisPoints = -1, 10_001 }, "weights: got"},
		{"a sum that is too small", func(c *channel.Channel) { c.Weights[0].BasisPoints-- }, "a sum of 9999"},
		{"a sum that is too large", func(c *channel.Channel) { c.Weights[0].BasisPoints++ }, "a sum of 10001"},
		{"three that are served", func(c *channel.Channel) {
			c.Weights[1].BasisPoints--
			c.Weights = append(c.Weights, channel.Weight{Release: id(5), BasisPoints: 1})
		}, "3 of them not zero"},
		{"five releases", func(c *channel.Channel) {
			for i := range byte(3) {
				c.Weights = append(c.Weights, channel.Weight{Release: id(10 + i)})
			}
		}, "got 5 releases"},
		{"five releases with the fallback", func(c *channel.Channel) {
			c.Weights = append(c.Weights, channel.Weight{Release: id(10)}, channel.Weight{Release: id(11)})
			c.Fallback = id(12)
		}, "got 5 releases"},
		{"what is served is retired", func(c *channel.Channel) { c.Retired[0].Release = id(2) }, "retired: got"},
		{"the fallback is retired", func(c *channel.Channel) { c.Fallback = id(3) }, "retired: got"},
		{"retired at no time", func(c *channel.Channel) { c.Retired[0].Since = time.Time{} }, "retired: got"},
		{"retired twice", func(c *channel.Channel) { c.Retired[0].Release = id(4) }, "retired: got"},
		{"nothing is retired", func(c *channel.Channel) { c.Retired[0].Release = release.Digest{} }, "retired: got"},
		{"too many retired", func(c *channel.Channel) {
			for i := range byte(63) {
				c.Retired = append(c.Retired, channel.Retirement{Release: id(20 + i), Since: noon})
			}
		}, "retired: got 65"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := full()
			row.change(c)
			err := c.Check()
			if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("got %v, want %q", err, row.says)
			}
			if _, encoding := c.Encode(); (encoding == nil) != (err == nil) {
				t.Errorf("encoding: got %v", encoding)
			}
		})
	}
	c := full()
	c.Target, c.Seq, c.Salt = "", 0, "\n"
	if err := c.Check(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three problems at once", err)
	}
}

// TestParse changes one thing in the text of a channel.
func TestParse(t *testing.T) {
	data, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, old, now, says string }{
		{"nothing", "", "", ""},
		{"a field of a later tool", `"target":`, `"zones":[1],"target":`, ""},
		{"twice", `"seq":8`, `"seq":8,"seq":10`, "got this name twice"},
		{"in capitals", `"seq":8`, `"Seq":8`, `want "seq"`},
		{"and in capitals", `"seq":8`, `"seq":8,"SEQ":10`, `want "seq"`},
		{"and with the Kelvin sign", `"keysVersion"`, "\"keysVersion\":3,\"\u212aeysVersion\"", `want "keysVersion"`},
		{"below a member", `{"reason"`, `{"Reason"`, `want "reason"`},
		{"half a number", `"seq":8`, `"seq":8.5`, "seq"},
		{"a number as text", `"seq":8`, `"seq":"8"`, "seq"},
		{"a large number", `"seq":8`, `"seq":9007199254740992`, "seq: got"},
		{"a nonce in capitals", "0102ff", "0102FF", "lower-case"},
		{"a short nonce", "0102ff", "0102", "32 hexadecimal"},
		{"no nonce", `"nonce":"`, `"nonce":null,"x":"`, "nonce: got none"},
		{"a short id", `[["02`, `[["2`, "SHA-256"},
		{"a weight of three", ",500]", ",500,1]", "want [id, basis points]"},
		{"a weight of one", ",500]", "]", "want [id, basis points]"},
		{"no weight", `"weights":[`, `"weights":[null,`, "want [id, basis points]"},
		{"half a basis point", ",500]", ",500.5]", "500.5"},
		{"no time", `"issued":"2026-01-31T12:00:00Z"`, `"issued":"yesterday"`, "issued: got"},
		{"no end", `"expires":"2026-05-01T12:00:00Z"`, `"expires":""`, "expires: got"},
		{"times of fewer", `"since":["2026-01-31T11:00:00Z",`, `"since":[`, "2 retired releases, and 1 and 2 times"},
		{"retired since no time", `"since":["2026-01-31T11:00:00Z",`, `"since":[null,`, "retired: got"},
		{"more behind it", "", "{}", "channel"},
		{"not even text", `"production"`, "\"\xff\"", "UTF-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := string(data)
			if row.old != "" {
				if strings.Count(text, row.old) != 1 {
					t.Fatalf("%q is there %d times in %s", row.old, strings.Count(text, row.old), text)
				}
				text = strings.Replace(text, row.old, row.now, 1)
			} else {
				text += row.now
			}
			_, err := channel.Parse([]byte(text))
			if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
	if _, err := channel.Parse(bytes.Repeat([]byte(" "), channel.MaxSize+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	payload, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	in := base64.StdEncoding.EncodeToString(payload)
	envelope := func(v, kind, payload, signatures string) string {
		return fmt.Sprintf(`{"channel":{"payload":%q,"payloadType":%q,"signatures":[%s]},"v":%s}`, payload, kind, signatures, v)
	}
	signature := `{"keyid":"a","sig":"AQ=="}`
	for _, row := range []struct{ name, text, says string }{
		{"nothing wrong", envelope("1", channel.PayloadType, in, signature), ""},
		{"of a loader", strings.Replace(envelope("1", channel.PayloadType, in, ""), `{"channel"`, `{"keys":{},"releases":[],"channel"`, 1), ""},
		{"a later version", envelope("2", channel.PayloadType, in, ""), "a newer checkout-deploy wrote it"},
		{"another document", envelope("1", "application/vnd.in-toto+json", in, ""), "got no channel of type"},
		{"no channel", `{"v":1}`, "got no channel of type"},
		{"no payload", envelope("1", channel.PayloadType, "", ""), "reading a channel"},
		{"no base64", envelope("1", channel.PayloadType, "?", ""), "base64"},
		{"four signatures", envelope("1", channel.PayloadType, in, strings.Repeat(signature+",", 3)+signature), "got 4 signatures"},
		{"a version twice", strings.Replace(envelope("1", channel.PayloadType, in, ""), `"v":1`, `"v":2,"v":1`, 1), "got this name twice"},
		{"a version in capitals", strings.Replace(envelope("1", channel.PayloadType, in, ""), `"v":1`, `"V":1`, 1), `want "v"`},
		{"too large", envelope("1", channel.PayloadType, in, "") + strings.Repeat(" ", channel.MaxSize), "at most"},
		{"no JSON", "<html>", "reading a channel's envelope"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, c, err := channel.Open([]byte(row.text))
			if row.says == "" && (err != nil || c.Seq != 8 || e.Digest != release.DigestOf(payload)) {
				t.Errorf("got %+v, %v", c, err)
			}
			if row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	rising := []channel.Order{{KeysVersion: 0, Seq: 1}, {KeysVersion: 0, Seq: 900}, {KeysVersion: 1, Seq: 1}, {KeysVersion: 1, Seq: 2}, {KeysVersion: 2, Seq: 1}}
	for i, o := range rising {
		for j, p := range rising {
			if o.Less(p) != (i < j) {
				t.Errorf("%v before %v: got %t", o, p, o.Less(p))
			}
		}
	}
	if c := full(); c.Order() != (channel.Order{KeysVersion: 3, Seq: 8}) {
		t.Errorf("got %v", c.Order())
	}
}

// TestNext: deploys have even numbers, after a deploy and after what took it back.
func TestNext(t *testing.T) {
	for seq, want := range map[int64]int64{1: 2, 2: 4, 3: 4, 8: 10, 9: 10} {
		c := full()
		c.Seq = seq
		next := c.Next()
		if next.Seq != want || next.Nonce != (channel.Nonce{}) {
			t.Errorf("after %d: got %d with the nonce %s, want %d with none", seq, next.Seq, next.Nonce, want)
		}
		next.Serve(id(3))
		if _, retired := next.Retirement(id(3)); retired || len(c.Retired) != 2 || c.Weights[0].Release != id(2) || c.Seq != seq {
			t.Errorf("after %d: the channel before is another now: %+v", seq, c)
		}
	}
}

func TestLive(t *testing.T) {
	for _, row := range []struct {
		name         string
		canary, rest int
		want         release.Digest
	}{
		{"a small canary", 1, 9999, id(1)},
		{"half and half", 5000, 5000, id(1)},
		{"a large canary", 5001, 4999, id(2)},
		{"all of them", 10_000, 0, id(2)},
		{"none", 0, 10_000, id(1)},
	} {
		c := full()
		c.Weights[0].BasisPoints, c.Weights[1].BasisPoints = row.canary, row.rest
		if got := c.Live(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if got := least().Live(); !got.IsZero() {
		t.Errorf("got %s of a channel without releases", got)
	}
}

func ref() channel.Ref {
	return channel.Ref{Seq: 4, Nonce: channel.Nonce{7}, Release: id(1), Channel: id(2)}
}

func TestCutRef(t *testing.T) {
	line := ref().String()
	changed := func(old, now string) string { return "<p>" + strings.Replace(line, old, now, 1) }
	for _, row := range []struct {
		name, page string
		ours, err  bool
	}{
		{"ours", "<p>" + line, true, false},
		{"nothing else", line, true, false},
		{"a second one above", "<p>" + line + line, true, false},
		{"no page", "", false, false},
		{"a page", "<p>", false, false},
		{"more behind it", "<p>" + line + " ", false, false},
		{"without the line's end", "<p>" + strings.TrimSuffix(line, "\n"), false, false},
		{"of another version", changed("deploy 1", "deploy 2"), false, false},
		{"sequence 0, which is nobody's", changed("seq=4", "seq=0"), false, true},
		{"less than that", changed("seq=4", "seq=-1"), false, true},
		{"with a zero before", changed("seq=4", "seq=04"), false, true},
		{"with a plus", changed("seq=4", "seq=+4"), false, true},
		{"in another base", changed("seq=4", "seq=0x4"), false, true},
		{"larger than a loader counts", changed("seq=4", "seq=9007199254740992"), false, true},
		{"larger than anybody counts", changed("seq=4", "seq=99999999999999999999"), false, true},
		{"a nonce in capitals", changed("nonce=07", "nonce=0A"), false, true},
		{"a short id", changed("release=01", "release=1"), false, true},
		{"two spaces", changed(" nonce", "  nonce"), false, true},
		{"another order", changed("seq=4 nonce", "nonce"), false, true},
		{"a comment that begins like it", "<!-- checkout-deploy 1 and so on -->\n", false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			rest, got, ours, err := channel.CutRef(row.page)
			if ours != row.ours || (err != nil) != row.err {
				t.Errorf("got %v, %t, %v", got, ours, err)
			}
			if ours && (got != ref() || rest+line != row.page) || !ours && rest != row.page {
				t.Errorf("got %v after %q", got, rest)
			}
		})
	}
}

// FuzzCutRef: a page is ours only if its bytes are those that entry would write of
// what was read; and what we write we know again.
func FuzzCutRef(f *testing.F) {
	f.Add("<p>"+ref().String(), int64(4), []byte{1})
	f.Add("<!-- checkout-deploy 1 seq=%d nonce=%s -->\n", int64(1), []byte("x"))
	f.Add(ref().String()+" -->\n", int64(1<<53-1), []byte{})
	f.Fuzz(func(t *testing.T, page string, seq int64, bits []byte) {
		if rest, got, ours, err := channel.CutRef(page); ours && (rest+got.String() != page || got.Seq < 1 || err != nil) {
			t.Errorf("%q was taken for %q and %v, %v", page, rest, got, err)
		}
		want := channel.Ref{Seq: 1 + seq&(1<<53-2), Release: release.DigestOf(bits), Channel: release.DigestOf([]byte(page))}
		copy(want.Nonce[:], bits)
		rest, got, ours, err := channel.CutRef(page + want.String())
		if rest != page || got != want || !ours || err != nil {
			t.Errorf("got %q, %v, %t, %v, want %q and %v", rest, got, ours, err, page, want)
		}
	})
}

// FuzzOpen: what is read can be written, and reads the same.
func FuzzOpen(f *testing.F) {
	for _, c := range []*channel.Channel{full(), least()} {
		data, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = channel.Open(data) // no panic
		c, err := channel.Parse(data)
		if err != nil {
			return
		}
		once, err := c.Encode()
		if err != nil {
			t.Fatalf("read, and can't be written: %v", err)
		}
		again, err := channel.Parse(once)
		if err != nil {
			t.Fatalf("written, and can't be read: %v", err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("got %s, %v, want %s", twice, err, once)
		}
	})
}

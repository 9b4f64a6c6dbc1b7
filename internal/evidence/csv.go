package evidence

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// columns are those of CSV.
var columns = []string{
	"name", "kind", "party", "page", "state", "hash", "inventory line", "source", "owner", "purpose", "justification",
	"approved by", "approval reference", "approved on", "approval expires", "pin", "exception", "compensating control", "exception expires",
}

// CSV is one row a script (RFC 4180), for spreadsheets: it begins with a byte
// order mark, without which Excel takes UTF-8 for something else. A cell that a
// spreadsheet would take for a formula begins with an apostrophe; line ends in
// cells are spaces.
func (p *Pack) CSV() []byte {
	out := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(out)
	w.UseCRLF = true
	rows := [][]string{columns}
	for _, s := range p.Scripts {
		x := Exception{}
		if s.Exception != nil {
			x = *s.Exception
		}
		row := []string{
			s.Name, s.Kind, s.Party, s.Page, s.State, s.Hash, s.Entry, s.Source, s.Owner, s.Purpose, s.Justification,
			s.Approval.By, s.Approval.Reference, s.Approval.On, s.Approval.Expires, strings.Join(s.Pin, " "), x.Reason, x.Control, x.Expires,
		}
		for i, text := range row {
			row[i] = cell(text)
		}
		rows = append(rows, row)
	}
	_ = w.WriteAll(rows) // into memory, which does not fail
	return out.Bytes()
}

// cell is text that no spreadsheet computes: OWASP's list of first characters,
// after space too, which some programs skip.
func cell(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	first := strings.TrimLeft(s, " \u00a0\ufeff")
	risky := first != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(first)[0])
	s = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\x00", "").Replace(s)
	if risky {
		return "'" + s
	}
	return s
}

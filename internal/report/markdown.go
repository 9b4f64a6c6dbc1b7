package report

import (
	"strings"
)

// Limits of GitHub's for Markdown, in bytes.
const (
	SummaryLimit = 1 << 20 // a step's summary; over it, it is dropped
	CommentLimit = 65_536  // a comment; GitHub counts characters, which are never more
)

// How much of a block a summary shows: who wants all opens the page.
const (
	markdownRows     = 50
	markdownFindings = 25
	markdownLines    = 100
	markdownText     = 300 // characters of a cell, a label or a line
	markdownSentence = 2000
)

// Markdown returns the page for a job summary or a comment: the status first,
// at most limit bytes. What does not fit is left out from the end, whole blocks
// at a time, and counted in the last line.
func (p Page) Markdown(limit int) string {
	m := &summary{room: limit - noteRoom}
	for _, part := range p.head() {
		m.add(part, 0, "line")
	}
	for _, s := range p.Sections {
		title := "### " + short(s.Title)
		if s.Intro != "" {
			title += "\n\n" + start(escape(clip(s.Intro, markdownSentence)))
		}
		for _, b := range s.Blocks {
			if b == nil {
				continue
			}
			n, noun := b.measure()
			if text := b.markdown(p.Source); text != "" {
				if title != "" {
					text = title + "\n\n" + text
				}
				m.add(text, n, noun)
				title = ""
			}
		}
		if title != "" {
			m.add(title, 1, "paragraph")
		}
	}
	return m.end(limit)
}

func (p Page) head() []string {
	title := "## "
	if p.Status != "" {
		title += p.Status.emoji() + " " + p.Status.Word() + ": "
	}
	parts := []string{title + short(p.Title)}
	if p.Verdict != "" {
		parts = append(parts, start(escape(clip(p.Verdict, markdownSentence))))
	}
	var facts []string
	for _, f := range p.Facts {
		facts = append(facts, f.markdown(p.Source))
	}
	if len(facts) > 0 {
		parts = append(parts, strings.Join(facts, " · "))
	}
	return parts
}

func (f Fact) markdown(source string) string {
	s := "**" + short(f.Label) + "**: "
	if f.Status != "" {
		s += f.Status.emoji() + " "
	}
	s += show(f.Value, source).markdown()
	if f.Note != "" {
		s += " (" + short(f.Note) + ")"
	}
	return s
}

// short is a label's or a cell's text.
func short(s string) string { return escape(clip(line(s), markdownText)) }

// noteRoom is kept for the line that says what is left out. It has at most one
// count a noun.
const noteRoom = 400

// summary collects parts until one has no room, and counts the others.
type summary struct {
	out   []string
	room  int
	full  bool
	left  map[string]int
	nouns []string // in the order of their first
}

func (m *summary) add(text string, n int, noun string) {
	if !m.full && len(text)+2 <= m.room {
		m.out = append(m.out, text)
		m.room -= len(text) + 2
		return
	}
	m.full = true
	if n == 0 {
		return
	}
	if m.left == nil {
		m.left = map[string]int{}
	}
	if m.left[noun] == 0 {
		m.nouns = append(m.nouns, noun)
	}
	m.left[noun] += n
}

func (m *summary) end(limit int) string {
	if m.full {
		var counts []string
		for _, noun := range m.nouns {
			counts = append(counts, counted(m.left[noun], noun))
		}
		note := "*Cut for want of room."
		if len(counts) > 0 {
			note = "*Left out for want of room: " + strings.Join(counts, ", ") + "."
		}
		m.out = append(m.out, note+" The report has everything.*")
	}
	text := strings.Join(m.out, "\n\n") + "\n"
	if len(text) > limit { // not even the note fits
		return ""
	}
	return text
}

func (s shown) markdown() string {
	text := short(s.Text)
	switch {
	case s.Text == "":
		return ""
	case s.Kind == "code":
		text = span(clip(s.Text, markdownText))
	case s.Kind == "mark" && s.Status != "":
		text = s.Status.emoji() + " " + text
	}
	if s.URL != "" {
		return "[" + text + "](" + s.URL + ")"
	}
	return text
}

func (b Figures) markdown(source string) string {
	var names, rules, values []string
	for _, f := range b {
		value := "**" + show(f.Value, source).markdown() + "**"
		if f.Status != "" {
			value = f.Status.emoji() + " " + value
		}
		if f.Note != "" {
			value += "<br>" + short(f.Note)
		}
		names, rules, values = append(names, short(f.Label)), append(rules, ":--"), append(values, value)
	}
	if len(b) == 0 {
		return ""
	}
	return rows(names, rules, values)
}

func rows(all ...[]string) string {
	var out []string
	for _, cells := range all {
		out = append(out, "| "+strings.Join(cells, " | ")+" |")
	}
	return strings.Join(out, "\n")
}

func (b Table) markdown(source string) string {
	if len(b.Columns) == 0 || len(b.Rows) == 0 && b.Total == nil {
		return ""
	}
	var heads, rules []string
	for i, right := range b.numeric() {
		rule := ":--"
		if right {
			rule = "--:"
		}
		heads, rules = append(heads, short(b.Columns[i])), append(rules, rule)
	}
	all := [][]string{heads, rules}
	for _, row := range b.Rows[:min(len(b.Rows), markdownRows)] {
		all = append(all, cells(b.row(row, source)))
	}
	if b.Total != nil {
		total := cells(b.row(b.Total, source))
		for i := range total {
			if total[i] != "" {
				total[i] = "**" + total[i] + "**"
			}
		}
		all = append(all, total)
	}
	return titled(b.Caption, rows(all...), len(b.Rows)-markdownRows, "more row")
}

func cells(values []shown) []string {
	var out []string
	for _, v := range values {
		text := v.markdown()
		if v.Kind == "number" || v.Kind == "mark" {
			// In a narrow window a number would lose its unit, and a mark its word.
			text = strings.Replace(text, " ", "&nbsp;", 1)
		}
		out = append(out, text)
	}
	return out
}

// titled sets a caption above and says below how much is not shown.
func titled(caption, text string, more int, noun string) string {
	if caption != "" {
		text = "**" + short(caption) + "**\n\n" + text
	}
	if more > 0 {
		text += "\n\n*And " + counted(more, noun) + ".*"
	}
	return text
}

func (b Findings) markdown(source string) string {
	if len(b) == 0 {
		return "No findings."
	}
	var counts []string
	for _, c := range b.counts() {
		counts = append(counts, c.show("").markdown())
	}
	out := []string{strings.Join(counts, " · "), ""}
	for _, f := range b.sorted()[:min(len(b), markdownFindings)] {
		item := "- " + of(f.Severity).emoji() + " **" + short(string(f.Severity)) + "** " + escape(clip(line(f.Message), markdownSentence))
		if at := Place(f.Location).show(source).markdown(); at != "" {
			item += " " + at
		}
		if f.Hint != "" {
			item += "<br>" + escape(clip(line(f.Hint), markdownSentence))
		}
		out = append(out, item)
	}
	return titled("", strings.Join(out, "\n"), len(b)-markdownFindings, "more finding")
}

func (b Bars) markdown(string) string {
	heads, rules := []string{"Name", "", "Amount"}, []string{":--", ":--", "--:"}
	if b.limited() {
		heads, rules = append(heads, "Limit"), append(rules, "--:")
	}
	all := [][]string{heads, rules}
	for _, one := range b.bars() {
		name := short(one.Label)
		if one.Status != "" {
			name = one.Status.emoji() + " " + name
		}
		row := []string{name, strings.Repeat("█", (one.Length+49)/50), one.Value.markdown()}
		if b.limited() {
			row = append(row, one.Limit.markdown())
		}
		if len(all) < markdownRows+2 {
			all = append(all, row)
		}
	}
	return titled(b.Caption, rows(all...), len(b.Bars)-markdownRows, "more bar")
}

func (b Shares) markdown(string) string {
	all := [][]string{{"Part", "Amount", "Share"}, {":--", "--:", "--:"}}
	for _, one := range b.parts() {
		all = append(all, []string{short(one.Label), one.Value.markdown(), short(one.Share)})
	}
	return titled(b.Caption, rows(all...), 0, "")
}

func (b Paragraph) markdown(source string) string { return start(b.inline(source)) }

// inline escapes neighbouring text together: half a mention is none.
func (b Paragraph) inline(source string) string {
	var out, text strings.Builder
	flush := func() {
		out.WriteString(escapeInside(text.String()))
		text.Reset()
	}
	for _, w := range b.sentence(source) {
		text.WriteString(w.Space)
		if w.Kind == "text" && w.URL == "" {
			text.WriteString(clip(w.Text, markdownSentence))
			continue
		}
		flush()
		out.WriteString(w.markdown())
	}
	flush()
	return out.String()
}

// escapeInside escapes text between values, with the spaces at its ends.
func escapeInside(s string) string {
	text := escape(s)
	if text == "" {
		return s // a space or nothing
	}
	if strings.HasPrefix(s, " ") {
		text = " " + text
	}
	if strings.HasSuffix(s, " ") {
		text += " "
	}
	return text
}

func (b List) markdown(source string) string {
	var out []string
	for _, item := range b[:min(len(b), markdownRows)] {
		if text := item.markdown(source); text != "" {
			out = append(out, "- "+text)
		}
	}
	return titled("", strings.Join(out, "\n"), len(b)-markdownRows, "more line")
}

func (b Callout) markdown(source string) string {
	s := "> "
	if b.Status != "" {
		s += b.Status.emoji() + " "
	}
	s += "**" + short(b.Title) + "**"
	if text := b.Text.markdown(source); text != "" {
		s += "<br>" + text
	}
	return s
}

func (b Listing) markdown(string) string {
	lines := strings.Split(strings.TrimRight(visible(b.Text), "\n"), "\n")
	for i, l := range lines {
		lines[i] = clip(l, markdownText)
	}
	shown := lines[:min(len(lines), markdownLines)]
	return titled(b.Caption, fence(b.Language, strings.Join(shown, "\n")), len(lines)-len(shown), "more line")
}

// Details stay closed. A blank line lets Markdown begin again inside HTML.
func (b Details) markdown(source string) string {
	var inside []string
	for _, one := range b.Blocks {
		if one == nil {
			continue
		}
		if text := one.markdown(source); text != "" {
			inside = append(inside, text)
		}
	}
	return "<details><summary>" + element(clip(line(b.Summary), markdownText)) + "</summary>\n\n" + strings.Join(inside, "\n\n") + "\n\n</details>"
}

package action

import "unicode/utf8"

// liveWidth is what every terminal has.
const liveWidth = 79

// Live shows a line in the last one's place, on a terminal of somebody who
// watches; elsewhere it does nothing. "" takes the line away, which has to be
// done before anything is logged.
func (r *Run) Live(text string) {
	if _, ci := r.env.lookup("CI"); !r.Colour || r.OnRunner() || ci {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	text = plain(r.secrets.hide(text), false)
	for n := utf8.RuneCountInString(text); n > liveWidth; n-- {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	silent{r.Stderr}.print("\r\x1b[2K" + text)
}

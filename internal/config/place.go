package config

import "unicode/utf8"

// editorPlace turns a place of the YAML library into that of an editor. The
// library counts code points, and takes U+0085, U+2028 and U+2029 for line
// breaks too; editors, SARIF and annotations count UTF-16 code units and break
// lines at LF, CR and CRLF only. A place after the end is the end. Lines of 0
// stay.
func editorPlace(data []byte, line, column int) (int, int) {
	if line <= 0 {
		return 0, 0
	}
	const bom = "\ufeff"
	if len(data) >= len(bom) && string(data[:len(bom)]) == bom {
		data = data[len(bom):]
	}
	outLine, outColumn, atLine, atColumn := 1, 1, 1, 1
	for len(data) > 0 && (atLine < line || atLine == line && atColumn < column) {
		c, size := utf8.DecodeRune(data)
		crlf := c == '\r' && len(data) > 1 && data[1] == '\n'
		data = data[size:]
		if crlf {
			continue
		}
		switch c {
		case '\n', '\r':
			if atLine == line { // the column is beyond the line
				return outLine, outColumn
			}
			atLine, atColumn = atLine+1, 1
			outLine, outColumn = outLine+1, 1
		case '\u0085', '\u2028', '\u2029':
			atLine, atColumn = atLine+1, 1
			outColumn++
		default:
			atColumn++
			outColumn++
			if c > 0xffff {
				outColumn++
			}
		}
	}
	return outLine, outColumn
}
